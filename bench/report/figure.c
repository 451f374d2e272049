/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/base/units.h"
#include "bench/report/figure.h"
#include "bench/report/percentiles.h"

/* The series of this metric for the target, if it has a value; else NULL. */
static const struct model_series *drawable(const struct model_metric *metric,
                                           const struct model_target *target)
{
    const struct model_series *series = model_series(metric, target->name);

    return series && series->summary.n > 0 ? series : NULL;
}

/* The median and the ends of its interval. */
static void put_summary(const struct model_series *series, double scale, FILE *out)
{
    double ends[2];

    stats_ends(&series->summary, ends);
    fprintf(out, "\t%.17g\t%.17g\t%.17g\n", series->summary.median / scale, ends[0] / scale,
            ends[1] / scale);
}

int figure_metric(const struct model *model, const struct model_metric *metric, FILE *out)
{
    int index = 0;

    for (size_t t = 0; t < model->target_count; t++) {
        const struct model_series *series = drawable(metric, &model->targets[t]);

        if (!series)
            continue;
        fprintf(out, "%d\t", index++);
        escape_print(series->target->name, out);
        fputs(model_mark(series->target), out);
        put_summary(series, metric->scale, out);
    }
    fputs("\n\n", out);
    index = 0;
    for (size_t t = 0; t < model->target_count; t++) {
        const struct model_series *series = drawable(metric, &model->targets[t]);

        if (!series)
            continue;
        for (size_t i = 0; i < series->sample_count; i++)
            if (series->samples[i].has_value)
                fprintf(out, "%d\t%.17g\n", index, series->samples[i].value / metric->scale);
        index++;
    }
    return ferror(out) ? -EIO : index;
}

static bool is_rate(const struct model_metric *metric)
{
    return strcmp(metric->unit, "bit/s") == 0;
}

const char *figure_rate_unit(const struct model_scenario *scenario, double *scale)
{
    double largest = 0;

    for (size_t m = 0; m < scenario->metric_count; m++) {
        const struct model_metric *metric = scenario->metrics[m];

        for (size_t s = 0; s < metric->series_count && is_rate(metric); s++)
            largest = fmax(largest, metric->series[s]->summary.median);
    }
    return unit_shown("bit/s", largest, scale);
}

/* A target that the scenario could not be tried on, a bare floor for instance, has no place. */
static bool takes_part(const struct model_scenario *scenario, const struct model_target *target)
{
    for (size_t m = 0; m < scenario->metric_count; m++)
        if (is_rate(scenario->metrics[m]) && model_series(scenario->metrics[m], target->name))
            return true;
    return false;
}

/* Begin the block of `target`. */
static void put_name(const struct model_target *target, bool first, FILE *out)
{
    fputs(first ? "\"" : "\n\n\"", out);
    escape_print(target->name, out);
    fputs(model_mark(target), out);
    fputs("\"\n", out);
}

static void put_quoted(const char *text, FILE *out)
{
    char safe[256];

    escape_text(text, safe, sizeof safe);
    for (char *quote = safe; (quote = strchr(quote, '"'));)
        *quote = '\''; /* gnuplot's words() knows no escape */
    fprintf(out, "\"%s\"", safe);
}

static void add_words(const char *name, const char *title, bool first, FILE *names)
{
    fputs(first ? "" : " ", names);
    put_quoted(name, names);
    fputc(' ', names);
    put_quoted(*title ? title : name, names);
}

static void add_name(const struct model_metric *metric, bool first, FILE *names)
{
    add_words(metric->name, metric->title, first, names);
}

static int put_bar(const struct model_series *series, int place, double scale, FILE *out)
{
    fprintf(out, "%d", place);
    if (!series) {
        fputs("\t?\t?\t?\n", out); /* no block is without a line; gnuplot can die of NaN */
        return 0;
    }
    put_summary(series, scale, out);
    return 1;
}

int figure_rates(const struct model *model, const struct model_scenario *scenario, FILE *out,
                 FILE *names)
{
    int bars = 0, groups = 0;
    bool first = true;
    double scale;

    figure_rate_unit(scenario, &scale);
    for (size_t m = 0; m < scenario->metric_count; m++)
        if (is_rate(scenario->metrics[m]))
            add_name(scenario->metrics[m], groups++ == 0, names);
    for (size_t t = 0; t < model->target_count; t++) {
        const struct model_target *target = &model->targets[t];
        int place = 0;

        if (!takes_part(scenario, target))
            continue;
        put_name(target, first, out);
        first = false;
        for (size_t m = 0; m < scenario->metric_count; m++)
            if (is_rate(scenario->metrics[m]))
                bars += put_bar(drawable(scenario->metrics[m], target), place++, scale, out);
    }
    return ferror(out) ? -EIO : bars;
}

/* Whether some sample of this metric, of any target, has its intervals. */
static bool has_intervals(const struct model_metric *metric)
{
    for (size_t s = 0; s < metric->series_count; s++)
        for (size_t i = 0; i < metric->series[s]->sample_count; i++)
            if (metric->series[s]->samples[i].interval_count)
                return true;
    return false;
}

