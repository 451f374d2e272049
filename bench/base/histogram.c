/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "bench/base/histogram.h"

#define LINEAR_BITS 7 /* 2^7 buckets to a power of two */

/* How many low bits the bucket of `value` does not tell. */
static unsigned shift_of(int64_t value)
{
    unsigned highest = value ? 63 - (unsigned)__builtin_clzll((uint64_t)value) : 0;

    return highest > LINEAR_BITS ? highest - LINEAR_BITS : 0;
}

static unsigned bucket_of(int64_t value)
{
    unsigned shift = shift_of(value);

    return (shift << LINEAR_BITS) + (unsigned)(value >> shift);
}

static int64_t low_of(unsigned bucket)
{
    unsigned shift = bucket >> (LINEAR_BITS + 1) ? (bucket >> LINEAR_BITS) - 1 : 0;

    return (int64_t)(bucket - (shift << LINEAR_BITS)) << shift;
}

void histogram_add(struct histogram *histogram, int64_t value)
{
    if (value < 0)
        value = 0;
    if (value > HISTOGRAM_MAX)
        value = HISTOGRAM_MAX;
    histogram->counts[bucket_of(value)]++;
    if (histogram->count == 0 || value < histogram->min)
        histogram->min = value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->count++;
    histogram->sum += (double)value;
}

double histogram_quantile(const struct histogram *histogram, double q)
{
    uint64_t rank = (uint64_t)ceil(q * (double)histogram->count), seen = 0;
    unsigned bucket = 0;
    double middle;

    if (histogram->count == 0)
        return 0;
    if (rank == 0)
        rank = 1;
    if (rank >= histogram->count)
        return (double)histogram->max;
    while ((seen += histogram->counts[bucket]) < rank)
        bucket++;
    middle = ((double)low_of(bucket) + (double)low_of(bucket + 1) - 1) / 2;
    return fmin(fmax(middle, (double)histogram->min), (double)histogram->max);
}

cJSON *histogram_json(const struct histogram *histogram)
{
    cJSON *json = cJSON_CreateObject(), *buckets;

    cJSON_AddStringToObject(json, "unit", "ns");
    cJSON_AddNumberToObject(json, "count", (double)histogram->count);
    cJSON_AddNumberToObject(json, "min", (double)histogram->min);
    cJSON_AddNumberToObject(json, "max", (double)histogram->max);
    cJSON_AddNumberToObject(json, "mean",
                            histogram->count ? histogram->sum / (double)histogram->count : 0);
    buckets = cJSON_AddArrayToObject(json, "buckets");
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        const double bucket[] = {(double)low_of(i), (double)low_of(i + 1),
                                 (double)histogram->counts[i]};

        if (histogram->counts[i])
            cJSON_AddItemToArray(buckets, cJSON_CreateDoubleArray(bucket, 3));
    }
    return json;
}
