/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Change points: where in a history of values did their level change? E-Divisive (Matteson and
 * James, "A nonparametric approach for multiple change point analysis of multivariate data", JASA
 * 109, 2014) on the values themselves, as Daly et al. use it for benchmarks ("The use of change
 * point detection to identify software performance regressions in a continuous integration system",
 * ICPE 2020). The distance of two values is the root of their difference, so that one outlier does
 * not hide a shift. Seeded: the same values give the same answer on any machine.
 */
#ifndef TARE_CHANGES_H
#define TARE_CHANGES_H

#include <stddef.h>
#include <stdint.h>

#define CHANGES_MIN 4        /* values between two changes: fewer may be outliers */
#define CHANGES_MAX 2000     /* values of a history: time and memory grow with their square */
#define CHANGES_ALPHA 0.01   /* how often a history without a change is said to have one */
#define CHANGES_SHUFFLES 999 /* of the permutation test */

/* Put the index of each first value of a new level into `points`, which has room for n of them, in
 * ascending order; *count of them. -EINVAL when a value is not finite, -E2BIG, -ENOMEM. */
int changes_find(const double *values, size_t n, uint64_t seed, size_t *points, size_t *count);

#endif
