/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statistics: pure functions over arrays of samples, no I/O, no global state.
 * Random numbers come from GSL's mt19937 seeded by the caller, so that the same
 * samples and seed give the same interval on any machine.
 * Nothing here trims: outliers are reported, never removed.
 */
#ifndef TARE_STATS_H
#define TARE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Order statistics of n finite values; all zero but n when n == 0. */
struct summary {
    size_t n;
    double median, p5, p95, min, max;
    double
        ci95[2]; /* percentile bootstrap interval of the median (Efron & Tibshirani 1993, ch. 13) */
};

/* Summarise `values` (n of them, left as they are). `seed` drives the bootstrap.
 * Quantiles interpolate linearly (Hyndman & Fan 1996, type 7; GSL's). Returns 0, -EINVAL when a
 * value is not finite, -ENOMEM. */
int stats_summary(const double *values, size_t n, uint64_t seed, struct summary *out);

/* Ratio of interleaved pairs: the summary of a[i]/b[i], i < n. The pairs were measured close
 * together, so slow drift of the machine divides out. Pairs whose divisor is 0 are -EDOM. */
int stats_pair_ratio(const double *a, const double *b, size_t n, uint64_t seed,
                     struct summary *out);

/* How many values have a modified z-score above 3.5 (Iglewicz & Hoaglin 1993). */
size_t stats_outliers(const double *values, size_t n);

/* Whether the sample looks bimodal: bimodality coefficient above 5/9 (SAS; Pfister et al. 2013)
 * with at least 8 values. A hint for a warning, not a test. */
bool stats_bimodal(const double *values, size_t n);

#endif
