/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether one median describes a series: outliers, two modes, drift. Each is a test whose chance of
 * a false alarm is known (docs/method.md, tests/simulate/). Pure functions over arrays.
 */
#ifndef TARE_SHAPE_H
#define TARE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#define SHAPE_MIN 10     /* values below which no shape shows */
#define SHAPE_SPLIT 0.81 /* of the variance, which two groups must explain to be two modes */

struct shape {
    size_t outliers; /* how many values stand apart */
    bool modes;      /* more than one */
    bool drifts;     /* later values are lower, or higher, than earlier ones */
};

/* The shape of n finite values in the order in which they were measured; with fewer than SHAPE_MIN
 * nothing of it. 0, or -ENOMEM. */
int shape_of(const double *values, size_t n, struct shape *out);

/* What the tests measure, of n sorted values. */

/* How far the value that lies farthest out is beyond its side's quartile, in units of the distance
 * from the median to that side's outer decile; 0 where that is 0. */
double shape_reach(const double *sorted, size_t n);

/* The dip of n sorted values: how far their distribution function is from the nearest that has one
 * mode (Hartigan and Hartigan 1985). `room` holds 2 n indices. Equal values stay equal. */
double shape_dip(const double *sorted, size_t n, size_t *room);

/* What share of their variance the best split into two groups, neither with less than a quarter of
 * the values, explains (Engelman and Hartigan 1969). */
double shape_split(const double *sorted, size_t n);

/* The two-sided p that n values in this order have no trend: Mann 1945 and Kendall, the normal
 * approximation with the variance of ties and a continuity correction. -1 when out of memory. */
double shape_trend(const double *values, size_t n);

#endif
