/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/report/percentiles.h"

/* 1 to 100 us, in two samples that share a bucket. */
static struct model_bucket low[50], high[51];
static struct model_sample samples[3] = {{.buckets = low, .bucket_count = 50},
                                         {.bucket_count = 0},
                                         {.buckets = high, .bucket_count = 51}};
static const struct model_series series = {.samples = samples, .sample_count = 3};

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        low[i] = (struct model_bucket){1000.0 * (i + 1), 1000.0 * (i + 1) + 1, 1};
        high[i + 1] = (struct model_bucket){1000.0 * (i + 51), 1000.0 * (i + 51) + 1, 1};
    }
    low[49].count = 0.5;
    high[0] = low[49];
    return 0;
}

static void test_merge(void **state)
{
    struct percentiles percentiles;

    (void)state;
    assert_int_equal(percentiles_of(&series, &percentiles), 1);
    assert_int_equal(percentiles.count, 100);
    assert_float_equal(percentiles.total, 100, 0);
    assert_float_equal(percentiles.max, 100e3, 0);
    assert_float_equal(percentiles.buckets[49].count, 1, 0);
    percentiles_free(&percentiles);
    assert_int_equal(
        percentiles_of(&(struct model_series){.samples = samples + 1, .sample_count = 1},
                       &percentiles),
        0);
}

/* Ten steps to the median, five more to each half of what is left; at each what is at most there.
 */
static void test_steps(void **state)
{
    static const double parts[] = {0,    0.1, 0.2,  0.3,   0.4, 0.5,   0.55, 0.6,
                                   0.65, 0.7, 0.75, 0.775, 0.8, 0.825, 0.85, 0.875};
    struct percentiles percentiles;
    struct percentile at = {.part = 0};
    double last = 0;

    (void)state;
    assert_int_equal(percentiles_of(&series, &percentiles), 1);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(percentile_next(&percentiles, &at));
        assert_float_equal(at.part, parts[i], 1e-12);
        assert_true(at.at_most >= 100 * at.part - 1e-9 && at.at_most < 100 * at.part + 1.01);
        assert_float_equal(at.ns, 1000 * at.at_most, 1e-9);
    }
    while (percentile_next(&percentiles, &at)) {
        assert_true(at.part > last);
        last = at.part;
    }
    assert_float_equal(at.part, 1, 0);
    assert_float_equal(at.at_most, 100, 0);
    percentiles_free(&percentiles);
}

static void test_text(void **state)
{
    struct percentiles percentiles;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(percentiles_of(&series, &percentiles), 1);
    percentiles_write(&percentiles, out);
    fclose(out);
    assert_ptr_equal(strstr(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
                                  "       1.000 0.000000000000          1           1.00\n"
                                  "      10.000 0.100000000000         10           1.11\n"),
                     text);
    assert_non_null(strstr(text, "\n      50.000 0.500000000000         50           2.00\n"));
    assert_non_null(strstr(text, "\n     100.000 1.000000000000        100\n"
                                 "#[Mean    =       50.500, StdDeviation   =       28.866]\n"
                                 "#[Max     =      100.000, Total count    =          100]\n"));
    free(text);
    percentiles_free(&percentiles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_merge, setup),
        cmocka_unit_test_setup(test_steps, setup),
        cmocka_unit_test_setup(test_text, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
