/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "../../bench/stats.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),      cmocka_unit_test(test_edges),
        cmocka_unit_test(test_seed),       cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_pair_ratio), cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_bimodal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
