/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the figures of several metrics are drawn from: all rates of a scenario, all intervals. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/report/export.h"
#include "bench/result/results.h"
#include "bench/base/units.h"

static const cJSON *series_of(const cJSON *document, const cJSON *metric, const cJSON *target)
{
    return results_series(document, json_text(metric, "scenario"), json_text(metric, "metric"),
                          json_text(target, "name"));
}

static bool is_rate(const cJSON *metric, const char *scenario)
{
    return strcmp(json_text(metric, "scenario"), scenario) == 0 &&
           strcmp(json_text(metric, "unit"), "bit/s") == 0;
}

/* A target that the scenario could not be tried on, a bare floor for instance, has no place. */
static bool takes_part(const cJSON *document, const char *scenario, const cJSON *target)
{
    const cJSON *metric;

    cJSON_ArrayForEach(metric, json_field(document, "metrics"))
    {
        if (is_rate(metric, scenario) && series_of(document, metric, target))
            return true;
    }
    return false;
}

/* Whether some sample of this metric, of any target, holds its intervals. */
static bool has_intervals(const cJSON *document, const cJSON *metric)
{
    const cJSON *target, *sample;

    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        cJSON_ArrayForEach(sample, json_field(series_of(document, metric, target), "samples"))
        {
            if (json_field(sample, "series"))
                return true;
        }
    }
    return false;
}

const char *export_rate_unit(const cJSON *document, const char *scenario, double *scale)
{
    const cJSON *metric;
    double largest = 0;

    cJSON_ArrayForEach(metric, json_field(document, "metrics"))
    {
        if (is_rate(metric, scenario))
            largest = fmax(largest, json_number(json_field(metric, "summary"), "median"));
    }
    return unit_shown("bit/s", largest, scale);
}

/* Begin the block of `target`. */
static void put_name(const cJSON *target, bool first, FILE *out)
{
    fputs(first ? "\"" : "\n\n\"", out);
    escape_print(json_text(target, "name"), out);
    fputs("\"\n", out);
}

static void add_word(const cJSON *metric, bool first, FILE *names)
{
    fputs(first ? "" : " ", names);
    escape_print(json_text(metric, "metric"), names);
}

static int put_bar(const cJSON *series, int place, double scale, FILE *out)
{
    const cJSON *summary = json_field(series, "summary"), *ci95 = json_field(summary, "ci95");

    if (json_number(summary, "n") <= 0) {
        fprintf(out, "%d\tNaN\tNaN\tNaN\n", place); /* no block is without a line */
        return 0;
    }
    fprintf(out, "%d\t%.17g\t%.17g\t%.17g\n", place, json_number(summary, "median") / scale,
            cJSON_GetNumberValue(cJSON_GetArrayItem(ci95, 0)) / scale,
            cJSON_GetNumberValue(cJSON_GetArrayItem(ci95, 1)) / scale);
    return 1;
}

int export_rates(const cJSON *document, const char *scenario, FILE *out, FILE *names)
{
    const cJSON *target, *metric;
    int bars = 0, groups = 0;
    bool first = true;
    double scale;

    export_rate_unit(document, scenario, &scale);
    cJSON_ArrayForEach(metric, json_field(document, "metrics"))
    {
        if (is_rate(metric, scenario) && results_is_first(document, metric))
            add_word(metric, groups++ == 0, names);
    }
    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        int place = 0;

        if (!takes_part(document, scenario, target))
            continue;
        put_name(target, first, out);
        first = false;
        cJSON_ArrayForEach(metric, json_field(document, "metrics"))
        {
            if (is_rate(metric, scenario) && results_is_first(document, metric))
                bars += put_bar(series_of(document, metric, target), place++, scale, out);
        }
    }
    return ferror(out) ? -EIO : bars;
}

/* A line for each interval, by its middle; samples stand apart by an empty line. */
static void put_intervals(const cJSON *samples, double scale, FILE *out)
{
    const cJSON *sample, *interval;

    cJSON_ArrayForEach(sample, samples)
    {
        cJSON_ArrayForEach(interval, json_field(sample, "series"))
            fprintf(out, "%.17g\t%.17g\n",
                    json_number(interval, "start") + json_number(interval, "seconds") / 2,
                    json_number(interval, "value") / scale);
        if (json_field(sample, "series"))
            fputc('\n', out);
    }
    fputs("NaN\tNaN\n", out); /* no block is without a line */
}

int export_intervals(const cJSON *document, const char *scenario, FILE *out, FILE *names)
{
    const cJSON *target, *metric;
    bool first = true;
    double scale;
    int panels = 0;

    export_rate_unit(document, scenario, &scale);
    cJSON_ArrayForEach(metric, json_field(document, "metrics"))
    {
        if (!is_rate(metric, scenario) || !results_is_first(document, metric) ||
            !has_intervals(document, metric))
            continue;
        add_word(metric, panels++ == 0, names);
        cJSON_ArrayForEach(target, json_field(document, "targets"))
        {
            if (!takes_part(document, scenario, target))
                continue;
            put_name(target, first, out);
            first = false;
            put_intervals(json_field(series_of(document, metric, target), "samples"), scale, out);
        }
    }
    return ferror(out) ? -EIO : panels;
}
