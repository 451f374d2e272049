/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/result/paired.h"
#include "tests/simulate/draws.h"

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
    assert_int_equal(paired_test(differences, 9, &p), 0);
    assert_float_equal(p, 20.0 / 512, 1e-12);
    for (int i = 0; i < 9; i++)
        differences[i] = -differences[i];
    assert_int_equal(paired_test(differences, 9, &mirrored), 0);
    assert_float_equal(p, mirrored, 0);
    assert_int_equal(paired_test(same, 8, &p), 0); /* all ties: one sign of 2^8, two sides */
    assert_float_equal(p, 2.0 / 256, 1e-12);
    assert_int_equal(paired_test(none, 3, &p), 0);
    assert_float_equal(p, 1, 0);
    assert_int_equal(paired_test(NULL, 0, &p), 0);
    assert_float_equal(p, 1, 0);
    assert_int_equal(paired_test(bad, 2, &p), -EINVAL);
    for (int i = 0; i < 26; i++)
        differences[i] = i % 3 ? i + 1 : -i - 1;
    assert_int_equal(paired_test(differences, 25, &p), 0);
    assert_float_equal(p, 0.23036134, 1e-8);
    /* 26 take the normal approximation; counting all signs gives 0.142716. */
    assert_int_equal(paired_test(differences, 26, &p), 0);
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
        assert_int_equal(paired_test(differences, n, &p), 0);
        found += p < PAIRED_ALPHA;
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

/* R's estimates, intervals and p of 18 samples. */
static void test_shift(void **state)
{
    FILE *known = fopen("tests/fixtures/hodges-lehmann.txt", "re");
    char line[1024];
    int lines = 0;

    (void)state;
    assert_non_null(known);
    while (fgets(line, sizeof line, known)) {
        double numbers[40], p;
        struct paired_shift shift;
        int count = 0, at = 0;
        size_t n;

        if (*line == '#')
            continue;
        for (const char *next = line; sscanf(next, "%lf%n", &numbers[count], &at) == 1; next += at)
            count++;
        n = (size_t)numbers[0];
        assert_int_equal(count, 5 + n + (n > 7 ? 2 : 0));
        assert_int_equal(paired_test(numbers + 1, n, &p), 0);
        assert_float_equal(p, numbers[n + 2], 1e-9);
        assert_int_equal(paired_shift(numbers + 1, n, 0.05, &shift), 0);
        assert_float_equal(shift.estimate, numbers[n + 1], 1e-9);
        assert_float_equal(shift.interval[0], numbers[n + 3], 1e-9);
        assert_float_equal(shift.interval[1], numbers[n + 4], 1e-9);
        assert_true(shift.coverage > 0.95 && shift.coverage < 0.98);
        assert_int_equal(paired_shift(numbers + 1, n, 0.01, &shift), 0);
        assert_true(shift.coverage > 0.99);
        assert_int_equal(isinf(shift.interval[0]), n > 7 ? 0 : -1); /* no shift can be rejected */
        if (n > 7) {
            assert_float_equal(shift.interval[0], numbers[n + 5], 1e-9);
            assert_float_equal(shift.interval[1], numbers[n + 6], 1e-9);
        }
        lines++;
    }
    fclose(known);
    assert_int_equal(lines, 18);
}

/* Test and interval agree: a shift is outside if and only if the test rejects it. */
static void agree(const double *values, size_t n)
{
    struct paired_shift shift;
    double moved[40], p;

    assert_int_equal(paired_shift(values, n, PAIRED_ALPHA, &shift), 0);
    for (int side = 0; side < 2; side++)
        for (int outside = -1; outside <= 1; outside += 2) {
            double at = shift.interval[side] + (side ? 1 : -1) * outside * 1e-7;

            for (size_t i = 0; i < n; i++)
                moved[i] = values[i] - at;
            assert_int_equal(paired_test(moved, n, &p), 0);
            assert_int_equal(p<PAIRED_ALPHA, outside> 0);
        }
}

static void test_agree(void **state)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    double values[40], nine[] = {1, 1, 1, 2, 2, 3, 3, 3, 9};

    (void)state;
    agree(nine, 9);
    for (size_t n = 8; n <= 40; n++) { /* exact and approximate, with ties and without */
        draw_pairs(random, NORMAL, values, n);
        agree(values, n);
        for (size_t i = 0; i < n; i++)
            values[i] = round(4 * values[i]);
        agree(values, n);
    }
    gsl_rng_free(random);
}

