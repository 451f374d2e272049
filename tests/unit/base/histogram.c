/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/histogram.h"
#include "bench/base/json.h"

static int compare(const void *a, const void *b)
{
    const int64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Against the values themselves, over nine decades. */
static void test_error(void **state)
{
    enum { COUNT = 20000 };
    static struct histogram histogram;
    static int64_t values[COUNT];
    static const double quantiles[] = {0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.99999, 1};

    (void)state;
    srand48(1);
    for (int i = 0; i < COUNT; i++) {
        values[i] = (int64_t)exp(drand48() * log(1e9));
        histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof *values, compare);
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        double rank = fmax(1, ceil(quantiles[i] * COUNT));
        double exact = (double)values[(int)rank - 1];

        assert_true(fabs(histogram_quantile(&histogram, quantiles[i]) - exact) <= 0.005 * exact);
    }
    assert_int_equal(histogram.min, values[0]);
    assert_int_equal(histogram.max, values[COUNT - 1]);
    assert_float_equal(histogram_quantile(&histogram, 1), (double)histogram.max, 0);
}

static void test_small(void **state)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);

    (void)state;
    assert_float_equal(histogram_quantile(histogram, 0.5), 0, 0);
    for (int i = 0; i < 256; i++)
        histogram_add(histogram, i);
    for (int i = 1; i <= 256; i++)
        assert_float_equal(histogram_quantile(histogram, i / 256.0), i - 1, 0);
    free(histogram);
}

/* The edges of all buckets: nothing falls between two, or out. */
static void test_edges(void **state)
{
    struct histogram *histogram = calloc(1, sizeof *histogram);
    cJSON *json, *bucket;
    int64_t values[] = {
        -5, 255, 256, 257, 511, 512, 1LL << 39, HISTOGRAM_MAX, HISTOGRAM_MAX + 1, INT64_MAX};
    double last = 0;
    int count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        histogram_add(histogram, values[i]);
    assert_int_equal(histogram->min, 0);
    assert_int_equal(histogram->max, HISTOGRAM_MAX);
    json = histogram_json(histogram);
    assert_string_equal(json_text(json, "unit"), "ns");
    assert_float_equal(json_number(json, "count"), 10, 0);
    cJSON_ArrayForEach(bucket, json_field(json, "buckets"))
    {
        double low = bucket->child->valuedouble, high = bucket->child->next->valuedouble;

        assert_true(low >= last && high > low);
        assert_true(high - low <= fmax(1, low / 128));
        count += bucket->child->next->next->valueint;
        last = high;
    }
    assert_int_equal(count, 10);
    assert_float_equal(last, (double)HISTOGRAM_MAX + 1, 0);
    cJSON_Delete(json);
    free(histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error),
        cmocka_unit_test(test_small),
        cmocka_unit_test(test_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
