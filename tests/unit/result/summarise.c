/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/result/results.h"

static const cJSON *summary_of(const cJSON *document, const char *metric, const char *target)
{
    const char *scenario = strcmp(metric, "app") == 0 ? "boot" : "net";

    return json_field(results_series(document, scenario, metric, target), "summary");
}

/* Whether there is a warning with this code that says so. */
static bool warns(const cJSON *document, const char *code, const char *text)
{
    const cJSON *warning;

    cJSON_ArrayForEach(warning, json_field(document, "warnings"))
    {
        if (strcmp(json_text(warning, "code"), code) == 0 &&
            strstr(json_text(warning, "text"), text))
            return true;
    }
    return false;
}

static void test_summaries(void **state)
{
    cJSON *document = document_complete();
    const cJSON *summary = summary_of(document, "app", "linux");

    (void)state;
    assert_float_equal(json_number(summary, "n"), 2, 0);
    assert_float_equal(json_number(summary, "failed"), 1, 0);
    assert_float_equal(json_number(summary, "median"), 25, 0);
    assert_float_equal(json_number(summary, "min"), 10, 0); /* the warm-up of 70 does not count */
    assert_float_equal(json_number(summary, "max"), 40, 0);
    assert_float_equal(json_number(summary, "coverage"), 0.5, 1e-12); /* of min .. max */
    assert_null(json_field(summary, "ci95")); /* no 95 % from two values, nor quantiles */
    assert_null(json_field(summary, "p5"));
    assert_true(
        warns(document, "failed",
              "2 of 5 series: samples failed: boot.app linux 1 of 3; net.tcp linux 3 of 3"));
    summary = summary_of(document, "tcp", "linux");
    assert_float_equal(json_number(summary, "n"), 0, 0);
    assert_float_equal(json_number(summary, "failed"), 3, 0);
    assert_null(json_field(summary, "median"));
    cJSON_Delete(document);
}

static void test_ratios(void **state)
{
    cJSON *document = document_complete();
    const cJSON *ratios = json_field(document, "ratios");
    const cJSON *ratio = results_find(ratios, "boot", "app", "pith");

    (void)state;
    /* Only whole pairs count, and the drift divides out. */
    assert_string_equal(json_text(ratio, "base"), "linux");
    assert_float_equal(json_number(ratio, "pairs"), 2, 0);
    assert_float_equal(json_number(ratio, "median"), 0.1, 1e-12);
    assert_null(json_field(ratio, "ci95"));
    assert_float_equal(json_number(ratio, "min"), 0.1, 1e-12);
    assert_float_equal(json_number(ratio, "coverage"), 0.5, 1e-12);
    assert_null(results_find(ratios, "boot", "app", "linux"));
    assert_null(results_find(ratios, "net", "tcp", "pith")); /* linux has no value */
    cJSON_Delete(document);
}

/* Whether the ratios are to `name` once the targets have these ranks; NULL: none. */
static bool is_base(const char *name, const char *const ranks[3])
{
    cJSON *document = document_raw();
    struct error error = {0};
    bool is;

    for (int i = 0; i < 3; i++) {
        char path[] = {"targets/0"};

        path[strlen(path) - 1] = (char)('0' + i);
        document_set(document, path, "baseline_rank", ranks[i]);
    }
    assert_int_equal(summarise(document, &error), 0);
    is = strcmp(json_text(json_field(document, "ratios")->child, "base"), name) == 0;
    cJSON_Delete(document);
    return is;
}

static void test_base(void **state)
{
    (void)state;
    assert_true(is_base("linux", (const char *const[]){NULL, "2", NULL}));
    assert_true(is_base("host", (const char *const[]){"3", "2", "1"}));    /* the best rank */
    assert_true(is_base("pith", (const char *const[]){NULL, NULL, NULL})); /* the first */
}

/* A VM's base is one of the same driver, or no VM. */
static void test_base_of_driver(void **state)
{
    cJSON *document = document_raw();
    struct error error = {0};

    (void)state;
    document_set(document, "targets/0", "driver", "\"qemu\"");
    assert_int_equal(summarise(document, &error), 0);
    assert_null(results_find(json_field(document, "ratios"), "boot", "app", "pith"));
    document_set(document, "targets/2", "baseline_rank", "1");
    assert_int_equal(summarise(document, &error), 0);
    assert_string_equal(
        json_text(results_find(json_field(document, "ratios"), "boot", "app", "pith"), "base"),
        "host");
    cJSON_Delete(document);
}

/* A base that was 0 once gives no ratio at all. */
static void test_zero(void **state)
{
    cJSON *document = document_raw();
    struct error error = {0};

    (void)state;
    document_set(document, "metrics/2/samples/0", "value", "0");
    assert_int_equal(summarise(document, &error), 0);
    assert_null(results_find(json_field(document, "ratios"), "boot", "app", "pith"));
    document_set(document, "metrics/2/samples/0", "value", "1e999");
    assert_int_equal(summarise(document, &error), -EINVAL);
    assert_non_null(strstr(error.text, "statistics: "));
    cJSON_Delete(document);
}

