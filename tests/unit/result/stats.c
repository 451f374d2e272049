/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/result/stats.h"
#include "tests/simulate/draws.h"

static void test_known(void **state)
{
    const double values[] = {5, 1, 4, 2, 3};
    struct summary summary;
    double ends[2];

    (void)state;
    assert_int_equal(stats_summary(values, 5, &summary), 0);
    assert_float_equal(summary.median, 3, 0);
    assert_float_equal(summary.min, 1, 0);
    assert_float_equal(summary.max, 5, 0);
    assert_float_equal(summary.coverage, 0.9375, 1e-12); /* of min .. max: 1 - 2 / 2^5 */
    assert_false(summary.has_ci95);
    assert_false(summary.has_tails);
    stats_ends(&summary, ends);
    assert_true(ends[0] == 1 && ends[1] == 5);
    assert_float_equal(values[0], 5, 0); /* left as they were */
}

static void test_many(void **state)
{
    double values[20], ends[2];
    struct summary summary;

    (void)state;
    for (int i = 0; i < 20; i++)
        values[i] = (i * 7) % 20;
    assert_int_equal(stats_summary(values, 19, &summary), 0);
    assert_false(summary.has_tails);
    assert_int_equal(stats_summary(values, 20, &summary), 0);
    assert_true(summary.has_tails && summary.has_ci95);
    assert_float_equal(summary.p5, 0.95, 1e-12); /* type 7: 0.05 * 19 */
    assert_float_equal(summary.p95, 18.05, 1e-12);
    stats_ends(&summary, ends);
    assert_true(ends[0] == 5 && ends[1] == 14); /* the 6th and the 15th */
    assert_float_equal(summary.coverage, 0.958611, 1e-6);
}

/* One value says nothing of how far the median may be: no interval, of whatever width. */
static void test_edges(void **state)
{
    const double one = 7, equal[] = {2, 2, 2, 2}, bad[] = {1, NAN}, endless[] = {1, INFINITY};
    struct summary summary;

    (void)state;
    assert_int_equal(stats_summary(NULL, 0, &summary), 0);
    assert_int_equal(summary.n, 0);
    assert_int_equal(stats_summary(&one, 1, &summary), 0);
    assert_float_equal(summary.median, 7, 0);
    assert_false(summary.has_ci95);
    assert_float_equal(summary.coverage, 0, 0);
    assert_int_equal(stats_summary(equal, 4, &summary), 0);
    assert_float_equal(summary.max - summary.min, 0, 0);
    assert_int_equal(stats_summary(bad, 2, &summary), -EINVAL);
    assert_int_equal(stats_summary(endless, 2, &summary), -EINVAL);
}

static void test_rank(void **state)
{
    FILE *known = fopen("tests/fixtures/median-interval.txt", "re");
    char line[128];
    int lines = 0;

    (void)state;
    assert_non_null(known);
    while (fgets(line, sizeof line, known)) {
        size_t n, expected, rank;
        double covers, coverage;

        if (sscanf(line, "%zu %zu %lf", &n, &expected, &covers) != 3)
            continue;
        assert_int_equal(stats_median_rank(n, &rank, &coverage), expected > 0);
        assert_int_equal(rank, expected ? expected : 1);
        assert_float_equal(coverage, covers, 1e-6);
        lines++;
    }
    fclose(known);
    assert_int_equal(lines, 60);
}

/* Of very many values too: near the normal approximation, n / 2 - 0.98 sqrt(n). */
static void test_rank_many(void **state)
{
    double coverage;
    size_t rank;

    (void)state;
    assert_true(stats_median_rank(100000, &rank, &coverage));
    assert_true(rank >= 49689 && rank <= 49691);
    assert_true(coverage >= 0.95 && coverage < 0.951);
    assert_false(stats_median_rank(0, &rank, &coverage));
    assert_float_equal(coverage, 0, 0);
}

/* The smoke form of tests/simulate/numbers.c: 1,000 sets, so 3 standard errors are 2.1 % and less.
 */
static void test_coverage(void **state)
{
    enum { SETS = 1000 };
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    (void)state;
    for (size_t n = 3; n <= 30; n += 3)
        for (int kind = 0; kind < CLEAN; kind++) {
            double stated = 0, ends[2], values[30];
            int held = 0;

            for (int set = 0; set < SETS; set++) {
                struct summary summary;

                draw_sample(random, kind, values, n);
                assert_int_equal(stats_summary(values, n, &summary), 0);
                stats_ends(&summary, ends);
                held += ends[0] <= kind_medians[kind] && kind_medians[kind] <= ends[1];
                stated = summary.coverage;
            }
            if (fabs((double)held / SETS - stated) >
                3 * sqrt(stated * (1 - stated) / SETS) + 0.002) {
                print_error("n=%zu, %s: %d of %d hold, stated %g\n", n, kind_names[kind], held,
                            SETS, stated);
                _fail(__FILE__, __LINE__);
            }
        }
    gsl_rng_free(random);
}

static void test_pair_ratio(void **state)
{
    /* A drift common to both divides out: the ratio is 2 in every pair. */
    const double a[] = {2, 4, 20, 200}, b[] = {1, 2, 10, 100}, zero[] = {1, 0, 1, 1};
    struct summary summary;

    (void)state;
    assert_int_equal(stats_pair_ratio(a, b, 4, &summary), 0);
    assert_float_equal(summary.median, 2, 0);
    assert_true(summary.min == 2 && summary.max == 2);
    assert_float_equal(summary.coverage, 0.875, 1e-12);
    assert_int_equal(stats_pair_ratio(a, zero, 4, &summary), -EDOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),      cmocka_unit_test(test_many),
        cmocka_unit_test(test_edges),      cmocka_unit_test(test_rank),
        cmocka_unit_test(test_rank_many),  cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_pair_ratio),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