/* A line for each interval, by its middle; samples stand apart by an empty line. */
static void put_intervals(const struct model_series *series, double scale, FILE *out)
{
    for (size_t s = 0; series && s < series->sample_count; s++) {
        const struct model_sample *sample = &series->samples[s];

        for (size_t i = 0; i < sample->interval_count; i++) {
            const struct model_interval *interval = &sample->intervals[i];

            fprintf(out, "%.17g\t%.17g\n", interval->start + interval->seconds / 2,
                    interval->value / scale);
        }
        if (sample->interval_count)
            fputc('\n', out);
    }
    fputs("NaN\tNaN\n", out); /* no block is without a line */
}

int figure_intervals(const struct model *model, const struct model_scenario *scenario, FILE *out,
                     FILE *names)
{
    bool first = true;
    double scale;
    int panels = 0;

    figure_rate_unit(scenario, &scale);
    for (size_t m = 0; m < scenario->metric_count; m++) {
        const struct model_metric *metric = scenario->metrics[m];

        if (!is_rate(metric) || !has_intervals(metric))
            continue;
        add_name(metric, panels++ == 0, names);
        for (size_t t = 0; t < model->target_count; t++) {
            const struct model_target *target = &model->targets[t];

            if (!takes_part(scenario, target))
                continue;
            put_name(target, first, out);
            first = false;
            put_intervals(model_series(metric, target->name), scale, out);
        }
    }
    return ferror(out) ? -EIO : panels;
}

/* A line for each percentile: 1 / (1 - part), milliseconds. The last, where all are in, is drawn
 * where one more would be. */
static void put_percentiles(const struct percentiles *percentiles, FILE *out)
{
    struct percentile at = {.part = 0};

    while (percentile_next(percentiles, &at))
        fprintf(out, "%.17g\t%.17g\n", at.part < 1 ? 1 / (1 - at.part) : percentiles->total,
                at.ns / 1e6);
}

/* Whether some sample of this metric, of any target, has a histogram. */
static bool has_percentiles(const struct model_metric *metric)
{
    for (size_t s = 0; s < metric->series_count; s++)
        for (size_t i = 0; i < metric->series[s]->sample_count; i++)
            if (metric->series[s]->samples[i].bucket_count)
                return true;
    return false;
}

int figure_percentiles(const struct model *model, const struct model_scenario *scenario, FILE *out,
                       FILE *names)
{
    bool first = true;
    int panels = 0;

    for (size_t m = 0; m < scenario->metric_count; m++) {
        const struct model_metric *metric = scenario->metrics[m];

        if (!has_percentiles(metric))
            continue;
        add_name(metric, panels++ == 0, names);
        for (size_t t = 0; t < model->target_count; t++) {
            const struct model_series *series = model_series(metric, model->targets[t].name);
            struct percentiles percentiles = {0};

            put_name(&model->targets[t], first, out);
            first = false;
            if (series && percentiles_of(series, &percentiles) < 0)
                return -ENOMEM;
            put_percentiles(&percentiles, out);
            fputs("NaN\tNaN\n", out); /* no block is without a line */
            percentiles_free(&percentiles);
        }
    }
    return ferror(out) ? -EIO : panels;
}

/* The panels of a figure of steps. */
static const struct panel {
    size_t offset; /* in struct model_step */
    double scale;
    const char *name, *title;
} panels[] = {
    {offsetof(struct model_step, ready_all_ms), 1e3, "ready_all", "s until all are ready"},
    {offsetof(struct model_step, boot_while_ms), 1, "boot_while_n", "ms: boot of one VM more"},
    {offsetof(struct model_step, memory_mib), 1, "memory_each", "MiB of memory for each"},
    {offsetof(struct model_step, p50_ms), 1, "reply_p50", "ms: median latency of all"},
};

static double told_by(const struct model_step *step, const struct panel *panel)
{
    return *(const double *)((const char *)step + panel->offset) / panel->scale;
}

static bool has_steps(const struct model_metric *metric)
{
    for (size_t s = 0; s < metric->series_count; s++)
        for (size_t i = 0; i < metric->series[s]->sample_count; i++)
            if (metric->series[s]->samples[i].step_count)
                return true;
    return false;
}

/* Both axes are logarithmic: what is not above 0 has no place, nor has what is not told. */
static void put_steps(const struct model_series *series, const struct panel *panel, FILE *out)
{
    for (size_t s = 0; series && s < series->sample_count; s++) {
        const struct model_sample *sample = &series->samples[s];

        for (size_t i = 0; i < sample->step_count; i++)
            if (told_by(&sample->steps[i], panel) > 0)
                fprintf(out, "%.17g\t%.17g\n", sample->steps[i].vms,
                        told_by(&sample->steps[i], panel));
        if (sample->step_count)
            fputc('\n', out);
    }
    fputs("NaN\tNaN\n", out); /* no block is without a line */
}

int figure_steps(const struct model *model, const struct model_scenario *scenario, FILE *out,
                 FILE *names)
{
    const struct model_metric *metric = NULL;
    int count = 0;

    for (size_t m = 0; m < scenario->metric_count && !metric; m++)
        if (has_steps(scenario->metrics[m]))
            metric = scenario->metrics[m];
    for (size_t p = 0; metric && p < sizeof panels / sizeof *panels; p++) {
        add_words(panels[p].name, panels[p].title, p == 0, names);
        for (size_t t = 0; t < model->target_count; t++) {
            put_name(&model->targets[t], count == 0 && t == 0, out);
            put_steps(model_series(metric, model->targets[t].name), &panels[p], out);
        }
        count++;
    }
    return ferror(out) ? -EIO : count;
}
