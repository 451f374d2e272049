/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is B different from A, when they were not measured in pairs? Statistics of two independent
 * samples: one test, and the interval that belongs to it. Pure functions over arrays.
 */
#ifndef TARE_UNPAIRED_H
#define TARE_UNPAIRED_H

#include <stddef.h>

/* The two-sided p that a value of `b` is as likely above one of `a` as below: Mann and Whitney's U
 * test (1947), with midranks for ties. Exact, over all ways to deal the ranks, up to 40 values
 * together; beyond, the normal approximation with the ties' variance and a continuity correction.
 * 1 where a sample is empty. -EINVAL when a value is not finite, -ENOMEM. */
int unpaired_test(const double *a, size_t n, const double *b, size_t m, double *p);

struct unpaired_shift {
    double estimate;    /* Hodges and Lehmann 1963: the median of all differences b - a */
    double interval[2]; /* every shift that unpaired_test() does not reject, were there no ties */
    double coverage;    /* of the interval: 1 - alpha or more, and 0 where it is the whole line */
};

/* By how much `b` is shifted against `a`, each of at least one value. Costs (n + m) log (n + m), so
 * that a million values are no matter. -EINVAL when a value is not finite, -ENOMEM. */
int unpaired_shift(const double *a, size_t n, const double *b, size_t m, double alpha,
                   struct unpaired_shift *out);

#endif
