/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is B different from A? Statistics of paired differences: one test, the interval that belongs to
 * it, and what it can find. Pure functions over arrays; random numbers come from GSL's mt19937
 * seeded by the caller, so that the same samples and seed give the same answer on any machine.
 */
#ifndef TARE_PAIRED_H
#define TARE_PAIRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIRED_ALPHA 0.01   /* a difference is found when p is below */
#define PAIRED_POWER 0.95   /* how often the minimum detectable effect is found */
#define PAIRED_MIN 8        /* with fewer pairs no p is below PAIRED_ALPHA: 2 / 2^7 = 0.016 */
#define PAIRED_NOISE_MIN 60 /* A/A pairs: fewer know too little of the noise */

/* The two-sided p that paired differences are symmetric about 0: Wilcoxon's signed-rank test
 * (1945) with midranks for ties and zeros left out. Exact, over all signs, up to 25 differences
 * that are not 0; beyond, the normal approximation with the ties' variance and a continuity
 * correction. 1 when all are 0. -EINVAL when a difference is not finite, -ENOMEM. */
int paired_test(const double *differences, size_t n, double *p);

struct paired_shift {
    double estimate;    /* Hodges and Lehmann 1963: the median of the means of all pairs of them */
    double interval[2]; /* every shift that paired_test() does not reject at `alpha` */
    double coverage;    /* of the interval: 1 - alpha or more */
};

/* By how much paired differences are shifted, n at least 1. Where no shift can be rejected (5 and
 * fewer at 0.05, 7 at 0.01) the interval is the whole line. -EINVAL when a difference is not
 * finite, -ENOMEM. */
int paired_shift(const double *differences, size_t n, double alpha, struct paired_shift *out);

/* The minimum detectable effect: the smallest shift that paired_test() on `n` pairs finds with
 * p < PAIRED_ALPHA and the right sign in PAIRED_POWER of runs. It comes from 1,000 resamples, each
 * of n of the `count` differences of an A/A comparison, drawn with replacement, each with a random
 * sign: the two are alike, so either could have been the other. The same seeded resamples judge
 * every shift, so the answer is a bisection. Because `count` differences know their own spread only
 * so well, the answer is enlarged by 5 / count; tests/simulate/numbers.c shows that it then has the
 * power. -EDOM when n is below PAIRED_MIN or count below PAIRED_NOISE_MIN; -EINVAL, -ENOMEM. */
int paired_mde(const double *noise, size_t count, size_t n, uint64_t seed, double *mde);

/* From n values of p, those of one family, to each one's q: the share of false finds among all that
 * are at least as clear (Benjamini and Hochberg 1995). -ENOMEM. */
int paired_false_finds(const double *p, size_t n, double *q);

#endif
