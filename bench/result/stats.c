/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result/stats.h"

#define RESAMPLES 2000
#define OUTLIER_Z 3.5
#define BIMODAL_MIN 8
#define EXACT_MAX 25 /* differences up to which all their signs are counted */
#define MDE_RESAMPLES 1000
#define MDE_STEPS 20 /* halvings of the interval: a millionth of the largest difference */

static bool all_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static double median_of(double *scratch, size_t n)
{
    gsl_sort(scratch, 1, n);
    return gsl_stats_median_from_sorted_data(scratch, 1, n);
}

/* The percentile bootstrap: medians of samples drawn with replacement. */
static int bootstrap(const double *sorted, size_t n, uint64_t seed, double interval[2])
{
    double *medians = malloc(RESAMPLES * sizeof *medians), *draw = malloc(n * sizeof *draw);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int status = medians && draw && random ? 0 : -ENOMEM;

    if (status == 0) {
        gsl_rng_set(random, seed);
        for (int i = 0; i < RESAMPLES; i++) {
            for (size_t j = 0; j < n; j++)
                draw[j] = sorted[gsl_rng_uniform_int(random, n)];
            medians[i] = median_of(draw, n);
        }
        gsl_sort(medians, 1, RESAMPLES);
        interval[0] = gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES, 0.025);
        interval[1] = gsl_stats_quantile_from_sorted_data(medians, 1, RESAMPLES, 0.975);
    }
    if (random)
        gsl_rng_free(random);
    free(medians);
    free(draw);
    return status;
}

int stats_summary(const double *values, size_t n, uint64_t seed, struct summary *out)
{
    double *sorted;
    int status;

    *out = (struct summary){.n = n};
    if (n == 0)
        return 0;
    if (!all_finite(values, n))
        return -EINVAL;
    sorted = malloc(n * sizeof *sorted);
    if (!sorted)
        return -ENOMEM;
    memcpy(sorted, values, n * sizeof *sorted);
    gsl_sort(sorted, 1, n);
    out->median = gsl_stats_median_from_sorted_data(sorted, 1, n);
    out->p5 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.05);
    out->p95 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.95);
    out->min = sorted[0];
    out->max = sorted[n - 1];
    status = bootstrap(sorted, n, seed, out->ci95);
    free(sorted);
    return status;
}

int stats_pair_ratio(const double *a, const double *b, size_t n, uint64_t seed, struct summary *out)
{
    double *ratios = malloc((n ? n : 1) * sizeof *ratios);
    int status = ratios ? 0 : -ENOMEM;

    for (size_t i = 0; i < n && status == 0; i++) {
        if (b[i] == 0)
            status = -EDOM;
        else
            ratios[i] = a[i] / b[i];
    }
    if (status == 0)
        status = stats_summary(ratios, n, seed, out);
    free(ratios);
    return status;
}

size_t stats_outliers(const double *values, size_t n)
{
    double *scratch = malloc((n ? n : 1) * sizeof *scratch), center, spread;
    size_t count = 0;

    if (!scratch || n < 3) {
        free(scratch);
        return 0;
    }
    memcpy(scratch, values, n * sizeof *scratch);
    center = median_of(scratch, n);
    for (size_t i = 0; i < n; i++)
        scratch[i] = fabs(values[i] - center);
    spread = median_of(scratch, n);
    /* 0.6745 makes the median absolute deviation an estimate of a normal's sd. */
    for (size_t i = 0; i < n && spread > 0; i++)
        count += 0.6745 * fabs(values[i] - center) / spread > OUTLIER_Z;
    free(scratch);
    return count;
}

bool stats_bimodal(const double *values, size_t n)
{
    double skew, kurtosis, count = (double)n;

    if (n < BIMODAL_MIN || gsl_stats_variance(values, 1, n) == 0)
        return false;
    skew = gsl_stats_skew(values, 1, n);
    kurtosis = gsl_stats_kurtosis(values, 1, n); /* excess */
    return (skew * skew + 1) /
               (kurtosis + 3 * (count - 1) * (count - 1) / ((count - 2) * (count - 3))) >
           5.0 / 9.0;
}

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);

    return (x > y) - (x < y);
}

/* How probable it is that the ranks of the positive ones, of `n` ranks with random signs, sum up to
 * at least `distance` from their mean, on either side. Ranks are doubled, so that midranks are
 * whole. */
static double exact_p(const unsigned *ranks, size_t n, double distance)
{
    double ways[EXACT_MAX * (EXACT_MAX + 1) + 1] = {1}, found = 0;
    size_t top = n * (n + 1), reach = 0;

    for (size_t i = 0; i < n; i++) {
        reach += ranks[i];
        for (size_t sum = reach; sum >= ranks[i]; sum--)
            ways[sum] += ways[sum - ranks[i]];
    }
    for (size_t sum = 0; sum <= top; sum++)
        if (fabs((double)sum - (double)top / 2) >= distance)
            found += ways[sum];
    return found / ldexp(1, (int)n);
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
    double positive = 0, squares = 0, distance;

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
    distance = fabs(positive - (double)(n * (n + 1)) / 2);
    return n <= EXACT_MAX ? exact_p(ranks, n, distance) : normal_p(squares, distance);
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

int stats_signed_rank(const double *differences, size_t n, double *p)
{
    double *scratch;

    if (!all_finite(differences, n))
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
        found += test(draw, n) < STATS_ALPHA && above > n / 2;
    }
    return (double)found / MDE_RESAMPLES;
}

int stats_mde(const double *noise, size_t count, size_t n, uint64_t seed, double *mde)
{
    double low = 0, high = 0, *draw;
    gsl_rng *random;
    int status;

    if (n < STATS_PAIRS_MIN || count == 0)
        return -EDOM;
    if (!all_finite(noise, count))
        return -EINVAL;
    draw = malloc(n * sizeof *draw);
    random = gsl_rng_alloc(gsl_rng_mt19937);
    status = draw && random ? 0 : -ENOMEM;
    for (size_t i = 0; i < count; i++)
        high = fmax(high, fabs(noise[i]));
    /* Above the largest difference all pairs have the sign of the shift, and it is always found. */
    for (int step = 0; status == 0 && step < MDE_STEPS; step++) {
        double middle = (low + high) / 2;

        if (power_at(middle, noise, count, draw, n, random, seed) < STATS_POWER)
            low = middle;
        else
            high = middle;
    }
    *mde = high;
    if (random)
        gsl_rng_free(random);
    free(draw);
    return status;
}
