/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/json.h"
#include "bench/result/compare.h"
#include "bench/result/paired.h"
#include "tests/simulate/draws.h"
#include "tests/unit/document.h"

#define VALUES 64

static const struct compare_rules rules = {0.05, 0.001, NULL, 1};

/* A run of one metric and one target. */
struct run {
    struct model_target target;
    struct model_metric metric;
    struct model_series series;
    const struct model_series *list[1];
    struct model_sample samples[VALUES];
    struct model model;
};

static void make(struct run *run, const double *values, size_t n, enum model_direction direction)
{
    *run = (struct run){
        .target = {.name = "pith", .twin_of = ""},
        .metric = {.scenario = "boot",
                   .name = "app",
                   .unit = "ms",
                   .clock = "host CLOCK_MONOTONIC",
                   .direction = direction,
                   .series = run->list,
                   .series_count = 1},
        .list = {&run->series},
        .series = {.metric = &run->metric,
                   .target = &run->target,
                   .samples = run->samples,
                   .sample_count = n},
        .model = {.targets = &run->target,
                  .series = &run->series,
                  .metrics = &run->metric,
                  .target_count = 1,
                  .series_count = 1,
                  .metric_count = 1,
                  .base = ""},
    };
    for (size_t i = 0; i < n; i++)
        run->samples[i] = (struct model_sample){
            .has_value = true, .value = values[i], .repetition = i + 1, .note = "", .failure = ""};
    assert_int_equal(stats_summary(values, n, &run->series.summary), 0);
}

/* The judged comparison of two samples. */
static struct comparison compared(const double *old, size_t n, const double *new, size_t m,
                                  enum model_direction direction)
{
    static struct run runs[2];
    struct comparisons list = {0};
    struct comparison only;

    make(&runs[0], old, n, direction);
    make(&runs[1], new, m, direction);
    assert_int_equal(compare_runs(&runs[0].model, &runs[1].model, "", &rules, &list), 0);
    assert_int_equal(compare_judge(&list), 0);
    assert_int_equal(list.count, 1);
    only = list.list[0];
    compare_free(&list);
    return only;
}

/* Log-normal noise of 2 % around `median`. */
static void noisy(gsl_rng *random, double median, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = median * exp(gsl_ran_gaussian(random, 0.02));
}

/* How many of 500 comparisons of n values give the verdict, NEW being `factor` of OLD. */
static int share_of(enum compare_verdict verdict, double factor, size_t n)
{
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int found = 0;

    gsl_rng_set(random, 3);
    for (int run = 0; run < 500; run++) {
        double old[VALUES], new[VALUES];

        noisy(random, 10, old, n);
        noisy(random, 10 * factor, new, n);
        found += compared(old, n, new, n, MODEL_LOWER).verdict == verdict;
    }
    gsl_rng_free(random);
    return found;
}

static void test_verdicts(void **state)
{
    (void)state;
    assert_int_equal(share_of(COMPARE_WORSE, 1, 12) + share_of(COMPARE_BETTER, 1, 12), 0);
    assert_in_range(share_of(COMPARE_SAME, 1, 12), 490, 500);
    assert_in_range(share_of(COMPARE_WORSE, 1.10, 12), 490, 500);
    assert_in_range(share_of(COMPARE_BETTER, 1 / 1.10, 12), 490, 500);
    assert_int_equal(share_of(COMPARE_SAME, 1.10, 12), 0); /* twice the threshold */
    /* At the threshold itself "same" is wrong, in at most 5 % of cases. */
    assert_in_range(share_of(COMPARE_SAME, 1.05, 12), 0, 35);
    /* Four values each can show nothing. */
    assert_int_equal(share_of(COMPARE_UNCLEAR, 1.5, 4), 500);
}

static void test_direction(void **state)
{
    double old[12], new[12];
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    (void)state;
    noisy(random, 10, old, 12);
    noisy(random, 12, new, 12);
    assert_int_equal(compared(old, 12, new, 12, MODEL_LOWER).verdict, COMPARE_WORSE);
    assert_int_equal(compared(old, 12, new, 12, MODEL_HIGHER).verdict, COMPARE_BETTER);
    assert_float_equal(compared(old, 12, new, 12, MODEL_HIGHER).ratio, 1.2, 0.04);
    gsl_rng_free(random);
}

/* With as many more values as it says, it can be told. */
static void test_more(void **state)
{
    const double old[] = {10, 11, 12, 13, 14, 15}, new[] = {10, 11, 12, 13, 14, 15};
    struct comparison about = compared(old, 6, new, 6, MODEL_LOWER);

    (void)state;
    assert_int_equal(about.verdict, COMPARE_UNCLEAR);
    assert_in_range(about.more, 20, 400);
    about = compared(old, 3, new, 3, MODEL_LOWER);
    assert_int_equal(about.verdict, COMPARE_UNCLEAR);
    assert_in_range(about.more, 2, 100);
}

static void test_exact(void **state)
{
    const double old[] = {1000}, equal[] = {1000, 1000}, more[] = {1002};
    struct comparisons list = {0};
    static struct run runs[3];

    (void)state;
    make(&runs[0], old, 1, MODEL_LOWER);
    make(&runs[1], equal, 2, MODEL_LOWER);
    make(&runs[2], more, 1, MODEL_LOWER);
    for (int i = 0; i < 3; i++)
        runs[i].metric.clock = "guest TSC under -icount shift=0";
    assert_int_equal(compare_runs(&runs[0].model, &runs[1].model, "", &rules, &list), 0);
    assert_int_equal(compare_runs(&runs[0].model, &runs[2].model, "", &rules, &list), 0);
    assert_int_equal(compare_judge(&list), 0);
    assert_int_equal(list.list[0].verdict, COMPARE_SAME);
    assert_int_equal(list.list[1].verdict, COMPARE_WORSE);
    compare_free(&list);
}

static void test_zero(void **state)
{
    const double some[] = {1, 2, 3}, zero[] = {0, 1, 2};

    (void)state;
    assert_non_null(compared(some, 3, zero, 3, MODEL_LOWER).reason);
    assert_null(compared(some, 3, some, 3, MODEL_LOWER).reason);
}

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") */
static void test_holm(void **state)
{
    const double p[] = {0.01, 0.04, 0.03, 0.005}, expected[] = {0.03, 0.06, 0.06, 0.02};
    double corrected[4];

    (void)state;
    assert_int_equal(compare_holm(p, 4, corrected), 0);
    for (int i = 0; i < 4; i++)
        assert_float_equal(corrected[i], expected[i], 1e-12);
    assert_int_equal(compare_holm(NULL, 0, corrected), 0);
}

static void expect_difference(const char *path, const char *name, const char *json,
                              const char *expected)
{
    cJSON *old = document_complete(), *new = document_complete();
    char said[128];

    document_set(new, path, name, json);
    assert_int_equal(compare_conditions(old, new, said, sizeof said), *expected != '\0');
    assert_string_equal(said, expected);
    cJSON_Delete(old);
    cJSON_Delete(new);
}

static void test_conditions(void **state)
{
    (void)state;
    expect_difference("run", "accel", "\"tcg\"", "");
    expect_difference("run", "accel", "\"kvm\"", "accelerator");
    expect_difference("run", "memory_mib", "512", "memory");
    expect_difference("host", "cpu", "\"another\"", "host");
    expect_difference("run", "seed", "99", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),   cmocka_unit_test(test_direction),
        cmocka_unit_test(test_more),       cmocka_unit_test(test_exact),
        cmocka_unit_test(test_zero),       cmocka_unit_test(test_holm),
        cmocka_unit_test(test_conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
