/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/result/changes.h"
#include "tests/simulate/draws.h"

#define N 30

static void noise(gsl_rng *random, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = 100 + gsl_ran_gaussian(random, 1);
}

/* A history without a change is said to have one as often as stated: 1 in 100, with three standard
 * errors. */
static void test_white_noise(void **state)
{
    enum { RUNS = 300 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int found = 0;

    (void)state;
    gsl_rng_set(random, 5);
    for (int run = 0; run < RUNS; run++) {
        double values[N];
        size_t points[N], count;

        noise(random, values, N);
        assert_int_equal(changes_find(values, N, 1, points, &count), 0);
        found += count > 0;
    }
    assert_in_range(found, 0, RUNS * (CHANGES_ALPHA + 3 * 0.0058));
    gsl_rng_free(random);
}

/* In how many of 100 histories exactly the two shifts of `size` standard deviations are found, each
 * within a value of its place. One value may lie `outlier` aside. */
static int found_both(double size, double outlier)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int found = 0;

    gsl_rng_set(random, 6);
    for (int run = 0; run < 100; run++) {
        double values[N];
        size_t points[N], count;

        noise(random, values, N);
        for (size_t i = 10; i < 20; i++)
            values[i] += size;
        values[25] += outlier;
        assert_int_equal(changes_find(values, N, 1, points, &count), 0);
        found += count == 2 && labs((long)points[0] - 10) <= 1 && labs((long)points[1] - 20) <= 1;
    }
    gsl_rng_free(random);
    return found;
}

static void test_planted(void **state)
{
    (void)state;
    assert_in_range(found_both(3, 0), 85, 100);
    assert_in_range(found_both(4, 0), 95, 100);
    assert_in_range(found_both(4, 12), 95, 100);
}

static void test_edges(void **state)
{
    double values[N] = {0}, bad[] = {1, NAN};
    size_t points[N], count = 9;

    (void)state;
    assert_int_equal(changes_find(values, N, 1, points, &count), 0); /* all equal */
    assert_int_equal(count, 0);
    assert_int_equal(changes_find(values, 0, 1, points, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(changes_find(bad, 2, 1, points, &count), -EINVAL);
    for (size_t i = 15; i < N; i++) /* an exact series steps once */
        values[i] = 1;
    assert_int_equal(changes_find(values, N, 1, points, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(points[0], 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_white_noise),
        cmocka_unit_test(test_planted),
        cmocka_unit_test(test_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
