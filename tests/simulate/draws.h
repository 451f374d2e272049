/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Samples of known distributions, for tests and simulations of the statistics. */
#ifndef TARE_DRAWS_H
#define TARE_DRAWS_H

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stddef.h>

enum shape_kind {
    NORMAL,
    LOGNORMAL, /* sigma 1: skewness 6 */
    STUDENT,   /* 3 degrees of freedom: the fourth moment is infinite */
    UNIFORM,
    EXPONENTIAL, /* the shapes up to here have one mode */
    TWO_MODES, /* two normals 5 of their standard deviations apart, each with half of the values */
    KINDS,
};
#define CLEAN TWO_MODES /* so many kinds have one mode */

static const char *const kind_names[KINDS] = {"normal",  "lognormal",   "Student 3",
                                              "uniform", "exponential", "two modes"};
static const double kind_medians[KINDS] = {0, 1, 0, 0.5, M_LN2, 2.5};

/* The `index`th value of a sample. */
static inline double draw(gsl_rng *random, enum shape_kind kind, size_t index)
{
    switch (kind) {
    case LOGNORMAL:
        return gsl_ran_lognormal(random, 0, 1);
    case STUDENT:
        return gsl_ran_tdist(random, 3);
    case UNIFORM:
        return gsl_rng_uniform(random);
    case EXPONENTIAL:
        return gsl_ran_exponential(random, 1);
    case TWO_MODES:
        return (index % 2 ? 5 : 0) + gsl_ran_gaussian(random, 1);
    default:
        return gsl_ran_gaussian(random, 1);
    }
}

static inline void draw_sample(gsl_rng *random, enum shape_kind kind, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = draw(random, kind, i);
}

/* What A/A pairs are: differences of two values of one distribution. */
static inline void draw_pairs(gsl_rng *random, enum shape_kind kind, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = draw(random, kind, i) - draw(random, kind, i);
}

#endif
