/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/report/percentiles.h"

#define TICKS 5 /* to each half of what is left */

static int by_time(const void *left, const void *right)
{
    const struct model_bucket *a = left, *b = right;

    return (a->low > b->low) - (a->low < b->low);
}

/* Buckets of equal times become one. */
static void merge(struct percentiles *percentiles)
{
    struct model_bucket *buckets = percentiles->buckets;
    size_t used = 0;

    for (size_t i = 0; i < percentiles->count; i++) {
        percentiles->total += buckets[i].count;
        if (used && buckets[used - 1].low == buckets[i].low)
            buckets[used - 1].count += buckets[i].count;
        else
            buckets[used++] = buckets[i];
    }
    percentiles->count = used;
    percentiles->max = buckets[used - 1].high - 1;
}

int percentiles_of(const struct model_series *series, struct percentiles *out)
{
    size_t room = 0;

    *out = (struct percentiles){0};
    for (size_t i = 0; i < series->sample_count; i++)
        room += series->samples[i].bucket_count;
    if (room == 0)
        return 0;
    out->buckets = malloc(room * sizeof *out->buckets);
    if (!out->buckets)
        return -ENOMEM;
    for (size_t i = 0; i < series->sample_count; i++)
        for (size_t b = 0; b < series->samples[i].bucket_count; b++)
            out->buckets[out->count++] = series->samples[i].buckets[b];
    qsort(out->buckets, out->count, sizeof *out->buckets, by_time);
    merge(out);
    return 1;
}

void percentiles_free(struct percentiles *percentiles)
{
    free(percentiles->buckets);
    *percentiles = (struct percentiles){0};
}

/* A bucket stands for its highest value, as HdrHistogram has it. */
static void take_bucket(const struct percentiles *percentiles, struct percentile *at)
{
    const struct model_bucket *bucket = &percentiles->buckets[at->bucket++];

    at->at_most += bucket->count;
    at->ns = bucket->high - 1;
}

bool percentile_next(const struct percentiles *percentiles, struct percentile *at)
{
    double halves;

    if (at->part >= 1 || percentiles->count == 0)
        return false;
    if (at->bucket == 0)
        take_bucket(percentiles, at);
    while (at->at_most < at->next_part * percentiles->total && at->bucket < percentiles->count)
        take_bucket(percentiles, at);
    at->part = at->next_part;
    if (at->at_most >= percentiles->total) {
        at->part = 1;
        return true;
    }
    halves = floor(log2(1 / (1 - at->part))) + 1;
    at->next_part = at->part + 1 / (TICKS * exp2(halves));
    return true;
}

void percentiles_write(const struct percentiles *percentiles, FILE *out)
{
    struct percentile at = {.part = 0};
    double sum = 0, squares = 0, mean, middle;

    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
            "1/(1-Percentile)");
    while (percentile_next(percentiles, &at)) {
        fprintf(out, "%12.3f %2.12f %10.0f", at.ns / 1e3, at.part, at.at_most);
        if (at.part < 1)
            fprintf(out, " %14.2f", 1 / (1 - at.part));
        fputc('\n', out);
    }
    for (size_t i = 0; i < percentiles->count; i++) {
        middle = (percentiles->buckets[i].low + percentiles->buckets[i].high - 1) / 2e3;
        sum += percentiles->buckets[i].count * middle;
        squares += percentiles->buckets[i].count * middle * middle;
    }
    mean = sum / percentiles->total;
    fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean,
            sqrt(fmax(0, squares / percentiles->total - mean * mean)));
    fprintf(out, "#[Max     = %12.3f, Total count    = %12.0f]\n", percentiles->max / 1e3,
            percentiles->total);
    fprintf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", 33, 256);
}
