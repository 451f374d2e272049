/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result/paired.h"
#include "bench/result/stats.h"

#define EXACT_MAX 25 /* differences up to which all their signs are counted */
#define MDE_RESAMPLES 1000
#define MDE_DOUBT 5.0 /* found by simulation (tests/simulate/numbers.c) */
#define MDE_STEPS 12  /* halvings of the interval: a 4,096th of the largest difference */

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

/* How probable it is that the ranks of the positive ones, of `n` ranks with random signs, sum up to
 * at most `low`, or as far above their mean: by symmetry twice the one side. Ranks are doubled, so
 * that midranks are whole. */
static double exact_p(const unsigned *ranks, size_t n, size_t low)
{
    double ways[EXACT_MAX * (EXACT_MAX + 1) / 2 + 1] = {1}, found = 0;
    size_t reach = 0;

    if (2 * low >= n * (n + 1))
        return 1;
    for (size_t i = 0; i < n; i++) {
        reach += ranks[i];
        for (size_t sum = reach < low ? reach : low; sum >= ranks[i]; sum--)
            ways[sum] += ways[sum - ranks[i]];
    }
    for (size_t sum = 0; sum <= low; sum++)
        found += ways[sum];
    return 2 * found / ldexp(1, (int)n);
}

static double normal_p(double squares, double distance)
{
    double z = (distance - 1) / sqrt(squares / 4); /* 1 is half a step of doubled ranks */

    return z > 0 ? 2 * gsl_cdf_ugaussian_Q(z) : 1;
}

/* The test on `sorted` by size, none of them 0. */
static double signed_rank(const double *sorted, size_t n)
{
    unsigned ranks[EXACT_MAX];
    double positive = 0, squares = 0, mean = (double)(n * (n + 1)) / 2, distance;

    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && fabs(sorted[end]) == fabs(sorted[first]);)
            end++;
        for (size_t i = first; i < end; i++) {
            double rank = (double)(first + 1 + end); /* twice the mean of first + 1 .. end */

            positive += sorted[i] > 0 ? rank : 0;
            squares += rank * rank;
            if (n <= EXACT_MAX)
                ranks[i] = (unsigned)rank;
        }
    }
    distance = fabs(positive - mean);
    return n <= EXACT_MAX ? exact_p(ranks, n, (size_t)(mean - distance))
                          : normal_p(squares, distance);
}

/* The test on `values`, which it reorders. */
static double test(double *values, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (values[i] != 0)
            values[kept++] = values[i];
    qsort(values, kept, sizeof *values, by_size);
    return kept ? signed_rank(values, kept) : 1;
}

int paired_test(const double *differences, size_t n, double *p)
{
    double *scratch;

    if (!stats_are_finite(differences, n))
        return -EINVAL;
    scratch = malloc((n ? n : 1) * sizeof *scratch);
    if (!scratch)
        return -ENOMEM;
    if (n)
        memcpy(scratch, differences, n * sizeof *scratch);
    *p = test(scratch, n);
    free(scratch);
    return 0;
}

/* The p of the test that `differences` are shifted by `shift`. */
static double p_at(const double *differences, size_t n, double shift, double *scratch)
{
    for (size_t i = 0; i < n; i++)
        scratch[i] = differences[i] - shift;
    return test(scratch, n);
}

/* The means of all pairs, each value with itself too, sorted, each once; *count of them. */
static double *pair_means(const double *values, size_t n, size_t *count, double *median)
{
    size_t all = n * (n + 1) / 2, kept = 0;
    double *means = malloc(all * sizeof *means);

    if (!means)
        return NULL;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            means[kept++] = (values[i] + values[j]) / 2;
    gsl_sort(means, 1, all);
    *median = gsl_stats_median_from_sorted_data(means, 1, all);
    kept = 0;
    for (size_t i = 0; i < all; i++)
        if (i == 0 || means[i] != means[kept - 1])
            means[kept++] = means[i];
    *count = kept;
    return means;
}

/* p changes only where a shift is the mean of a pair. So every gap between two neighbours has one
 * p, which rises towards the middle: find the first gap from an end that the test does not reject.
 * Gap g lies below means[g]; `side` is 1 from the low end, -1 from the high one. */
