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

#define STATS_ALPHA 0.01  /* a difference is found when p is below */
#define STATS_POWER 0.95  /* how often the minimum detectable effect is found */
#define STATS_PAIRS_MIN 8 /* with fewer pairs no p is below STATS_ALPHA: 2 / 2^7 = 0.016 */

/* The two-sided p that paired differences are symmetric about 0: Wilcoxon's signed-rank test (1945)
 * with midranks for ties and zeros left out. Exact, over all signs, up to 25 differences that are
 * not 0; beyond, the normal approximation with the ties' variance and a continuity correction.
 * 1 when all are 0. -EINVAL when a difference is not finite, -ENOMEM. */
int stats_signed_rank(const double *differences, size_t n, double *p);

/* The minimum detectable effect: the smallest shift that stats_signed_rank() on `n` pairs finds
 * with p < STATS_ALPHA and the right sign in STATS_POWER of 1,000 resamples. A resample draws n of
 * the `count` differences of an A/A comparison with replacement, each with a random sign: the two
 * are alike, so either could have been the other. The same seeded resamples judge every shift, so
 * the answer is a bisection. -EDOM when n is below STATS_PAIRS_MIN or count is 0; -EINVAL,
 * -ENOMEM. */
int stats_mde(const double *noise, size_t count, size_t n, uint64_t seed, double *mde);

#endif
