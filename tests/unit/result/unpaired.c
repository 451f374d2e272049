/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include <gsl/gsl_cdf.h>

#include "bench/result/unpaired.h"
#include "tests/simulate/draws.h"

/* Hollander and Wolfe 1973, p. 69: permeability of the human chorioamnion at term and earlier. The
 * numbers beside are those of R 4.2's wilcox.test(y, x, conf.int = TRUE). */
static const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
static const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};

static void test_known(void **state)
{
    struct unpaired_shift shift;
    double p;

    (void)state;
    assert_int_equal(unpaired_test(term, 10, early, 5, &p), 0);
    assert_float_equal(p, 0.2544122544, 1e-9);
    assert_int_equal(unpaired_test(early, 5, term, 10, &p), 0);
    assert_float_equal(p, 0.2544122544, 1e-9);
    assert_int_equal(unpaired_shift(early, 5, term, 10, 0.05, &shift), 0);
    assert_float_equal(shift.estimate, 0.305, 1e-9);
    assert_float_equal(shift.interval[0], -0.15, 1e-9);
    assert_float_equal(shift.interval[1], 0.76, 1e-9);
    assert_true(shift.coverage >= 0.95 && shift.coverage < 0.97);
}

/* Ties: all 70 ways to deal {1, 1, 2, 2, 2, 3, 3, 4} counted by hand in the comment's script:
 * sum(abs(combn(r, 4, sum) - 18) >= abs(sum(r[5:8]) - 18)) / 70 with r = rank(x). */
static void test_ties(void **state)
{
    const double a[] = {1, 1, 2, 2}, b[] = {2, 3, 3, 4}, same[] = {5, 5, 5, 5, 5, 5};
    double p;

    (void)state;
    assert_int_equal(unpaired_test(a, 4, b, 4, &p), 0);
    assert_float_equal(p, 6.0 / 70, 1e-12);
    assert_int_equal(unpaired_test(same, 3, same, 6, &p), 0);
    assert_float_equal(p, 1, 1e-12);
}

static void test_bad(void **state)
{
    const double bad[] = {1, NAN}, good[] = {1, 2};
    struct unpaired_shift shift;
    double p;

    (void)state;
    assert_int_equal(unpaired_test(bad, 2, good, 2, &p), -EINVAL);
    assert_int_equal(unpaired_shift(good, 2, bad, 2, 0.05, &shift), -EINVAL);
    assert_int_equal(unpaired_test(good, 2, NULL, 0, &p), 0);
    assert_float_equal(p, 1, 0);
    assert_int_equal(unpaired_shift(good, 2, NULL, 0, 0.05, &shift), -EINVAL);
    /* Two against two can reject nothing. */
    assert_int_equal(unpaired_shift(good, 2, good, 2, 0.05, &shift), 0);
    assert_true(isinf(shift.interval[0]) && isinf(shift.interval[1]) && shift.coverage == 0);
    assert_float_equal(shift.estimate, 0, 0);
}

/* Normal quantiles, of 40 values and of 41: counted, and approximated. R 4.2:
 *
 *     a <- qnorm(ppoints(20)); b <- qnorm(ppoints(20 + k)) * 1.1 + 0.5
 *     wilcox.test(b, a, conf.int = TRUE, exact = k == 0)
 */
static void test_limit(void **state)
{
    const double p_expected[] = {0.165340019405, 0.140580027149};
    double a[20], b[21], p;
    struct unpaired_shift shift;

    (void)state;
    for (int i = 0; i < 20; i++)
        a[i] = gsl_cdf_ugaussian_Pinv((i + 0.5) / 20);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 20 + k; i++)
            b[i] = gsl_cdf_ugaussian_Pinv((i + 0.5) / (20 + k)) * 1.1 + 0.5;
        assert_int_equal(unpaired_test(a, 20, b, 20 + (size_t)k, &p), 0);
        assert_float_equal(p, p_expected[k], 1e-4);
        assert_int_equal(unpaired_shift(a, 20, b, 20 + (size_t)k, 0.05, &shift), 0);
        assert_float_equal(shift.estimate, k ? 0.505034927 : 0.5, 0.006);
        assert_float_equal(shift.interval[0], k ? -0.200009 : -0.188257, 0.005);
        assert_float_equal(shift.interval[1], k ? 1.200038 : 1.188257, 0.005);
        assert_float_equal(shift.coverage, 0.95, 0.005);
    }
}

/* Of samples that are alike: how often the test finds a difference, and the interval misses 0. */
static void test_false_alarms(void **state)
{
    enum { RUNS = 4000 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int found = 0, missed = 0, by_power = 0;

    (void)state;
    gsl_rng_set(random, 1);
    for (int run = 0; run < RUNS; run++) {
        double a[12], b[9], p;
        struct unpaired_shift shift;

        for (int i = 0; i < 12; i++)
            a[i] = gsl_ran_gaussian(random, 1);
        for (int i = 0; i < 9; i++)
            b[i] = gsl_ran_gaussian(random, 1);
        assert_int_equal(unpaired_test(a, 12, b, 9, &p), 0);
        assert_int_equal(unpaired_shift(a, 12, b, 9, 0.05, &shift), 0);
        found += p < 0.05;
        missed += shift.interval[0] > 0 || shift.interval[1] < 0;
        /* One and the same: the interval holds what the test does not reject. */
        assert_int_equal(p <= 0.05, shift.interval[0] > 0 || shift.interval[1] < 0);
        for (int i = 0; i < 9; i++)
            b[i] += 2;
        assert_int_equal(unpaired_test(a, 12, b, 9, &p), 0);
        by_power += p < 0.05;
    }
    assert_in_range(found, RUNS * 3 / 100, RUNS * 6 / 100);
    assert_in_range(missed, RUNS * 3 / 100, RUNS * 6 / 100);
    assert_in_range(by_power, RUNS * 95 / 100, RUNS);
    gsl_rng_free(random);
}

/* Two hundred thousand values: every difference would be 10^10 of them. */
static void test_many(void **state)
{
    enum { N = 100000 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    double *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b), p;
    struct unpaired_shift shift;

    (void)state;
    gsl_rng_set(random, 1);
    for (int i = 0; i < N; i++) {
        a[i] = gsl_ran_gaussian(random, 1);
        b[i] = gsl_ran_gaussian(random, 1) + 0.05;
    }
    assert_int_equal(unpaired_test(a, N, b, N, &p), 0);
    assert_true(p < 0.001);
    assert_int_equal(unpaired_shift(a, N, b, N, 0.05, &shift), 0);
    assert_float_equal(shift.estimate, 0.05, 0.01);
    assert_true(shift.interval[1] - shift.interval[0] < 0.02);
    free(a);
    free(b);
    gsl_rng_free(random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_bad),          cmocka_unit_test(test_limit),
        cmocka_unit_test(test_false_alarms), cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