static void test_shift_edges(void **state)
{
    const double same[] = {3, 3, 3, 3, 3, 3, 3, 3}, bad[] = {1, NAN}, one = 2;
    struct paired_shift shift;

    (void)state;
    assert_int_equal(paired_shift(same, 8, 0.01, &shift), 0);
    assert_true(shift.estimate == 3 && shift.interval[0] == 3 && shift.interval[1] == 3);
    assert_int_equal(paired_shift(&one, 1, 0.01, &shift), 0);
    assert_true(isinf(shift.interval[0]) && isinf(shift.interval[1]));
    assert_int_equal(paired_shift(bad, 2, 0.01, &shift), -EINVAL);
    assert_int_equal(paired_shift(bad, 0, 0.01, &shift), -EINVAL);
}

/* The smoke form of tests/simulate/numbers.c: the effect that A/A runs state is found in fresh
 * ones as often as they say. */
static void test_mde(void **state)
{
    enum { RUNS = 40, N = 10 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    double noise[PAIRED_NOISE_MIN], mde, again, share = 0;

    (void)state;
    gsl_rng_set(random, 17);
    for (uint64_t run = 0; run < RUNS; run++) {
        draw_sample(random, NORMAL, noise, PAIRED_NOISE_MIN);
        assert_int_equal(paired_mde(noise, PAIRED_NOISE_MIN, N, run, &mde), 0);
        share += found_share(random, mde, N) / RUNS;
    }
    assert_int_equal(paired_mde(noise, PAIRED_NOISE_MIN, N, RUNS - 1, &again), 0);
    assert_float_equal(mde, again, 0); /* the seed decides */
    assert_float_equal(share, PAIRED_POWER, 0.03);
    gsl_rng_free(random);
}

static void test_mde_edges(void **state)
{
    double noise[PAIRED_NOISE_MIN], none[PAIRED_NOISE_MIN] = {0}, mde, half;

    (void)state;
    for (int i = 0; i < PAIRED_NOISE_MIN; i++)
        noise[i] = (i * 7) % 13 - 6;
    assert_int_equal(paired_mde(noise, PAIRED_NOISE_MIN, PAIRED_MIN - 1, 1, &mde), -EDOM);
    assert_int_equal(paired_mde(noise, PAIRED_NOISE_MIN - 1, 10, 1, &mde), -EDOM);
    assert_int_equal(paired_mde(none, PAIRED_NOISE_MIN, 8, 1, &mde), 0);
    assert_float_equal(mde, 0, 0); /* exact values: any difference is found */
    assert_int_equal(paired_mde(noise, PAIRED_NOISE_MIN, 10, 1, &mde), 0);
    assert_int_equal(paired_mde(noise, PAIRED_NOISE_MIN, 40, 1, &half), 0);
    assert_true(half < mde / 1.5); /* four times the pairs: about half the effect */
    noise[3] = INFINITY;
    assert_int_equal(paired_mde(noise, PAIRED_NOISE_MIN, 10, 1, &mde), -EINVAL);
}

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5), "BH") */
static void test_false_finds(void **state)
{
    const double p[] = {0.01, 0.04, 0.03, 0.005, 0.5}, expected[] = {0.025, 0.05, 0.05, 0.025, 0.5};
    double q[5];

    (void)state;
    assert_int_equal(paired_false_finds(p, 5, q), 0);
    for (int i = 0; i < 5; i++)
        assert_float_equal(q[i], expected[i], 1e-12);
    /* The second is clearer than its rank: the first, which is clearer still, is too. */
    assert_int_equal(paired_false_finds((const double[]){0.02, 0.021, 0.9}, 3, q), 0);
    assert_float_equal(q[0], 0.0315, 1e-12);
    assert_float_equal(q[1], 0.0315, 1e-12);
    assert_int_equal(paired_false_finds(p, 0, q), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed_rank), cmocka_unit_test(test_false_alarms),
        cmocka_unit_test(test_shift),       cmocka_unit_test(test_agree),
        cmocka_unit_test(test_shift_edges), cmocka_unit_test(test_mde),
        cmocka_unit_test(test_mde_edges),   cmocka_unit_test(test_false_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
