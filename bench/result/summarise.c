/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/concern.h"
#include "bench/result/results.h"
#include "bench/result/shape.h"
#include "bench/result/stats.h"
#include "bench/result/summarise.h"
#include "bench/result/twins.h"

#define PERCENT_MIN 1 /* a percentage below is near 0 */

/* Across series: each warning is one line for all of them. */
struct concerns {
    struct concern failed, bad_markers, outliers, modes, drifts;
};

/* The values of a series; *count of them. NULL when out of memory. */
static double *values_of(const cJSON *series, size_t *count, size_t *failed)
{
    const cJSON *list = json_field(series, "samples"), *sample;
    double *values = malloc(((size_t)cJSON_GetArraySize(list) + 1) * sizeof *values);

    *count = *failed = 0;
    if (!values)
        return NULL;
    cJSON_ArrayForEach(sample, list)
    {
        const cJSON *value = json_field(sample, "value");

        if (cJSON_IsNumber(value))
            values[(*count)++] = value->valuedouble;
        else
            ++*failed;
    }
    return values;
}

/* Bytes that came from guests in the place of markers. */
static double count_bad_markers(const cJSON *series)
{
    const cJSON *sample;
    double count = 0;

    cJSON_ArrayForEach(sample, json_field(series, "samples")) count +=
        json_number(sample, "bad_markers");
    return count;
}

static int look_at(struct concerns *concerns, const cJSON *series, const double *values,
                   size_t count, size_t failed)
{
    double bad_markers = count_bad_markers(series);
    struct shape shape;
    int status = shape_of(values, count, &shape);

    if (failed)
        concern_add(&concerns->failed, series, "%zu of %zu", failed, failed + count);
    if (bad_markers > 0)
        concern_add(&concerns->bad_markers, series, "%g bytes", bad_markers);
    if (status == 0 && shape.outliers)
        concern_add(&concerns->outliers, series, "%zu of %zu", shape.outliers, count);
    if (status == 0 && shape.modes)
        concern_add(&concerns->modes, series, "%zu values", count);
    if (status == 0 && shape.drifts)
        concern_add(&concerns->drifts, series, "%zu values", count);
    return status;
}

/* The shares of false alarms are those of docs/method.md. */
static void warn(struct concerns *concerns, cJSON *document)
{
    concern_warn(&concerns->failed, document, "failed",
                 "the samples hold the reason and the end of the console", "samples failed");
    concern_warn(&concerns->bad_markers, document, "bad-markers",
                 "let nothing but markers be written to the debug port 0xe9, or to $TARE_MARKER_FD",
                 "guests wrote what is no marker where markers go; some may be lost");
    concern_warn(&concerns->outliers, document, "outliers",
                 "none was removed; measure on a quieter machine",
                 "outliers (chance alone: 1 series in 40)");
    concern_warn(&concerns->modes, document, "bimodal",
                 "look at the plot: one median may describe two states",
                 "two modes (chance alone: 1 series in 40)");
    concern_warn(&concerns->drifts, document, "drift",
                 "ratios divide within a round and hold; let the machine get steady, or --warmup",
                 "values rise or fall during the run (chance alone: 1 series in 100)");
}

/* The median with what it is known from. */
static void add_median(cJSON *object, const struct summary *summary)
{
    cJSON_AddNumberToObject(object, "median", summary->median);
    if (summary->has_ci95)
        cJSON_AddItemToObject(object, "ci95", cJSON_CreateDoubleArray(summary->ci95, 2));
    cJSON_AddNumberToObject(object, "coverage", summary->coverage);
    if (summary->has_tails) {
        cJSON_AddNumberToObject(object, "p5", summary->p5);
        cJSON_AddNumberToObject(object, "p95", summary->p95);
    }
    cJSON_AddNumberToObject(object, "min", summary->min);
    cJSON_AddNumberToObject(object, "max", summary->max);
}

static int add_summary(struct concerns *concerns, cJSON *series)
{
    size_t count, failed;
    double *values = values_of(series, &count, &failed);
    struct summary summary;
    cJSON *object;
    int status = values ? stats_summary(values, count, &summary) : -ENOMEM;

    if (status == 0)
        status = look_at(concerns, series, values, count, failed);
    if (status == 0) {
        object = cJSON_CreateObject();
        cJSON_AddNumberToObject(object, "n", (double)count);
        cJSON_AddNumberToObject(object, "failed", (double)failed);
        if (count)
            add_median(object, &summary);
        json_replace(series, "summary", object);
    }
    free(values);
    return status;
}

/* VMs are compared with VMs of the same driver: what starts them is part of some metrics. */
static bool is_comparable(const cJSON *target, const cJSON *base)
{
    return !cJSON_IsObject(json_field(target, "kernel")) ||
           !cJSON_IsObject(json_field(base, "kernel")) ||
           strcmp(json_text(target, "driver"), json_text(base, "driver")) == 0;
}

