/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/escape.h"
#include "bench/report/export.h"
#include "bench/report/plot.h"
#include "bench/result/results.h"

extern char **environ;

/* What the figure says of itself goes by environment: gnuplot reads it without any quoting. */
static void describe(const cJSON *document, const char *title, const char *unit, const char *stem)
{
    const cJSON *about = json_field(document, "run"), *host = json_field(document, "host");
    bool tcg = strcmp(json_text(about, "accel"), "tcg") == 0;
    char caption[512];

    snprintf(
        caption, sizeof caption, "%s, %.0f MiB, %.0f vCPU, %s; %s, %.0f cores%s%s",
        json_text(about, "machine"), json_number(about, "memory_mib"), json_number(about, "vcpus"),
        tcg ? "TCG, does not predict KVM" : json_text(about, "accel"), json_text(host, "cpu"),
        json_number(host, "cores"), cJSON_IsTrue(json_field(about, "quiet")) ? "" : "; not quiet",
        cJSON_IsTrue(json_field(about, "valid")) ? "" : "; INVALID");
    setenv("TARE_TITLE", title, 1);
    setenv("TARE_CAPTION", caption, 1);
    setenv("TARE_UNIT", unit, 1);
    setenv("TARE_STEM", stem, 1);
}

static int run_gnuplot(const char *script, struct error *error)
{
    char *const argv[] = {(char *)"gnuplot", (char *)script, NULL};
    int code, status;
    pid_t pid;

    code = posix_spawnp(&pid, "gnuplot", NULL, NULL, argv, environ);
    if (code != 0)
        return fail(error, code, "gnuplot: %s; remedy: apt-get install gnuplot-nox",
                    strerror(code));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail(error, errno, "gnuplot: %s", strerror(errno));
    if (status != 0)
        return fail(error, EIO, "gnuplot %s: failed (status %d)", script, status);
    return 0;
}

/* A figure: its data, written by export; then, if there is any, the drawing of it. */
struct figure {
    const cJSON *document, *series;
    const char *datadir, *directory;
    char stem[PATH_MAX];
    FILE *data;
};

static int begin(struct figure *figure, const char *name, struct error *error)
{
    char path[PATH_MAX + 8];

    snprintf(figure->stem, sizeof figure->stem, "%s/%s-%s", figure->directory,
             json_text(figure->series, "scenario"), name);
    snprintf(path, sizeof path, "%s.dat", figure->stem);
    figure->data = fopen(path, "we");
    return figure->data ? 0 : fail(error, errno, "%s: %s", path, strerror(errno));
}

/* `count` is what the export returned. 1 when drawn, 0 when there is nothing to draw, or a negative
 * errno. */
static int draw(struct figure *figure, int count, const char *script, const char *title,
                const char *unit, struct error *error)
{
    char path[PATH_MAX + 8];
    int status;

    snprintf(path, sizeof path, "%s.dat", figure->stem);
    if (fclose(figure->data) != 0 || count < 0)
        return fail(error, EIO, "%s: cannot be written", path);
    if (count == 0) {
        unlink(path);
        return 0;
    }
    describe(figure->document, title, unit, figure->stem);
    snprintf(path, sizeof path, "%s/plots/%s", figure->datadir, script);
    status = run_gnuplot(path, error);
    return status < 0 ? status : 1;
}

/* One metric: all samples of all targets. */
static int draw_metric(struct figure *figure, struct error *error)
{
    const char *scenario = json_text(figure->series, "scenario");
    const char *metric = json_text(figure->series, "metric");
    char title[256], label[64];
    double scale;
    int status = begin(figure, metric, error);

    if (status < 0)
        return status;
    snprintf(title, sizeof title, "%s.%s", scenario, metric);
    snprintf(label, sizeof label, "%s (%s is better)",
             results_unit(figure->document, scenario, metric, &scale),
             json_text(figure->series, "direction"));
    return draw(figure, export_figure(figure->document, scenario, metric, figure->data),
                "targets.gp", title, label, error);
}

/* A figure of several metrics, whose names the script gets by environment. */
static int draw_joint(struct figure *figure, const char *name, const char *script,
                      const char *title, const char *label,
                      int (*export)(const cJSON *document, const char *scenario, FILE *out,
                                    FILE *names),
                      struct error *error)
{
    char *words = NULL;
    size_t size;
    FILE *names = open_memstream(&words, &size);
    int status = names ? begin(figure, name, error) : fail(error, ENOMEM, "out of memory");
    int count = 0;

    if (status == 0)
        count =
            export(figure->document, json_text(figure->series, "scenario"), figure->data, names);
    if (names)
        fclose(names);
    if (status == 0) {
        setenv("TARE_METRICS", words, 1);
        status = draw(figure, count, script, title, label, error);
    }
    free(words);
    return status;
}

/* All rates of a scenario beside one another. */
static int draw_rates(struct figure *figure, struct error *error)
{
    const char *scenario = json_text(figure->series, "scenario");
    char title[256], label[64];
    double scale;

    snprintf(title, sizeof title, "%s: throughput", scenario);
    snprintf(label, sizeof label, "%s (higher is better)",
             export_rate_unit(figure->document, scenario, &scale));
    return draw_joint(figure, "throughput", "rates.gp", title, label, export_rates, error);
}

/* The same over time. */
static int draw_intervals(struct figure *figure, struct error *error)
{
    const char *scenario = json_text(figure->series, "scenario");
    char title[256];
    double scale;

    snprintf(title, sizeof title, "%s: every run, its warm-up included", scenario);
    return draw_joint(figure, "intervals", "intervals.gp", title,
                      export_rate_unit(figure->document, scenario, &scale), export_intervals,
                      error);
}

static bool begins_scenario(const cJSON *document, const cJSON *series)
{
    const cJSON *before = json_field(document, "metrics")->child;

    while (strcmp(json_text(before, "scenario"), json_text(series, "scenario")) != 0)
        before = before->next;
    return before == series;
}

int plot_write(const cJSON *document, const char *datadir, const char *directory,
               struct error *error)
{
    struct figure figure = {.document = document, .datadir = datadir, .directory = directory};
    int (*const draws[])(struct figure * figure,
                         struct error * error) = {draw_rates, draw_intervals, draw_metric};
    int figures = 0;

    if (mkdir(directory, 0777) < 0 && errno != EEXIST)
        return fail(error, errno,
                    "%s: %s; remedy: name a folder in one that exists and can be written to",
                    directory, strerror(errno));
    cJSON_ArrayForEach(figure.series, json_field(document, "metrics"))
    {
        bool wanted[] = {begins_scenario(document, figure.series),
                         begins_scenario(document, figure.series),
                         results_is_first(document, figure.series)};

        for (int i = 0; i < 3; i++) {
            int status = wanted[i] ? draws[i](&figure, error) : 0;

            if (status < 0)
                return status;
            figures += status;
        }
    }
    return figures;
}
