/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define RESAMPLES 2000
#define OUTLIER_Z 3.5
#define BIMODAL_MIN 8

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
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
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
