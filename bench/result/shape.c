/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result/shape.h"

#define DRIFT_ALPHA 0.01
#define SPLIT_LEAST 4 /* the smaller group holds at least 1 in so many values */

/* Above these a value stands apart, and a dip, times the root of n, is one between modes.
 * `numbers --limits` (tests/simulate/numbers.c) makes the lines and says how. */
static const struct limits {
    size_t n;
    double reach, dip;
} limits[] = {
    {10, 5.16, 0.455}, {11, 9.28, 0.462},   {12, 8.65, 0.467}, {15, 7.99, 0.476},
    {19, 8.36, 0.486}, {20, 8.57, 0.37},    {25, 8.97, 0.398}, {30, 9.51, 0.432},
    {40, 10.1, 0.485}, {50, 10.6, 0.515},   {100, 12.5, 0.53}, {200, 16.1, 0.539},
    {500, 22.1, 0.55}, {1000, 25.9, 0.559},
};
#define LIMITS (sizeof limits / sizeof *limits)

/* Between two lines of the table by the logarithm of n; beyond the last the dip's limit stays, and
 * the reach grows as the largest of n values of Student's t with 3 degrees of freedom does. */
static struct limits limits_for(size_t n)
{
    struct limits found = limits[LIMITS - 1];

    if (n > found.n)
        found.reach *= cbrt((double)n / (double)found.n);
    for (size_t i = 1; i < LIMITS && n <= limits[LIMITS - 1].n; i++)
        if (n <= limits[i].n) {
            const struct limits *low = &limits[i - 1], *high = &limits[i];
            double part = log((double)n / (double)low->n) / log((double)high->n / (double)low->n);

            found.reach = low->reach + part * (high->reach - low->reach);
            found.dip = low->dip + part * (high->dip - low->dip);
            break;
        }
    return found;
}

/* How far `values`, on one side of the median, lie beyond their quartile, in units of the distance
 * from the median to their outer decile. The decile makes the unit grow with a long tail. */
struct side {
    double quartile, unit;
};

static struct side side_of(const double *sorted, size_t n, bool high)
{
    double median = gsl_stats_median_from_sorted_data(sorted, 1, n);

    return (struct side){
        gsl_stats_quantile_from_sorted_data(sorted, 1, n, high ? 0.75 : 0.25),
        fabs(gsl_stats_quantile_from_sorted_data(sorted, 1, n, high ? 0.9 : 0.1) - median)};
}

static double reach_of(const struct side *side, double value)
{
    return side->unit > 0 ? fabs(value - side->quartile) / side->unit : 0;
}

double shape_reach(const double *sorted, size_t n)
{
    struct side low = side_of(sorted, n, false), high = side_of(sorted, n, true);

    return fmax(reach_of(&low, sorted[0]), reach_of(&high, sorted[n - 1]));
}

static size_t outliers(const double *sorted, size_t n, double limit)
{
    struct side low = side_of(sorted, n, false), high = side_of(sorted, n, true);
    size_t count = 0;

    for (size_t i = 0; i < n / 4; i++)
        count += (reach_of(&low, sorted[i]) > limit) + (reach_of(&high, sorted[n - 1 - i]) > limit);
    return count;
}

double shape_split(const double *sorted, size_t n)
{
    size_t least = (n + SPLIT_LEAST - 1) / SPLIT_LEAST;
    double mean = gsl_stats_mean(sorted, 1, n), whole = gsl_stats_tss_m(sorted, 1, n, mean);
    double sum = 0, best = 0;

    for (size_t k = 1; k < n; k++) {
        sum += sorted[k - 1] - mean;
        if (k >= least && n - k >= least)
            best = fmax(best, sum * sum * (double)n / ((double)k * (double)(n - k)));
    }
    return whole > 0 ? best / whole : 0;
}

/* The smallest step between values, if all of them are multiples of it: the grid to which they were
 * rounded or on which they were counted. Else 0. */
static double grid_of(const double *sorted, size_t n)
{
    double step = INFINITY;

    for (size_t i = 1; i < n; i++)
        if (sorted[i] > sorted[i - 1])
            step = fmin(step, sorted[i] - sorted[i - 1]);
    for (size_t i = 0; i < n; i++)
        if (fabs(sorted[i] / step - round(sorted[i] / step)) > 1e-3)
            return 0;
    return isfinite(step) ? step : 0;
}

/* Values of a grid come in groups of equals, each of which would be a mode: spread each over its
 * cell. */
static void spread(double *sorted, size_t n)
{
    double step = grid_of(sorted, n);

    for (size_t first = 0, end; first < n && step > 0; first = end) {
        double value = sorted[first];

        for (end = first + 1; end < n && sorted[end] == value;)
            end++;
        for (size_t i = first; i < end; i++)
            sorted[i] = value + step * (((double)(i - first) + 0.5) / (double)(end - first) - 0.5);
    }
}

double shape_trend(const double *values, size_t n)
{
    double *sorted = malloc((n ? n : 1) * sizeof *sorted), score = 0, variance, count = (double)n;

    if (!sorted)
        return -1;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = values[i];
        for (size_t j = 0; j < i; j++)
            score += (values[i] > values[j]) - (values[i] < values[j]);
    }
    gsl_sort(sorted, 1, n);
    variance = count * (count - 1) * (2 * count + 5) / 18;
    for (size_t first = 0, end; first < n; first = end) {
        double equal;

        for (end = first + 1; end < n && sorted[end] == sorted[first];)
            end++;
        equal = (double)(end - first);
        variance -= equal * (equal - 1) * (2 * equal + 5) / 18;
    }
    free(sorted);
    return variance > 0 && fabs(score) > 1
               ? 2 * gsl_cdf_ugaussian_Q((fabs(score) - 1) / sqrt(variance))
               : 1;
}

int shape_of(const double *values, size_t n, struct shape *out)
{
    struct limits limit = limits_for(n);
    double *sorted, trend;
    size_t *room;
    int status;

    *out = (struct shape){0};
    if (n < SHAPE_MIN)
        return 0;
    sorted = malloc(n * sizeof *sorted);
    room = malloc(2 * n * sizeof *room);
    trend = shape_trend(values, n);
    status = sorted && room && trend >= 0 ? 0 : -ENOMEM;
    if (status == 0) {
        memcpy(sorted, values, n * sizeof *sorted);
        gsl_sort(sorted, 1, n);
        out->outliers = outliers(sorted, n, limit.reach);
        out->drifts = trend < DRIFT_ALPHA;
        spread(sorted, n);
        out->modes = shape_dip(sorted, n, room) * sqrt((double)n) > limit.dip &&
                     shape_split(sorted, n) > SHAPE_SPLIT;
    }
    free(room);
    free(sorted);
    return status;
}
