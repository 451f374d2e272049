/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A log-linear histogram of whole numbers, here of nanoseconds: exact below 256, then 128 buckets
 * to each power of two, so that what is read from it is wrong by 0.4 % at most.
 */
#ifndef TARE_HISTOGRAM_H
#define TARE_HISTOGRAM_H

#include <cjson/cJSON.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS (33 * 128 + 128)
#define HISTOGRAM_MAX ((1LL << 40) - 1) /* a larger value counts as this one: 18 minutes */

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t count;
    int64_t min, max; /* exact */
    double sum;
};

/* All zeros is an empty one. A negative value counts as 0. */
void histogram_add(struct histogram *histogram, int64_t value);

/* The value with a share of `q` of all at or below it, by nearest rank; 0 of an empty one.
 * The highest is exact. */
double histogram_quantile(const struct histogram *histogram, double q);

/* {"unit": "ns", "count", "min", "max", "mean", "buckets": [[low, high, count], ...]}: how many
 * values were at least `low` and below `high`; without the empty ones. */
cJSON *histogram_json(const struct histogram *histogram);

#endif
