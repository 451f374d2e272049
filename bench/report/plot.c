/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/report/figure.h"
#include "bench/report/gnuplot.h"
#include "bench/report/plot.h"

/* What the figure says of itself goes by environment: gnuplot reads it without any quoting. */
struct words {
    const char *title, *name; /* name: of the metric, small beside the title; "" for none */
    const char *unit;
    bool ranges; /* bars of some series are its min .. max: it has too few values for more */
};

static bool has_ranges(const struct model_metric *metric)
{
    for (size_t s = 0; s < metric->series_count; s++)
        if (metric->series[s]->summary.n > 1 && !metric->series[s]->summary.has_ci95)
            return true;
    return false;
}

static bool has_unequal(const struct model *model)
{
    for (size_t i = 0; i < model->target_count; i++)
        if (*model->targets[i].unequal)
            return true;
    return false;
}

static void describe(const struct model *model, const struct words *words)
{
    const struct model_run *run = &model->run;
    char caption[512];

    snprintf(caption, sizeof caption, "%s, %zu MiB, %zu vCPU, %s; %s, %zu cores%s%s%s%s%s%s%s",
             run->machine, run->memory_mib, run->vcpus,
             run->tcg ? "TCG, does not predict KVM" : run->accel, model->host.cpu,
             model->host.cores, *run->payload ? "; ready: " : "", *run->payload ? run->ready : "",
             run->quiet || !run->judged ? "" : "; not quiet", run->valid ? "" : "; INVALID",
             model->doubtful ? "; DOES NOT VERIFY" : "",
             words->ranges ? "; few values: bars are min to max" : "",
             has_unequal(model) ? "; * not equal machine or work" : "");
    gnuplot_give("TARE_TITLE", words->title);
    gnuplot_give("TARE_NAME", words->name);
    gnuplot_give("TARE_CAPTION", caption);
    gnuplot_give("TARE_UNIT", words->unit);
}

/* A figure: its data, written by figure.h's; then, if there is any, the drawing of it. */
struct figure {
    const struct model *model;
    const char *datadir, *directory;
    char stem[PATH_MAX];
    FILE *data;
};

static int begin(struct figure *figure, const char *scenario, const char *name, struct error *error)
{
    char path[PATH_MAX + 8];

    snprintf(figure->stem, sizeof figure->stem, "%s/%s-%s", figure->directory, scenario, name);
    snprintf(path, sizeof path, "%s.dat", figure->stem);
    figure->data = fopen(path, "we");
    return figure->data ? 0 : fail(error, errno, "%s: %s", path, strerror(errno));
}

/* `count` is what writing the data returned. 1 when drawn, 0 when there is nothing to draw, or a
 * negative errno. */
static int draw(struct figure *figure, int count, const char *script, const struct words *words,
                struct error *error)
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
    describe(figure->model, words);
    status = gnuplot_draw(figure->datadir, script, figure->stem, error);
    return status < 0 ? status : 1;
}

/* One metric: all samples of all targets. */
static int draw_metric(struct figure *figure, const struct model_metric *metric,
                       struct error *error)
{
    char name[256], label[64];
    struct words words = {.title = name, .name = "", .unit = label, .ranges = has_ranges(metric)};
    int status = begin(figure, metric->scenario, metric->name, error);

    if (status < 0)
        return status;
    snprintf(name, sizeof name, "%s.%s", metric->scenario, metric->name);
    snprintf(label, sizeof label, "%s (%s is better)", metric->shown_unit,
             metric->direction == MODEL_LOWER ? "lower" : "higher");
    if (*metric->title) {
        words.title = metric->title;
        words.name = name;
    }
    return draw(figure, figure_metric(figure->model, metric, figure->data), "targets.gp", &words,
                error);
}

