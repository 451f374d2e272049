/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result/unpaired.h"
#include "bench/result/stats.h"

#define EXACT_MAX 40 /* values, together, up to which all deals of their ranks are counted */

static size_t sum_of(const unsigned *ranks, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += ranks[i];
    return sum;
}

/* In how many of all ways to choose `m` of `ranks` (n of them, ascending, doubled, so that midranks
 * are whole) their sum is what: sums[s], up to `top`, that of all. The caller frees it. */
static double *deals(const unsigned *ranks, size_t n, size_t m, size_t top)
{
    size_t width = top + 1;
    double *ways = calloc((m + 1) * width, sizeof *ways);

    if (!ways)
        return NULL;
    ways[0] = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t chosen = i < m ? i + 1 : m; chosen > 0; chosen--) {
            /* The sums of `chosen` of the first ranks, this one among them. */
            size_t least = sum_of(ranks, chosen - 1) + ranks[i];
            size_t most = sum_of(ranks + i + 1 - chosen, chosen);

            for (size_t sum = least; sum <= most; sum++)
                ways[chosen * width + sum] += ways[(chosen - 1) * width + sum - ranks[i]];
        }
    memmove(ways, ways + m * width, width * sizeof *ways);
    return ways;
}

/* How probable it is that the ranks of m of n values sum up to what is at least `distance` away
 * from their mean, on either side. */
static int exact_p(const unsigned *ranks, size_t n, size_t m, double distance, double *p)
{
    size_t top = n * (n + 1); /* the sum of all */
    double mean = (double)(m * (n + 1)), all = 0, found = 0;
    double *ways = deals(ranks, n, m, top);

    if (!ways)
        return -ENOMEM;
    for (size_t sum = 0; sum <= top; sum++) {
        all += ways[sum];
        if (fabs((double)sum - mean) >= distance)
            found += ways[sum];
    }
    free(ways);
    *p = found / all;
    return 0;
}

static double normal_p(size_t n, size_t m, double ties, double distance)
{
    double all = (double)(n + m);
    /* Of a sum of doubled ranks: four times that of the sum. */
    double variance = (double)n * (double)m / 3 * (all + 1 - ties / (all * (all - 1)));
    double z = (distance - 1) / sqrt(variance);

    return variance > 0 && z > 0 ? 2 * gsl_cdf_ugaussian_Q(z) : 1;
}

/* Doubled ranks of the sorted `values`, and the sum of t^3 - t over all groups of t equal ones. */
static double midranks(const double *values, size_t n, unsigned *ranks)
{
    double ties = 0;

    for (size_t first = 0, end; first < n; first = end) {
        double size;

        for (end = first + 1; end < n && values[end] == values[first];)
            end++;
        size = (double)(end - first);
        ties += size * size * size - size;
        for (size_t i = first; i < end; i++)
            ranks[i] = (unsigned)(first + 1 + end);
    }
    return ties;
}

int unpaired_test(const double *a, size_t n, const double *b, size_t m, double *p)
{
    size_t all = n + m;
    double *values = malloc((all + 1) * sizeof *values), sum = 0, ties;
    size_t *order = malloc((all + 1) * sizeof *order);
    unsigned *ranks = malloc((all + 1) * sizeof *ranks);
    double *sorted = malloc((all + 1) * sizeof *sorted);
    int status = values && order && ranks && sorted ? 0 : -ENOMEM;

    *p = 1;
    if (status == 0 && (!stats_are_finite(a, n) || !stats_are_finite(b, m)))
        status = -EINVAL;
    if (status == 0 && n > 0 && m > 0) {
        double distance;

        memcpy(values, a, n * sizeof *values);
        memcpy(values + n, b, m * sizeof *values);
        gsl_sort_index(order, values, 1, all);
        for (size_t i = 0; i < all; i++)
            sorted[i] = values[order[i]];
        ties = midranks(sorted, all, ranks);
        for (size_t i = 0; i < all; i++)
            sum += order[i] >= n ? ranks[i] : 0;
        distance = fabs(sum - (double)(m * (all + 1)));
        if (all <= EXACT_MAX)
            status = exact_p(ranks, all, m, distance, p);
        else
            *p = normal_p(n, m, ties, distance);
    }
    free(values);
    free(order);
    free(ranks);
    free(sorted);
    return status;
}

