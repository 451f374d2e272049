/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/results.h"
#include "bench/result/stats.h"
#include "bench/result/summarise.h"
#include "bench/result/twins.h"

static cJSON *interval(const double ci95[2])
{
    return cJSON_CreateDoubleArray(ci95, 2);
}

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

static void warn_of_shape(cJSON *document, const cJSON *series, const double *values, size_t count,
                          size_t failed)
{
    const char *target = json_text(series, "target"), *metric = json_text(series, "metric");
    size_t outliers = stats_outliers(values, count);

    if (failed)
        results_warn(document, "failed", "the samples hold the reason and the end of the console",
                     "%s %s: %zu of %zu samples failed", target, metric, failed, failed + count);
    if (outliers)
        results_warn(document, "outliers", "measure on a quieter machine; none was removed",
                     "%s %s: %zu of %zu samples are outliers (modified z-score above 3.5)", target,
                     metric, outliers, count);
    if (stats_bimodal(values, count))
        results_warn(document, "bimodal", "look at the plot: one median may describe two states",
                     "%s %s: the samples look bimodal", target, metric);
}

static int add_summary(cJSON *document, cJSON *series, uint64_t seed)
{
    size_t count, failed;
    double *values = values_of(series, &count, &failed);
    struct summary summary;
    cJSON *object;
    int status = values ? stats_summary(values, count, seed, &summary) : -ENOMEM;

    if (status == 0) {
        object = cJSON_CreateObject();
        cJSON_AddNumberToObject(object, "n", (double)count);
        cJSON_AddNumberToObject(object, "failed", (double)failed);
        if (count) {
            cJSON_AddNumberToObject(object, "median", summary.median);
            cJSON_AddItemToObject(object, "ci95", interval(summary.ci95));
            cJSON_AddNumberToObject(object, "p5", summary.p5);
            cJSON_AddNumberToObject(object, "p95", summary.p95);
            cJSON_AddNumberToObject(object, "min", summary.min);
            cJSON_AddNumberToObject(object, "max", summary.max);
        }
        json_replace(series, "summary", object);
        warn_of_shape(document, series, values, count, failed);
    }
    free(values);
    return status;
}

/* The name of the target that the others are compared with: the one of the best rank, else the
 * first. */
static const char *base_of(const cJSON *document)
{
    const cJSON *targets = json_field(document, "targets"), *target;
    const cJSON *base = cJSON_GetArrayItem(targets, 0);

    cJSON_ArrayForEach(target, targets)
    {
        double rank = json_number(target, "baseline_rank"),
               best = json_number(base, "baseline_rank");

        if (rank > 0 && (best == 0 || rank < best))
            base = target;
    }
    return json_text(base, "name");
}

/* Pair the samples of one repetition: they were measured close together. None where one would be
 * divided by zero: the other pairs alone would tell of a base that is worse than it is. */
static size_t pair_up(const cJSON *series, const cJSON *base, double *a, double *b)
{
    const cJSON *sample;
    size_t count = 0;

    cJSON_ArrayForEach(sample, json_field(series, "samples"))
    {
        const cJSON *ours = json_field(sample, "value");
        const cJSON *theirs = results_value(base, json_number(sample, "repetition"));

        if (!cJSON_IsNumber(ours) || !cJSON_IsNumber(theirs))
            continue;
        if (theirs->valuedouble == 0)
            return 0;
        a[count] = ours->valuedouble;
        b[count++] = theirs->valuedouble;
    }
    return count;
}

/* The ratio of `series` to its original, where it is a twin's, else to target `base`'s. */
static int add_ratio(cJSON *document, const cJSON *series, const char *base, uint64_t seed)
{
    const char *scenario = json_text(series, "scenario"), *metric = json_text(series, "metric");
    const char *original = results_twin_of(document, json_text(series, "target"));
    const cJSON *other;
    size_t room = (size_t)cJSON_GetArraySize(json_field(series, "samples")) + 1, pairs;
    double *a, *b;
    struct summary summary;
    cJSON *ratio;
    int status;

    if (*original)
        base = original;
    other = results_series(document, scenario, metric, base);
    if (!other || other == series)
        return 0;
    a = malloc(room * sizeof *a);
    b = malloc(room * sizeof *b);
    pairs = a && b ? pair_up(series, other, a, b) : 0;
    status = a && b ? stats_pair_ratio(a, b, pairs, seed, &summary) : -ENOMEM;
    free(a);
    free(b);
    if (status < 0 || pairs == 0)
        return status;
    ratio = cJSON_CreateObject();
    cJSON_AddStringToObject(ratio, "scenario", scenario);
    cJSON_AddStringToObject(ratio, "metric", metric);
    cJSON_AddStringToObject(ratio, "target", json_text(series, "target"));
    cJSON_AddStringToObject(ratio, "base", base);
    cJSON_AddNumberToObject(ratio, "pairs", (double)pairs);
    cJSON_AddNumberToObject(ratio, "median", summary.median);
    cJSON_AddItemToObject(ratio, "ci95", interval(summary.ci95));
    cJSON_AddItemToArray(json_field(document, "ratios"), ratio);
    return 0;
}

int summarise(cJSON *document, struct error *error)
{
    uint64_t seed = (uint64_t)json_number(json_field(document, "run"), "seed");
    const char *base = base_of(document);
    cJSON *series;
    int status = 0;

    json_replace(document, "ratios", cJSON_CreateArray());
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (status == 0)
            status = add_summary(document, series, seed);
    }
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (status == 0)
            status = add_ratio(document, series, base, seed);
    }
    if (status == 0)
        status = twins_complete(document);
    return status < 0 ? fail(error, -status, "statistics: %s", strerror(-status)) : 0;
}