/* The name of the target that the one called `name` is compared with: of those that it can be, the
 * one of the best rank, else the first. */
static const char *base_of(const cJSON *document, const char *name)
{
    const cJSON *compared = results_target(document, name), *base = NULL, *target;

    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        double rank = json_number(target, "baseline_rank"),
               best = json_number(base, "baseline_rank");

        if (is_comparable(compared, target) && (!base || (rank > 0 && (best == 0 || rank < best))))
            base = target;
    }
    return json_text(base, "name");
}

/* The value of this repetition, looked for behind *at first: samples are in the order of the run.
 */
static const cJSON *next_value(const cJSON *series, const cJSON **at, double repetition)
{
    while (*at && json_number(*at, "repetition") != repetition)
        *at = (*at)->next;
    return *at ? json_field(*at, "value") : results_value(series, repetition);
}

/* Pair the samples of one repetition: they were measured close together. None where one would be
 * divided by zero: the other pairs alone would tell of a base that is worse than it is. */
static size_t pair_up(const cJSON *series, const cJSON *base, double last, double *a, double *b)
{
    const cJSON *sample, *at = json_field(base, "samples")->child;
    size_t count = 0;

    cJSON_ArrayForEach(sample, json_field(series, "samples"))
    {
        double repetition = json_number(sample, "repetition");
        const cJSON *ours = json_field(sample, "value");
        const cJSON *theirs = next_value(base, &at, repetition);

        if (repetition > last || !cJSON_IsNumber(ours) || !cJSON_IsNumber(theirs))
            continue;
        if (theirs->valuedouble == 0)
            return 0;
        a[count] = ours->valuedouble;
        b[count++] = theirs->valuedouble;
    }
    return count;
}

/* A metric says whether its quotients mean something: that of a loss of 0.01 % to one of 0.001 %
 * does not. In results of earlier versions it does not say so. */
static bool has_ratio(const cJSON *series)
{
    const cJSON *says = json_field(series, "ratio");

    if (says)
        return cJSON_IsTrue(says);
    return strcmp(json_text(series, "unit"), "%") != 0 ||
           fabs(json_number(json_field(series, "summary"), "median")) >= PERCENT_MIN;
}

int summarise_ratio(const cJSON *document, const cJSON *series, double last, const char **base,
                    struct summary *ratio)
{
    const char *scenario = json_text(series, "scenario"), *metric = json_text(series, "metric");
    const char *target = json_text(series, "target");
    const char *original = results_twin_of(document, target);
    const cJSON *other;
    size_t room = (size_t)cJSON_GetArraySize(json_field(series, "samples")) + 1, pairs;
    double *a, *b;
    int status;

    *ratio = (struct summary){.n = 0};
    *base = *original ? original : base_of(document, target);
    other = results_series(document, scenario, metric, *base);
    if (!other || other == series || !has_ratio(series) || !has_ratio(other)) {
        *base = NULL;
        return 0;
    }
    a = malloc(room * sizeof *a);
    b = malloc(room * sizeof *b);
    pairs = a && b ? pair_up(series, other, last, a, b) : 0;
    status = a && b ? stats_pair_ratio(a, b, pairs, ratio) : -ENOMEM;
    free(a);
    free(b);
    return status;
}

static int add_ratio(cJSON *document, const cJSON *series)
{
    const char *base;
    struct summary summary;
    int status = summarise_ratio(document, series, INFINITY, &base, &summary);
    cJSON *ratio;

    if (status < 0 || summary.n == 0)
        return status;
    ratio = cJSON_CreateObject();
    cJSON_AddStringToObject(ratio, "scenario", json_text(series, "scenario"));
    cJSON_AddStringToObject(ratio, "metric", json_text(series, "metric"));
    cJSON_AddStringToObject(ratio, "target", json_text(series, "target"));
    cJSON_AddStringToObject(ratio, "base", base);
    cJSON_AddNumberToObject(ratio, "pairs", (double)summary.n);
    add_median(ratio, &summary);
    cJSON_AddItemToArray(json_field(document, "ratios"), ratio);
    return 0;
}

int summarise(cJSON *document, struct error *error)
{
    struct concerns concerns = {0};
    cJSON *series;
    int status = 0;

    json_replace(document, "ratios", cJSON_CreateArray());
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (status == 0)
            status = add_summary(&concerns, series);
    }
    warn(&concerns, document);
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (status == 0)
            status = add_ratio(document, series);
    }
    if (status == 0)
        status = twins_complete(document);
    return status < 0 ? fail(error, -status, "statistics: %s", strerror(-status)) : 0;
}