static double bound(const double *differences, size_t n, const double *means, size_t count,
                    double alpha, int side, double *scratch, double *outside)
{
    size_t rejected = 0, kept = count / 2 + 1; /* gaps from that end; 0 is beyond all means */

    *outside = p_at(differences, n, side > 0 ? means[0] - 1 : means[count - 1] + 1, scratch);
    if (*outside >= alpha)
        return -side * INFINITY;
    while (kept - rejected > 1) {
        size_t gap = (rejected + kept) / 2, above = side > 0 ? gap : count - gap;
        double p = p_at(differences, n, (means[above - 1] + means[above]) / 2, scratch);

        if (p < alpha) {
            rejected = gap;
            *outside = p;
        } else {
            kept = gap;
        }
    }
    return side > 0 ? means[kept - 1] : means[count - kept];
}

int paired_shift(const double *differences, size_t n, double alpha, struct paired_shift *out)
{
    double *means, *scratch, below, above;
    size_t count;
    int status;

    if (n == 0 || !stats_are_finite(differences, n))
        return -EINVAL;
    means = pair_means(differences, n, &count, &out->estimate);
    scratch = malloc(n * sizeof *scratch);
    status = means && scratch ? 0 : -ENOMEM;
    if (status == 0) {
        out->interval[0] = bound(differences, n, means, count, alpha, 1, scratch, &below);
        out->interval[1] = bound(differences, n, means, count, alpha, -1, scratch, &above);
        out->coverage = isinf(out->interval[0]) ? 1 : 1 - fmax(below, above);
    }
    free(means);
    free(scratch);
    return status;
}

/* In what share of the resamples the test finds `shift`. */
static double power_at(double shift, const double *noise, size_t count, double *draw, size_t n,
                       gsl_rng *random, uint64_t seed)
{
    int found = 0;

    gsl_rng_set(random, seed); /* the same resamples for every shift */
    for (int i = 0; i < MDE_RESAMPLES; i++) {
        size_t above = 0;

        for (size_t j = 0; j < n; j++) {
            double value = noise[gsl_rng_uniform_int(random, count)];

            draw[j] = shift + (gsl_rng_uniform_int(random, 2) ? value : -value);
            above += draw[j] > 0;
        }
        found += test(draw, n) < PAIRED_ALPHA && above > n / 2;
    }
    return (double)found / MDE_RESAMPLES;
}

int paired_mde(const double *noise, size_t count, size_t n, uint64_t seed, double *mde)
{
    double low = 0, high = 0, *draw;
    gsl_rng *random;
    int status;

    if (n < PAIRED_MIN || count < PAIRED_NOISE_MIN)
        return -EDOM;
    if (!stats_are_finite(noise, count))
        return -EINVAL;
    draw = malloc(n * sizeof *draw);
    random = gsl_rng_alloc(gsl_rng_mt19937);
    status = draw && random ? 0 : -ENOMEM;
    for (size_t i = 0; i < count; i++)
        high = fmax(high, fabs(noise[i]));
    /* Above the largest difference all pairs have the sign of the shift, and it is always found. */
    for (int step = 0; status == 0 && step < MDE_STEPS; step++) {
        double middle = (low + high) / 2;

        if (power_at(middle, noise, count, draw, n, random, seed) < PAIRED_POWER)
            low = middle;
        else
            high = middle;
    }
    *mde = high * (1 + MDE_DOUBT / (double)count);
    if (random)
        gsl_rng_free(random);
    free(draw);
    return status;
}

int paired_false_finds(const double *p, size_t n, double *q)
{
    size_t *order = malloc((n ? n : 1) * sizeof *order);
    double least = 1;

    if (!order)
        return -ENOMEM;
    if (n)
        gsl_sort_index(order, p, 1, n);
    for (size_t rank = n; rank > 0; rank--) {
        least = fmin(least, p[order[rank - 1]] * (double)n / (double)rank);
        q[order[rank - 1]] = least;
    }
    free(order);
    return 0;
}
