/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include <gsl/gsl_sort.h>

#include "bench/result/shape.h"
#include "tests/simulate/draws.h"

enum { SETS = 1000, MOST = 100 };

static struct shape shape(const double *values, size_t n)
{
    struct shape shape;

    assert_int_equal(shape_of(values, n, &shape), 0);
    return shape;
}

static void test_outliers(void **state)
{
    double values[MOST];

    (void)state;
    for (int i = 0; i < MOST; i++)
        values[i] = 10 + 0.1 * ((i * 7) % 10);
    assert_int_equal(shape(values, 12).outliers, 0);
    values[3] = 50;
    assert_int_equal(shape(values, 12).outliers, 1);
    values[7] = -30;
    assert_int_equal(shape(values, 30).outliers, 2);
    assert_int_equal(shape(values, 9).outliers, 0); /* too few to tell */
    for (int i = 0; i < MOST; i++)
        values[i] = i == 50 ? 9 : 1;
    assert_int_equal(shape(values, MOST).outliers, 0); /* no spread to judge by */
}

/* Published samples, one of them with two modes. Their values are whole numbers: that each is had
 * several times makes no mode. */
static void test_published(void **state)
{
    FILE *known = fopen("tests/fixtures/modes.txt", "re");
    char line[1024];
    int lines = 0;

    (void)state;
    assert_non_null(known);
    while (fgets(line, sizeof line, known)) {
        double values[MOST];
        int modes, n, used, at;

        if (sscanf(line, "%d %d%n", &modes, &n, &used) != 2)
            continue;
        assert_in_range(n, 1, MOST);
        for (int i = 0; i < n; i++, used += at)
            assert_int_equal(sscanf(line + used, "%lf%n", &values[i], &at), 1);
        assert_int_equal(shape(values, (size_t)n).modes, modes > 1);
        lines++;
    }
    fclose(known);
    assert_int_equal(lines, 2);
}

/* Two exact values, as of a boot that takes one of two ways; equal ones; two that are neighbours of
 * a grid, as counts of a rare event, which may as well be one mode. */
static void test_grids(void **state)
{
    double states[20], equal[20], counts[20];

    (void)state;
    for (int i = 0; i < 20; i++) {
        states[i] = i % 2 ? 5142 : 5200;
        equal[i] = 5142;
        counts[i] = i % 2;
    }
    assert_true(shape(states, 20).modes);
    assert_false(shape(equal, 20).modes);
    assert_false(shape(counts, 20).modes);
}

/* Quantiles of the dip of uniform samples: Maechler's table of 1,000,001 sets (R's diptest). */
static void test_dip(void **state)
{
    static const struct {
        size_t n;
        double median, tail; /* tail: 95 % */
    } known[] = {{10, 0.0978, 0.1396}, {20, 0.0733, 0.1051}, {50, 0.0489, 0.0703}};
    const double two[] = {1, 1, 1, 1, 1, 2, 2, 2, 2, 2};
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    size_t room[2 * MOST];

    (void)state;
    assert_float_equal(shape_dip(two, 10, room), 0.25, 1e-12);
    assert_float_equal(shape_dip(two, 5, room), 0.1, 1e-12); /* one value: 1 / 2 n */
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        double dips[4 * SETS], values[MOST];

        for (int i = 0; i < 4 * SETS; i++) {
            draw_sample(random, UNIFORM, values, known[k].n);
            gsl_sort(values, 1, known[k].n);
            dips[i] = shape_dip(values, known[k].n, room);
        }
        gsl_sort(dips, 1, 4 * SETS);
        assert_float_equal(dips[2 * SETS], known[k].median, 0.001);
        assert_float_equal(dips[4 * SETS * 95 / 100], known[k].tail, 0.003);
    }
    gsl_rng_free(random);
}

static void test_split(void **state)
{
    const double two[] = {0, 0, 0, 0, 10, 10, 10, 10}, one[] = {0, 0, 0, 0, 0, 0, 0, 10};

    (void)state;
    assert_float_equal(shape_split(two, 8), 1, 1e-12);
    /* One value is no group. Two and six have the means 5 and 0: 2 * 3.75^2 + 6 * 1.25^2. */
    assert_float_equal(shape_split(one, 8), 37.5 / 87.5, 1e-12);
    assert_float_equal(shape_split(one, 7), 0, 0);
}

static void test_trend(void **state)
{
    const double rising[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, flat[] = {3, 3, 3, 3, 3},
                 ties[] = {1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
    double falling[10], p;

    (void)state;
    /* S = 45, variance 10 * 9 * 25 / 18 = 125: z = 44 / sqrt(125) = 3.9355 */
    p = shape_trend(rising, 10);
    assert_float_equal(p, 8.3e-5, 1e-6);
    for (int i = 0; i < 10; i++)
        falling[i] = -rising[i];
    assert_float_equal(shape_trend(falling, 10), p, 0);
    assert_float_equal(shape_trend(flat, 5), 1, 0);
    /* S = 40, variance 125 - 5 * 2 * 1 * 9 / 18 = 120: z = 39 / sqrt(120) = 3.5602 */
    assert_float_equal(shape_trend(ties, 10), 3.706e-4, 1e-6);
    assert_true(shape(rising, 10).drifts);
    assert_false(shape(rising, 9).drifts);
}

static void test_false_alarms(void **state)
{
    static const size_t ns[] = {10, 15, 50, 100};
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    (void)state;
    for (size_t k = 0; k < sizeof ns / sizeof *ns; k++)
        for (int kind = 0; kind < CLEAN; kind++) {
            double values[MOST];
            int warned = 0;

            for (int set = 0; set < SETS; set++) {
                struct shape seen;

                draw_sample(random, kind, values, ns[k]);
                seen = shape(values, ns[k]);
                warned += seen.outliers || seen.modes || seen.drifts;
            }
            if (warned > SETS * 0.05 + 3 * sqrt(SETS * 0.05 * 0.95)) {
                print_error("n=%zu, %s: %d of %d\n", ns[k], kind_names[kind], warned, SETS);
                _fail(__FILE__, __LINE__);
            }
        }
    gsl_rng_free(random);
}

static void test_power(void **state)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int modes = 0, outliers = 0, drifts = 0;

    (void)state;
    for (int set = 0; set < SETS; set++) {
        double values[20];

        draw_sample(random, TWO_MODES, values, 20);
        modes += shape(values, 20).modes;
        draw_sample(random, NORMAL, values, 20);
        values[4] = 20;
        outliers += shape(values, 20).outliers > 0;
        draw_sample(random, NORMAL, values, 20);
        for (int i = 0; i < 20; i++)
            values[i] += 0.2 * i;
        drifts += shape(values, 20).drifts;
    }
    assert_true(modes > 0.88 * SETS);
    assert_true(outliers > 0.9 * SETS);
    assert_true(drifts > 0.9 * SETS);
    gsl_rng_free(random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outliers), cmocka_unit_test(test_published),
        cmocka_unit_test(test_grids),    cmocka_unit_test(test_dip),
        cmocka_unit_test(test_split),    cmocka_unit_test(test_trend),
        cmocka_unit_test(test_power),    cmocka_unit_test(test_false_alarms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
