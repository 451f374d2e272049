/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a series of values comes to. Pure functions over arrays: no I/O, no global state, no random
 * numbers. Nothing is trimmed: shape.h tells of outliers, none is removed.
 */
#ifndef TARE_STATS_H
#define TARE_STATS_H

#include <stdbool.h>
#include <stddef.h>

#define STATS_TAIL_MIN 20 /* values from which a 5 % quantile is not just the lowest one */

/* Order statistics of n finite values; all zero but n when n == 0. */
struct summary {
    size_t n;
    double median, min, max;
    bool has_ci95;
    double ci95[2];  /* of the median */
    double coverage; /* how often such a ci95, or without one min .. max, holds the true median; 0
                        of one value, and of results of earlier versions */
    bool has_tails;
    double p5, p95;
};

/* Whether none of n values is infinite or no number. */
bool stats_are_finite(const double *values, size_t n);

/* The interval of the median that holds for any distribution: from the `rank`th lowest of n values
 * to the `rank`th highest, the narrowest that holds the true median in `coverage` of samples, 0.95
 * or more (David and Nagaraja 2003, 7.1). False where even the outermost two do not; then rank is
 * 1, and coverage theirs. */
bool stats_median_rank(size_t n, size_t *rank, double *coverage);

/* Summarise `values` (n of them, left as they are). Quantiles interpolate linearly (Hyndman and Fan
 * 1996, type 7; GSL's). Returns 0, -EINVAL when a value is not finite, -ENOMEM. */
int stats_summary(const double *values, size_t n, struct summary *out);

/* Ratio of interleaved pairs: the summary of a[i]/b[i], i < n. The pairs were measured close
 * together, so slow drift of the machine divides out. Pairs whose divisor is 0 are -EDOM. */
int stats_pair_ratio(const double *a, const double *b, size_t n, struct summary *out);

/* Where to draw the interval of a median: from ends[0] to ends[1], ci95, or without one min and
 * max. */
void stats_ends(const struct summary *summary, double ends[2]);

#endif
