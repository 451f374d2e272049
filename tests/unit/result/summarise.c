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
    assert_true(warns(document, "failed", "linux app: 1 of 3 samples failed"));
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

static void test_shape(void **state)
{
    static const double outlier[] = {10, 10.1, 9.9, 10.2, 9.8, 10, 50},
                        modes[] = {1, 1.1, 1.2, 1, 1.1, 9, 9.1, 9.2, 9, 9.1};
    cJSON *document = document_raw();
    struct error error = {0};

    (void)state;
    json_replace(document_at(document, "metrics/0"), "samples", cJSON_CreateArray());
    json_replace(document_at(document, "metrics/4"), "samples", cJSON_CreateArray());
    for (int i = 0; i < 27; i++) {
        cJSON *sample = cJSON_CreateObject();

        cJSON_AddNumberToObject(sample, "value", i < 7 ? outlier[i] : modes[i % 10]);
        cJSON_AddItemToArray(
            document_at(document, i < 7 ? "metrics/0/samples" : "metrics/4/samples"), sample);
    }
    assert_int_equal(summarise(document, &error), 0);
    assert_true(warns(document, "outliers", "pith app: 1 of 7 samples are outliers"));
    assert_true(warns(document, "bimodal", "host app: the samples look bimodal"));
    assert_false(warns(document, "bimodal", "pith app"));
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summaries), cmocka_unit_test(test_ratios),
        cmocka_unit_test(test_base),      cmocka_unit_test(test_zero),
        cmocka_unit_test(test_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