/* A figure of several metrics, whose names and titles the script gets by environment. */
static int draw_joint(struct figure *figure, const struct model_scenario *scenario,
                      const char *name, const char *script, const struct words *words,
                      int (*write)(const struct model *model, const struct model_scenario *scenario,
                                   FILE *out, FILE *names),
                      struct error *error)
{
    char *list = NULL;
    size_t size;
    FILE *names = open_memstream(&list, &size);
    int status =
        names ? begin(figure, scenario->name, name, error) : fail(error, ENOMEM, "out of memory");
    int count = 0;

    if (status == 0)
        count = write(figure->model, scenario, figure->data, names);
    if (names)
        fclose(names);
    if (status == 0) {
        setenv("TARE_METRICS", list, 1);
        status = draw(figure, count, script, words, error);
    }
    free(list);
    return status;
}

/* All rates of a scenario beside one another. */
static int draw_rates(struct figure *figure, const struct model_scenario *scenario,
                      struct error *error)
{
    char title[256], label[64];
    struct words words = {.title = title, .name = "", .unit = label};
    double scale;

    for (size_t m = 0; m < scenario->metric_count; m++)
        words.ranges |= has_ranges(scenario->metrics[m]);
    snprintf(title, sizeof title, "%s: throughput", scenario->name);
    snprintf(label, sizeof label, "%s (higher is better)", figure_rate_unit(scenario, &scale));
    return draw_joint(figure, scenario, "throughput", "rates.gp", &words, figure_rates, error);
}

/* The same over time. */
static int draw_intervals(struct figure *figure, const struct model_scenario *scenario,
                          struct error *error)
{
    char title[256];
    double scale;
    struct words words = {.title = title, .name = "", .unit = figure_rate_unit(scenario, &scale)};

    snprintf(title, sizeof title, "%s: every run, its warm-up included", scenario->name);
    return draw_joint(figure, scenario, "intervals", "intervals.gp", &words, figure_intervals,
                      error);
}

/* The percentiles of the times behind metrics that keep them. */
static int draw_percentiles(struct figure *figure, const struct model_scenario *scenario,
                            struct error *error)
{
    char title[256];
    struct words words = {.title = title, .name = "", .unit = "ms"};

    snprintf(title, sizeof title, "%s: percentiles, all repetitions together", scenario->name);
    return draw_joint(figure, scenario, "percentiles", "percentiles.gp", &words, figure_percentiles,
                      error);
}

/* What many VMs at once cost, by their number. */
static int draw_steps(struct figure *figure, const struct model_scenario *scenario,
                      struct error *error)
{
    char title[256];
    struct words words = {.title = title, .name = "", .unit = "lower is better"};

    snprintf(title, sizeof title, "%s: by the number of VMs, every run", scenario->name);
    return draw_joint(figure, scenario, "steps", "steps.gp", &words, figure_steps, error);
}

static int draw_scenario(struct figure *figure, const struct model_scenario *scenario,
                         struct error *error)
{
    int figures = draw_rates(figure, scenario, error);
    int status = figures < 0 ? figures : draw_intervals(figure, scenario, error);

    if (status >= 0) {
        figures += status;
        status = draw_percentiles(figure, scenario, error);
    }
    if (status >= 0) {
        figures += status;
        status = draw_steps(figure, scenario, error);
    }
    for (size_t i = 0; i < scenario->metric_count && status >= 0; i++) {
        figures += status;
        status = draw_metric(figure, scenario->metrics[i], error);
    }
    return status < 0 ? status : figures + status;
}

int plot_write(const struct model *model, const char *datadir, const char *directory,
               struct error *error)
{
    struct figure figure = {.model = model, .datadir = datadir, .directory = directory};
    int figures = 0;

    if (mkdir(directory, 0777) < 0 && errno != EEXIST)
        return fail(error, errno,
                    "%s: %s; remedy: name a folder in one that exists and can be written to",
                    directory, strerror(errno));
    for (size_t i = 0; i < model->scenario_count; i++) {
        int status = draw_scenario(&figure, &model->scenarios[i], error);

        if (status < 0)
            return status;
        figures += status;
    }
    return figures;
}
