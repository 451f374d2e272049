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

/* What to call a commit: of DATE-COMMIT the day and as much of the commit as git shows. */
static void label_of(const char *name, char *out, size_t size)
{
    char text[32];

    if (strlen(name) > 17 && name[8] == 'T' && name[15] == 'Z' && name[16] == '-')
        snprintf(text, sizeof text, "%.4s-%.2s-%.2s %.7s", name, name + 4, name + 6, name + 17);
    else
        snprintf(text, sizeof text, "%.18s", name);
    escape_text(text, out, size);
}

/* Three blocks: every point; the first point of each new level, by how much it changes in words
 * and percent, and a colour between; each level's ends and median. */
static int write_data(const struct history_series *series, double scale, FILE *out)
{
    for (size_t i = 0; i < series->count; i++) {
        const struct history_point *point = &series->points[i];
        char commit[64];

        label_of(point->commit, commit, sizeof commit);
        fprintf(out, "%zu %.9g %.9g %.9g \"%s\"\n", i, point->median / scale,
                point->ends[0] / scale, point->ends[1] / scale, commit);
    }
    fputs("\n\n", out);
    for (size_t c = 0; c < series->change_count; c++) {
        double growth = history_growth(series, c);

        fprintf(out, "%zu %.9g \"%+.2g %%\" %d %.9g\n", series->changes[c],
                series->points[series->changes[c]].median / scale, growth,
                history_improves(series, c) ? 0x009e73 : 0xd55e00, growth);
    }
    if (series->change_count == 0)
        fputs("NaN NaN \"\" 0 0\n", out);
    fputs("\n\n", out);
    for (size_t c = 0; c <= series->change_count; c++) {
        struct history_level level = history_level(series, c);

        fprintf(out, "%g %g %.9g\n", (double)level.from - 0.4, (double)level.end - 0.6,
                level.median / scale);
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
