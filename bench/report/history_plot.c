/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/base/escape.h"
#include "bench/base/units.h"
#include "bench/report/gnuplot.h"
#include "bench/report/history.h"

/* Three blocks: every point; the first point of each new level; each level's ends and mean. */
static int write_data(const struct history_series *series, double scale, FILE *out)
{
    for (size_t i = 0; i < series->count; i++) {
        const struct history_point *point = &series->points[i];
        char commit[64];

        escape_text(point->commit, commit, sizeof commit);
        fprintf(out, "%zu %.9g %.9g %.9g \"%s\"\n", i, point->median / scale,
                point->ends[0] / scale, point->ends[1] / scale, commit);
    }
    fputs("\n\n", out);
    for (size_t c = 0; c < series->change_count; c++)
        fprintf(out, "%zu %.9g\n", series->changes[c],
                series->points[series->changes[c]].median / scale);
    if (series->change_count == 0)
        fputs("NaN NaN\n", out);
    fputs("\n\n", out);
    for (size_t c = 0; c <= series->change_count; c++) {
        struct history_level level = history_level(series, c);

        fprintf(out, "%g %g %.9g\n", (double)level.from - 0.4, (double)level.end - 0.6,
                level.mean / scale);
    }
    return ferror(out) ? -EIO : 0;
}

static int draw(const struct history_series *series, const char *datadir, const char *directory,
                struct error *error)
{
    double scale;
    const char *unit = unit_shown(series->unit, series->points[0].median, &scale);
    char stem[PATH_MAX], path[PATH_MAX + 8], text[256];
    FILE *data;
    int status;

    snprintf(stem, sizeof stem, "%s/%s-%s-%s", directory, series->scenario, series->metric,
             series->target);
    snprintf(path, sizeof path, "%s.dat", stem);
    data = fopen(path, "we");
    if (!data)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    status = write_data(series, scale, data);
    if (fclose(data) != 0 || status < 0)
        return fail(error, EIO, "%s: cannot be written", path);
    gnuplot_give("TARE_TITLE", *series->title ? series->title : series->metric);
    snprintf(text, sizeof text, "%s.%s of %s", series->scenario, series->metric, series->target);
    gnuplot_give("TARE_NAME", text);
    snprintf(text, sizeof text, "%s (%s is better)", unit,
             series->direction == MODEL_LOWER ? "lower" : "higher");
    gnuplot_give("TARE_UNIT", text);
    return gnuplot_draw(datadir, "history.gp", stem, error);
}

int history_plot(const struct history *history, const char *datadir, const char *directory,
                 struct error *error)
{
    if (mkdir(directory, 0777) < 0 && errno != EEXIST)
        return fail(error, errno, "%s: %s", directory, strerror(errno));
    for (size_t i = 0; i < history->count; i++) {
        int status = draw(&history->series[i], datadir, directory, error);

        if (status < 0)
            return status;
    }
    return (int)history->count;
}
