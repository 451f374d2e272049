/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All times behind a series' values, of every repetition together, by their percentiles. */
#ifndef TARE_PERCENTILES_H
#define TARE_PERCENTILES_H

#include <stdio.h>

#include "bench/result/model.h"

struct percentiles {
    struct model_bucket *buckets; /* of all samples, by rising times */
    size_t count;
    double total, max; /* how many times, and the longest, in ns */
};

/* Put the histograms of the samples together. 1; 0 where there are none, -ENOMEM. Free with
 * percentiles_free(). */
int percentiles_of(const struct model_series *series, struct percentiles *out);
void percentiles_free(struct percentiles *percentiles);

/* Steps from the median's side to the tail, as HdrHistogram's percentile iterator takes them with 5
 * ticks to each half of what is left. Begin with zeros. */
struct percentile {
    double part;      /* of all, in [0, 1]: so many of them are at most */
    double ns;        /* this long */
    double at_most;   /* how many that are */
    double next_part; /* the iterator's */
    size_t bucket;    /* likewise */
};

/* The next step; false after the last, whose part is 1. */
bool percentile_next(const struct percentiles *percentiles, struct percentile *at);

/* The percentile text of HdrHistogram, in us. */
void percentiles_write(const struct percentiles *percentiles, FILE *out);

#endif
