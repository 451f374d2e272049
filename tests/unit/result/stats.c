/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/result/stats.h"

static void test_known(void **state)
{
    const double values[] = {5, 1, 4, 2, 3};
    struct summary summary;

    (void)state;
    assert_int_equal(stats_summary(values, 5, 1, &summary), 0);
    assert_float_equal(summary.median, 3, 0);
    assert_float_equal(summary.min, 1, 0);
    assert_float_equal(summary.max, 5, 0);
    assert_float_equal(summary.p5, 1.2, 1e-12); /* type 7: 1 + 0.05 * 4 */
    assert_float_equal(summary.p95, 4.8, 1e-12);
    assert_true(summary.ci95[0] >= 1 && summary.ci95[0] <= 3);
    assert_true(summary.ci95[1] >= 3 && summary.ci95[1] <= 5);
    assert_float_equal(values[0], 5, 0); /* left as they were */
}

static void test_edges(void **state)
{
    const double one = 7, equal[] = {2, 2, 2, 2}, bad[] = {1, NAN}, endless[] = {1, INFINITY};
    struct summary summary;

    (void)state;
    assert_int_equal(stats_summary(NULL, 0, 1, &summary), 0);
    assert_int_equal(summary.n, 0);
    assert_int_equal(stats_summary(&one, 1, 1, &summary), 0);
    assert_float_equal(summary.median, 7, 0);
    assert_float_equal(summary.ci95[0], 7, 0);
    assert_float_equal(summary.ci95[1], 7, 0);
    assert_int_equal(stats_summary(equal, 4, 1, &summary), 0);
    assert_float_equal(summary.ci95[1] - summary.ci95[0], 0, 0);
    assert_int_equal(stats_summary(bad, 2, 1, &summary), -EINVAL);
    assert_int_equal(stats_summary(endless, 2, 1, &summary), -EINVAL);
}

static void fill(gsl_rng *random, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = 10 + gsl_ran_gaussian(random, 2);
}

static void test_seed(void **state)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    struct summary a, b, c;
    double values[30];
    bool differ = false;

    (void)state;
    fill(random, values, 30);
    assert_int_equal(stats_summary(values, 30, 5, &a), 0);
    assert_int_equal(stats_summary(values, 30, 5, &b), 0);
    assert_memory_equal(&a, &b, sizeof a);
    for (uint64_t seed = 6; seed < 30; seed++) { /* the ends are order statistics: many coincide */
        assert_int_equal(stats_summary(values, 30, seed, &c), 0);
        differ |= memcmp(&a, &c, sizeof a) != 0;
    }
    assert_true(differ);
    gsl_rng_free(random);
}

/* The interval must hold the true median about as often as it says. The percentile bootstrap of a
 * median is known to be near its nominal 95 % at n = 25. */
static void test_coverage(void **state)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int held = 0;

    (void)state;
    gsl_rng_set(random, 3);
    for (int run = 0; run < 300; run++) {
        struct summary summary;
        double values[25];

        fill(random, values, 25);
        assert_int_equal(stats_summary(values, 25, (uint64_t)run, &summary), 0);
        held += summary.ci95[0] <= 10 && 10 <= summary.ci95[1];
    }
    assert_true(held >= 300 * 0.90 && held <= 300 * 0.99);
    gsl_rng_free(random);
}

static void test_pair_ratio(void **state)
{
    /* A drift common to both divides out: the ratio is 2 in every pair. */
    const double a[] = {2, 4, 20, 200}, b[] = {1, 2, 10, 100}, zero[] = {1, 0, 1, 1};
    struct summary summary;

    (void)state;
    assert_int_equal(stats_pair_ratio(a, b, 4, 1, &summary), 0);
    assert_float_equal(summary.median, 2, 0);
    assert_float_equal(summary.ci95[0], 2, 0);
    assert_float_equal(summary.ci95[1], 2, 0);
    assert_int_equal(stats_pair_ratio(a, zero, 4, 1, &summary), -EDOM);
}

static void test_outliers(void **state)
{
    const double values[] = {10, 10.1, 9.9, 10.2, 9.8, 10, 50}, tight[] = {1, 1, 1, 1, 9};

    (void)state;
    assert_int_equal(stats_outliers(values, 7), 1);
    assert_int_equal(stats_outliers(values, 6), 0);
    assert_int_equal(stats_outliers(tight, 5), 0); /* no spread to judge by */
    assert_int_equal(stats_outliers(values, 2), 0);
}

static void test_bimodal(void **state)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    double two[40], one[40];

    (void)state;
    for (int i = 0; i < 40; i++) {
        one[i] = 10 + gsl_ran_gaussian(random, 1);
        two[i] = (i % 2 ? 10 : 30) + gsl_ran_gaussian(random, 1);
    }
    assert_true(stats_bimodal(two, 40));
    assert_false(stats_bimodal(one, 40));
    assert_false(stats_bimodal(two, 7));
    gsl_rng_free(random);
}

/* Hollander and Wolfe 1973, p. 29: nine patients before and after; V = 40, p = 0.0391 (R's
 * wilcox.test). */
