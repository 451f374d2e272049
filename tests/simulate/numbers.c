/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often do intervals, warnings and comparisons hold? Simulates seeded samples of known
 * distributions, prints the tables of docs/method.md, and fails where a claim of that page does not
 * hold.
 *
 *     numbers [SETS]     so many sets of values each, 20,000
 *     numbers --limits   makes the table of bench/result/shape.c
 */
#include <errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/result/paired.h"
#include "bench/result/shape.h"
#include "bench/result/stats.h"
#include "tests/simulate/draws.h"

#define MOST 1000 /* values of a sample */
#define SHAPES 4  /* of the kinds, for intervals and comparisons */

static size_t sets = 20000;
static int broken;

/* Print a share, and mark it if it is wrong. */
static void put(double share, bool right)
{
    printf(" %.1f%s |", 100 * share, right ? "" : " **WRONG**");
    broken += !right;
}

static gsl_rng *seeded(unsigned long seed)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    gsl_rng_set(random, seed);
    return random;
}

static double coverage(gsl_rng *random, enum shape_kind kind, size_t n)
{
    double values[MOST], ends[2];
    struct summary summary;
    size_t held = 0;

    for (size_t i = 0; i < sets; i++) {
        draw_sample(random, kind, values, n);
        stats_summary(values, n, &summary);
        stats_ends(&summary, ends);
        held += ends[0] <= kind_medians[kind] && kind_medians[kind] <= ends[1];
    }
    return (double)held / (double)sets;
}

static void heading(const char *first, const enum shape_kind *kinds, int count)
{
    printf("\n| %s |", first);
    for (int i = 0; i < count; i++)
        printf(" %s |", kind_names[kinds[i]]);
    printf("\n|");
    for (const char *bar = first; bar; bar = strchr(bar + 1, '|'))
        printf("---:|");
    for (int i = 0; i < count; i++)
        printf("---:|");
    puts("");
}

static const enum shape_kind four[SHAPES] = {NORMAL, LOGNORMAL, STUDENT, UNIFORM};

static void intervals(void)
{
    gsl_rng *random = seeded(1);

    heading("n | interval | stated %", four, SHAPES);
    for (size_t n = 3; n <= 30; n++) {
        double stated;
        size_t rank;
        bool ci95 = stats_median_rank(n, &rank, &stated);

        printf("| %zu | %zu .. %zu%s | %.1f |", n, rank, n + 1 - rank, ci95 ? "" : ", all",
               100 * stated);
        for (int i = 0; i < SHAPES; i++) {
            double held = coverage(random, four[i], n);

            put(held, held > stated - 0.01);
        }
        puts("");
    }
    gsl_rng_free(random);
}

/* In what share of the sets a test warns; `which`: 0 any, 1 outliers, 2 modes, 3 drift. The last
 * value of each set lies `aside` off. */
static void warned(gsl_rng *random, enum shape_kind kind, size_t n, double aside, double share[4])
{
    size_t counts[4] = {0};
    double values[MOST];
    struct shape shape;

    for (size_t i = 0; i < sets; i++) {
        draw_sample(random, kind, values, n);
        if (aside > 0)
            values[gsl_rng_uniform_int(random, n)] = aside;
        shape_of(values, n, &shape);
        counts[0] += shape.outliers || shape.modes || shape.drifts;
        counts[1] += shape.outliers > 0;
        counts[2] += shape.modes;
        counts[3] += shape.drifts;
    }
    for (int i = 0; i < 4; i++)
        share[i] = (double)counts[i] / (double)sets;
}

/* Between these no test can both see two modes and pass a uniform distribution. */
static bool is_torn(enum shape_kind kind, size_t n)
{
    return kind == UNIFORM && n > 15 && n < 40;
}

static void warnings(void)
{
    static const size_t ns[] = {9, 10, 11, 12, 15, 17, 20, 25, 30, 40, 50, 70, 100, 200};
    static const enum shape_kind clean[CLEAN] = {NORMAL, LOGNORMAL, STUDENT, EXPONENTIAL, UNIFORM};
    gsl_rng *random = seeded(2);
    double share[4];

    heading("n", clean, CLEAN);
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        printf("| %zu |", ns[k]);
        for (int i = 0; i < CLEAN; i++) {
            warned(random, clean[i], ns[k], 0, share);
            put(share[0], share[0] < (is_torn(clean[i], ns[k]) ? 0.18 : 0.05));
        }
        puts("");
    }
    puts("\n| n | two modes, 5 sd apart | one of n 20 sd aside |\n|---:|---:|---:|");
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        if (ns[k] < SHAPE_MIN)
            continue;
        printf("| %zu |", ns[k]);
        warned(random, TWO_MODES, ns[k], 0, share);
        put(share[2], ns[k] < 20 || share[2] >= 0.9);
        warned(random, NORMAL, ns[k], 20, share);
        put(share[1], true);
        puts("");
    }
    gsl_rng_free(random);
}

/* How often `shift` is found, with `n` pairs, or with `shift` 0 anything at all. */
static double found(gsl_rng *random, enum shape_kind kind, size_t n, double shift, size_t times)
{
    double differences[MOST], p;
    size_t count = 0;

    for (size_t i = 0; i < times; i++) {
        size_t above = 0;

        draw_pairs(random, kind, differences, n);
        for (size_t j = 0; j < n; j++) {
            differences[j] += shift;
            above += differences[j] > 0;
        }
        paired_test(differences, n, &p);
        count += p < PAIRED_ALPHA && (shift == 0 || above > n / 2);
    }
    return (double)count / (double)times;
}

