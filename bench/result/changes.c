/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result/changes.h"
#include "bench/result/stats.h"

/* Where a segment is best divided, and how clearly. */
struct division {
    size_t at; /* of its first value; 0: it is too short */
    double energy;
};

/* sums[i][j], where j is not below i: the distances of each of the first i values from each of the
 * first j. */
static void sum_distances(const double *values, size_t n, double *sums)
{
    size_t width = n + 1;

    memset(sums, 0, width * sizeof *sums);
    for (size_t i = 0; i < n; i++) {
        const double *above = sums + i * width + 1, value = values[i];
        double *here = sums + (i + 1) * width + 1, row = 0;

        for (size_t j = 0; j < i; j++)
            row += sqrt(fabs(value - values[j]));
        for (size_t j = i; j < n; j++) {
            row += sqrt(fabs(value - values[j]));
            here[j] = above[j] + row;
        }
    }
}

/* The division of n values with the largest scaled energy distance,
 *
 *     ab / (a + b) * (2 mean|x - y| - mean|x - x'| - mean|y - y'|),
 *
 * of the a values x before it from the b values y after it, up to any end: else a level that lasts
 * for a while and goes back would be hidden by what follows. */
static struct division best_division(const double *values, size_t n, double *sums)
{
    struct division best = {0, 0};
    size_t width = n + 1;

    if (n < 2 * CHANGES_MIN)
        return best;
    sum_distances(values, n, sums);
    for (size_t at = CHANGES_MIN; at + CHANGES_MIN <= n; at++) {
        const double *row = sums + at * width;
        double a = (double)at, left = row[at], before = left / (a * (a - 1));

        for (size_t end = at + CHANGES_MIN; end <= n; end++) {
            double b = (double)(end - at), across = row[end] - left;
            double right = sums[end * width + end] - left - 2 * across;
            double energy =
                a * b / (a + b) * (2 * across / (a * b) - before - right / (b * (b - 1)));

            if (energy > best.energy)
                best = (struct division){at, energy};
        }
    }
    return best;
}

/* The best division of all segments; `points` are where they begin, but the first. */
static struct division divide(const double *values, size_t n, const size_t *points, size_t count,
                              double *sums)
{
    struct division best = {0, 0};

    for (size_t segment = 0; segment <= count; segment++) {
        size_t begin = segment ? points[segment - 1] : 0,
               end = segment < count ? points[segment] : n;
        struct division found = best_division(values + begin, end - begin, sums);

        if (found.at && found.energy > best.energy)
            best = (struct division){begin + found.at, found.energy};
    }
    return best;
}

/* Whether values in an order of chance, within their segments, are seldom divided as clearly. */
static bool is_clear(const double *values, size_t n, const size_t *points, size_t count,
                     double energy, gsl_rng *random, double *shuffled, double *sums)
{
    unsigned as_clear = 0;

    for (unsigned i = 0; i < CHANGES_SHUFFLES; i++) {
        memcpy(shuffled, values, n * sizeof *shuffled);
        for (size_t segment = 0; segment <= count; segment++) {
            size_t begin = segment ? points[segment - 1] : 0,
                   end = segment < count ? points[segment] : n;

            gsl_ran_shuffle(random, shuffled + begin, end - begin, sizeof *shuffled);
        }
        as_clear += divide(shuffled, n, points, count, sums).energy >= energy;
        if (as_clear + 1 > CHANGES_ALPHA * (CHANGES_SHUFFLES + 1))
            return false;
    }
    return true;
}

int changes_find(const double *values, size_t n, uint64_t seed, size_t *points, size_t *count)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    double *shuffled = malloc((n + 1) * sizeof *shuffled);
    double *sums = n <= CHANGES_MAX ? malloc((n + 1) * (n + 1) * sizeof *sums) : NULL;
    int status = n > CHANGES_MAX ? -E2BIG : random && shuffled && sums ? 0 : -ENOMEM;

    *count = 0;
    if (!stats_are_finite(values, n))
        status = -EINVAL;
    if (status == 0)
        gsl_rng_set(random, seed);
    while (status == 0) {
        struct division best = divide(values, n, points, *count, sums);

        if (!best.at || !is_clear(values, n, points, *count, best.energy, random, shuffled, sums))
            break;
        points[(*count)++] = best.at;
        gsl_sort_ulong((unsigned long *)points, 1, *count);
    }
    if (random)
        gsl_rng_free(random);
    free(shuffled);
    free(sums);
    return status;
}