static void test_signed_rank(void **state)
{
    const double before[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double after[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    const double same[] = {3, 3, 3, 3, 3, 3, 3, 3}, none[] = {0, 0, 0}, bad[] = {1, NAN};
    double differences[40], p, mirrored;

    (void)state;
    for (int i = 0; i < 9; i++)
        differences[i] = before[i] - after[i];
    assert_int_equal(stats_signed_rank(differences, 9, &p), 0);
    assert_float_equal(p, 20.0 / 512, 1e-12);
    for (int i = 0; i < 9; i++)
        differences[i] = -differences[i];
    assert_int_equal(stats_signed_rank(differences, 9, &mirrored), 0);
    assert_float_equal(p, mirrored, 0);
    assert_int_equal(stats_signed_rank(same, 8, &p), 0); /* all ties: one sign of 2^8, two sides */
    assert_float_equal(p, 2.0 / 256, 1e-12);
    assert_int_equal(stats_signed_rank(none, 3, &p), 0);
    assert_float_equal(p, 1, 0);
    assert_int_equal(stats_signed_rank(NULL, 0, &p), 0);
    assert_float_equal(p, 1, 0);
    assert_int_equal(stats_signed_rank(bad, 2, &p), -EINVAL);
    for (int i = 0; i < 26; i++)
        differences[i] = i % 3 ? i + 1 : -i - 1;
    assert_int_equal(stats_signed_rank(differences, 25, &p), 0);
    assert_float_equal(p, 0.23036134, 1e-8);
    /* 26 take the normal approximation; counting all signs gives 0.142716. */
    assert_int_equal(stats_signed_rank(differences, 26, &p), 0);
    assert_float_equal(p, 0.142716, 0.003);
}

/* How often the test finds `shift` in fresh normal noise of standard deviation 1. */
static double found_share(gsl_rng *random, double shift, size_t n)
{
    enum { RUNS = 2000 };
    int found = 0;

    for (int run = 0; run < RUNS; run++) {
        double differences[64], p;

        for (size_t i = 0; i < n; i++)
            differences[i] = shift + gsl_ran_gaussian(random, 1);
        assert_int_equal(stats_signed_rank(differences, n, &p), 0);
        found += p < STATS_ALPHA;
    }
    return (double)found / RUNS;
}

static void test_false_alarms(void **state)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    (void)state;
    gsl_rng_set(random, 11);
    /* alpha and three standard errors of 2000 trials: 0.01 + 3 * 0.0022 */
    assert_true(found_share(random, 0, 10) < 0.0167);
    assert_true(found_share(random, 0, 20) < 0.0167);
    assert_true(found_share(random, 0, 40) < 0.0167);
    gsl_rng_free(random);
}

/* From normal noise of standard deviation 1 the paired t test's answer is near (2.58 + 1.64) /
 * sqrt(n), 0.94 at n = 20; the rank test at a small n needs somewhat more. A shift of the
 * published size must then be found in fresh noise as often as promised, on average. */
static void test_mde(void **state)
{
    enum { RUNS = 10, N = 20 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    double noise[200], mde, again, sum = 0, share;

    (void)state;
    gsl_rng_set(random, 17);
    for (uint64_t run = 0; run < RUNS; run++) {
        for (size_t i = 0; i < 200; i++)
            noise[i] = gsl_ran_gaussian(random, 1);
        assert_int_equal(stats_mde(noise, 200, N, run, &mde), 0);
        assert_true(mde > 0.75 && mde < 1.35);
        sum += mde;
    }
    assert_int_equal(stats_mde(noise, 200, N, RUNS - 1, &again), 0);
    assert_float_equal(mde, again, 0); /* the seed decides */
    share = found_share(random, sum / RUNS, N);
    assert_true(share > 0.92 && share < 0.98);
    gsl_rng_free(random);
}

static void test_mde_edges(void **state)
{
    const double noise[] = {1, -2, 3, -1, 2, -3, 1, -1}, none[8] = {0}, bad[] = {INFINITY};
    double mde, half;

    (void)state;
    assert_int_equal(stats_mde(noise, 8, STATS_PAIRS_MIN - 1, 1, &mde), -EDOM);
    assert_int_equal(stats_mde(noise, 0, 10, 1, &mde), -EDOM);
    assert_int_equal(stats_mde(bad, 1, 10, 1, &mde), -EINVAL);
    assert_int_equal(stats_mde(none, 8, 8, 1, &mde), 0);
    assert_float_equal(mde, 0, 0); /* exact values: any difference is found */
    assert_int_equal(stats_mde(noise, 8, 8, 1, &mde), 0);
    assert_int_equal(stats_mde(noise, 8, 32, 1, &half), 0);
    assert_true(mde <= 3 && half < mde / 1.5); /* four times the pairs: about half the effect */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_seed),         cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_pair_ratio),   cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_bimodal),      cmocka_unit_test(test_signed_rank),
        cmocka_unit_test(test_false_alarms), cmocka_unit_test(test_mde),
        cmocka_unit_test(test_mde_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