/* How often the interval of a shift holds the true one. */
static double shift_held(gsl_rng *random, enum shape_kind kind, size_t n)
{
    size_t times = sets / 10 + 1, count = 0;
    double differences[MOST];
    struct paired_shift shift;

    for (size_t i = 0; i < times; i++) {
        draw_pairs(random, kind, differences, n);
        paired_shift(differences, n, PAIRED_ALPHA, &shift);
        count += shift.interval[0] <= 0 && 0 <= shift.interval[1];
    }
    return (double)count / (double)times;
}

/* The power of the effects that A/A runs of `pairs` state for n pairs, in fresh runs: on average.
 */
static double mde_power(gsl_rng *random, enum shape_kind kind, size_t pairs, size_t n)
{
    size_t runs = sets / 50 + 1;
    double noise[MOST], mde, sum = 0;

    for (size_t i = 0; i < runs; i++) {
        draw_pairs(random, kind, noise, pairs);
        paired_mde(noise, pairs, n, i, &mde);
        sum += found(random, kind, n, mde, 40);
    }
    return sum / (double)runs;
}

static void comparisons(void)
{
    static const size_t ns[] = {8, 10, 12, 20, 30};
    static const size_t mdes[][2] = {{60, 8}, {60, 10}, {60, 12}, {60, 20}};
    gsl_rng *random = seeded(3);

    heading("pairs | alike, found different %", four, SHAPES);
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        printf("| %zu | at most %.0f |", ns[k], 100 * PAIRED_ALPHA);
        for (int i = 0; i < SHAPES; i++) {
            double share = found(random, four[i], ns[k], 0, sets);

            put(share, share < PAIRED_ALPHA + 0.003);
        }
        puts("");
    }
    heading("pairs | interval holds, stated %", four, SHAPES);
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        printf("| %zu | %.0f |", ns[k], 100 * (1 - PAIRED_ALPHA));
        for (int i = 0; i < SHAPES; i++) {
            double share = shift_held(random, four[i], ns[k]);

            put(share, share > 1 - PAIRED_ALPHA - 0.01);
        }
        puts("");
    }
    heading("A/A pairs | pairs | power stated %", four, SHAPES);
    for (size_t k = 0; k < sizeof mdes / sizeof *mdes; k++) {
        printf("| %zu | %zu | %.0f |", mdes[k][0], mdes[k][1], 100 * PAIRED_POWER);
        for (int i = 0; i < SHAPES; i++) {
            double power = mde_power(random, four[i], mdes[k][0], mdes[k][1]);

            put(power, fabs(power - PAIRED_POWER) <= 0.03);
            fflush(stdout);
        }
        puts("");
    }
    gsl_rng_free(random);
}

static double quantile(double *values, size_t count, double share)
{
    gsl_sort(values, 1, count);
    return gsl_stats_quantile_from_sorted_data(values, 1, count, share);
}

/* The reach that 2.5 % of the samples of the worst clean shape exceed. */
static double reach_limit(gsl_rng *random, size_t n, size_t times, double *measured)
{
    double values[MOST], worst = 0;

    for (int kind = 0; kind < CLEAN; kind++) {
        for (size_t i = 0; i < times; i++) {
            draw_sample(random, kind, values, n);
            gsl_sort(values, 1, n);
            measured[i] = shape_reach(values, n);
        }
        worst = fmax(worst, quantile(measured, times, 0.975));
    }
    return worst;
}

/* The dip, times the root of n, that 3.5 % of uniform samples exceed; from 20 values on, if that is
 * lower, the one that shows 91 % of two modes, the split agreeing. */
static double dip_limit(gsl_rng *random, size_t n, size_t times, double *measured)
{
    double values[MOST], uniform = 0;
    size_t room[2 * MOST];

    for (int modes = 0; modes < 2; modes++) {
        for (size_t i = 0; i < times; i++) {
            draw_sample(random, modes ? TWO_MODES : UNIFORM, values, n);
            gsl_sort(values, 1, n);
            measured[i] = shape_dip(values, n, room) * sqrt((double)n);
            if (modes && shape_split(values, n) <= SHAPE_SPLIT)
                measured[i] = 0;
        }
        if (!modes)
            uniform = quantile(measured, times, 0.965);
    }
    return n < 20 ? uniform : fmin(uniform, quantile(measured, times, 0.09));
}

static void limits(void)
{
    static const size_t ns[] = {10, 11, 12, 15, 19, 20, 25, 30, 40, 50, 100, 200, 500, 1000};
    gsl_rng *random = seeded(4);

    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
        size_t times = ns[k] > 100 ? 10000 : 100000;
        double *measured = malloc(times * sizeof *measured);

        if (!measured)
            exit(1);
        printf("{%zu, %.3g, ", ns[k], reach_limit(random, ns[k], times, measured));
        printf("%.3g},\n", dip_limit(random, ns[k], times, measured));
        fflush(stdout);
        free(measured);
    }
    gsl_rng_free(random);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--limits") == 0) {
        limits();
        return 0;
    }
    if (argc > 1)
        sets = strtoull(argv[1], NULL, 10);
    intervals();
    warnings();
    comparisons();
    if (broken)
        fprintf(stderr, "%d claims do not hold\n", broken);
    return broken ? 1 : 0;
}