/* Whether pith's boot.app has a ratio if it is in `unit` and linux has these two values. */
static bool has_ratio(const char *unit, const char *first, const char *last)
{
    cJSON *document = document_raw(), *series;
    struct error error = {0};
    bool has;

    cJSON_ArrayForEach(
        series,
        json_field(document, "metrics")) if (strcmp(json_text(series, "metric"), "app") == 0)
        json_replace(series, "unit", cJSON_CreateString(unit));
    document_set(document, "metrics/0/samples/0", "value", "10");
    document_set(document, "metrics/2/samples/0", "value", first);
    document_set(document, "metrics/2/samples/2", "value", last);
    assert_int_equal(summarise(document, &error), 0);
    has = results_find(json_field(document, "ratios"), "boot", "app", "pith") != NULL;
    cJSON_Delete(document);
    return has;
}

/* A metric may say that it has none. */
static void test_no_ratio(void **state)
{
    cJSON *document = document_raw();
    struct error error = {0};

    (void)state;
    document_set(document, "metrics/0", "ratio", "false");
    assert_int_equal(summarise(document, &error), 0);
    assert_null(results_find(json_field(document, "ratios"), "boot", "app", "pith"));
    assert_non_null(results_find(json_field(document, "ratios"), "boot", "app", "host"));
    cJSON_Delete(document);
}

/* Where it does not say so, a ratio of percentages near 0 says nothing. */
static void test_percentages(void **state)
{
    (void)state;
    assert_true(has_ratio("%", "10", "40"));
    assert_false(has_ratio("%", "0.2", "0.4"));
    assert_true(has_ratio("ms", "0.2", "0.4"));
}

/* Give the series at `path` these samples. */
static void set_samples(cJSON *document, const char *path, const double *values, int count)
{
    cJSON *samples = cJSON_CreateArray();

    for (int i = 0; i < count; i++) {
        cJSON *sample = cJSON_CreateObject();

        cJSON_AddNumberToObject(sample, "value", values[i]);
        cJSON_AddItemToArray(samples, sample);
    }
    json_replace(document_at(document, path), "samples", samples);
}

static const double outlier[] = {10, 10.1, 9.9, 10.2, 9.8, 10, 10.3, 9.7, 50, 10.1, 9.9, 10.2};

static void test_shape(void **state)
{
    double modes[30], rising[30];
    cJSON *document = document_raw();
    struct error error = {0};

    (void)state;
    for (int i = 0; i < 30; i++) {
        modes[i] = (i % 2 ? 1 : 9) + 0.01 * (i * 7 % 30);
        rising[i] = i + 0.1 * (i * 7 % 11);
    }
    set_samples(document, "metrics/0", outlier, 12);
    set_samples(document, "metrics/4", modes, 30);
    set_samples(document, "metrics/2", rising, 30);
    assert_int_equal(summarise(document, &error), 0);
    assert_true(warns(document, "outliers", "1 of 5 series: outliers"));
    assert_true(warns(document, "outliers", ": boot.app pith 1 of 12"));
    assert_true(warns(document, "bimodal", ": boot.app host 30 values"));
    assert_true(warns(document, "drift", ": boot.app linux 30 values"));
    document_at(document, "metrics/4/summary/ci95");
    document_at(document, "metrics/4/summary/p95");
    cJSON_Delete(document);
}

/* Bytes that are no marker are told, with the value or the failure beside which they came. */
static void test_bad_markers(void **state)
{
    cJSON *document = document_raw();
    struct error error = {0};
    cJSON *samples;

    (void)state;
    set_samples(document, "metrics/0", outlier, 12);
    samples = json_field(document_at(document, "metrics/0"), "samples");
    cJSON_AddNumberToObject(samples->child, "bad_markers", 3);
    cJSON_AddNumberToObject(samples->child->next, "bad_markers", 4);
    assert_int_equal(summarise(document, &error), 0);
    assert_true(warns(document, "bad-markers", "1 of 5 series: "));
    assert_true(warns(document, "bad-markers", ": boot.app pith 7 bytes"));
    cJSON_Delete(document);
}

/* One line for all series, however many. */
static void test_one_line(void **state)
{
    cJSON *document = document_raw();
    struct error error = {0};
    const cJSON *warning;
    int lines = 0;

    (void)state;
    for (int i = 0; i < 60; i++) {
        cJSON *copy = cJSON_Duplicate(document_at(document, "metrics/0"), true);
        char name[16], path[24];

        snprintf(name, sizeof name, "copy%d", i);
        json_replace(copy, "metric", cJSON_CreateString(name));
        cJSON_AddItemToArray(json_field(document, "metrics"), copy);
        snprintf(path, sizeof path, "metrics/%d", i + 5);
        set_samples(document, path, outlier, 12);
    }
    assert_int_equal(summarise(document, &error), 0);
    cJSON_ArrayForEach(warning, json_field(document, "warnings"))
    {
        lines += strcmp(json_text(warning, "code"), "outliers") == 0;
    }
    assert_int_equal(lines, 1);
    assert_true(warns(document, "outliers", "60 of 65 series"));
    assert_true(warns(document, "outliers", "boot.copy59 pith 1 of 12"));
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summaries),   cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_base),        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_shape),       cmocka_unit_test(test_percentages),
        cmocka_unit_test(test_one_line),    cmocka_unit_test(test_base_of_driver),
        cmocka_unit_test(test_bad_markers), cmocka_unit_test(test_no_ratio),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
