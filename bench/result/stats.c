/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result/stats.h"

#define LEVEL 0.95

/* A value falls below the true median as a coin falls: the interval misses it where fewer than
 * `rank` do, or fewer than that fall above. */
static double coverage_of(size_t n, size_t rank)
{
    return 1 - 2 * gsl_cdf_binomial_P((unsigned)rank - 1, 0.5, (unsigned)n);
}

bool stats_median_rank(size_t n, size_t *rank, double *coverage)
{
    size_t wide = 1, narrow = n / 2 + 1; /* the coverage of `wide` suffices, that of `narrow` not */

    *rank = 1;
    *coverage = n ? fmax(0, coverage_of(n, 1)) : 0;
    if (*coverage < LEVEL)
        return false;
    while (narrow - wide > 1) {
        size_t middle = (wide + narrow) / 2;

        if (coverage_of(n, middle) >= LEVEL)
            wide = middle;
        else
            narrow = middle;
    }
    *rank = wide;
    *coverage = coverage_of(n, wide);
    return true;
}

bool stats_are_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static void fill(const double *sorted, size_t n, struct summary *out)
{
    size_t rank;

    out->median = gsl_stats_median_from_sorted_data(sorted, 1, n);
    out->min = sorted[0];
    out->max = sorted[n - 1];
    out->has_ci95 = stats_median_rank(n, &rank, &out->coverage);
    if (out->has_ci95) {
        out->ci95[0] = sorted[rank - 1];
        out->ci95[1] = sorted[n - rank];
    }
    out->has_tails = n >= STATS_TAIL_MIN;
    if (out->has_tails) {
        out->p5 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.05);
        out->p95 = gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.95);
    }
}

int stats_summary(const double *values, size_t n, struct summary *out)
{
    double *sorted;

    *out = (struct summary){.n = n};
    if (!stats_are_finite(values, n))
        return -EINVAL;
    if (n == 0)
        return 0;
    sorted = malloc(n * sizeof *sorted);
    if (!sorted)
        return -ENOMEM;
    memcpy(sorted, values, n * sizeof *sorted);
    gsl_sort(sorted, 1, n);
    fill(sorted, n, out);
    free(sorted);
    return 0;
}

int stats_pair_ratio(const double *a, const double *b, size_t n, struct summary *out)
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
        status = stats_summary(ratios, n, out);
    free(ratios);
    return status;
}

void stats_ends(const struct summary *summary, double ends[2])
{
    ends[0] = summary->has_ci95 ? summary->ci95[0] : summary->min;
    ends[1] = summary->has_ci95 ? summary->ci95[1] : summary->max;
}