/* How many of all differences b - a are at most `shift`. Both are sorted. */
static uint64_t count_up_to(const double *a, size_t n, const double *b, size_t m, double shift)
{
    uint64_t count = 0;
    size_t j = 0;

    for (size_t i = 0; i < n; i++) {
        while (j < m && b[j] - a[i] <= shift)
            j++;
        count += j;
    }
    return count;
}

/* Doubles in their order as whole numbers, and back. */
static int64_t ordinal(double value)
{
    int64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits >= 0 ? bits : INT64_MIN - bits;
}

static double from_ordinal(int64_t number)
{
    double value;

    if (number < 0)
        number = INT64_MIN - number;
    memcpy(&value, &number, sizeof value);
    return value;
}

/* The rank'th lowest of all differences b - a, from 1 on: the least number that so many reach.
 * There may be 10^11 of them, so it is found by halving the range of doubles, at most 64 times. */
static double difference_at(const double *a, size_t n, const double *b, size_t m, uint64_t rank)
{
    int64_t low = ordinal(b[0] - a[n - 1]), high = ordinal(b[m - 1] - a[0]);

    while (low < high) {
        int64_t middle = low / 2 + high / 2 + (low % 2 + high % 2) / 2;

        middle = middle >= high ? high - 1 : middle < low ? low : middle;
        if (count_up_to(a, n, b, m, from_ordinal(middle)) >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return from_ordinal(low);
}

/* The largest k for which P(U < k) is at most alpha / 2, and *coverage of an interval from the k'th
 * lowest to the k'th highest difference; 0 where there is none. */
static int critical(size_t n, size_t m, double alpha, uint64_t *k, double *coverage)
{
    size_t all = n + m, low = m * (m + 1), top = all * (all + 1);
    double *ways, total = 0, below = 0, spread;
    unsigned ranks[EXACT_MAX];

    *k = 0;
    *coverage = 0;
    if (all > EXACT_MAX) {
        spread = sqrt((double)n * (double)m * (double)(all + 1) / 12);
        *k = (uint64_t)fmax(
            0, floor((double)n * (double)m / 2 - gsl_cdf_ugaussian_Qinv(alpha / 2) * spread + 0.5));
        *coverage = *k ? 1 - alpha : 0;
        return 0;
    }
    for (size_t i = 0; i < all; i++)
        ranks[i] = 2 * (unsigned)(i + 1);
    ways = deals(ranks, all, m, top);
    if (!ways)
        return -ENOMEM;
    for (size_t sum = 0; sum <= top; sum++)
        total += ways[sum];
    /* U is half of what a doubled sum is above the lowest. */
    for (size_t sum = low; below + ways[sum] <= alpha / 2 * total; sum += 2) {
        below += ways[sum];
        *k += 1;
        *coverage = 1 - 2 * below / total;
    }
    free(ways);
    return 0;
}

int unpaired_shift(const double *a, size_t n, const double *b, size_t m, double alpha,
                   struct unpaired_shift *out)
{
    double *x = malloc((n + 1) * sizeof *x), *y = malloc((m + 1) * sizeof *y);
    uint64_t all = (uint64_t)n * m, k;
    int status = x && y ? 0 : -ENOMEM;

    if (status == 0 && (n == 0 || m == 0 || !stats_are_finite(a, n) || !stats_are_finite(b, m)))
        status = -EINVAL;
    if (status == 0)
        status = critical(n, m, alpha, &k, &out->coverage);
    if (status == 0) {
        memcpy(x, a, n * sizeof *x);
        memcpy(y, b, m * sizeof *y);
        gsl_sort(x, 1, n);
        gsl_sort(y, 1, m);
        out->estimate =
            (difference_at(x, n, y, m, (all + 1) / 2) + difference_at(x, n, y, m, all / 2 + 1)) / 2;
        out->interval[0] = k ? difference_at(x, n, y, m, k) : -INFINITY;
        out->interval[1] = k ? difference_at(x, n, y, m, all + 1 - k) : INFINITY;
    }
    free(x);
    free(y);
    return status;
}
