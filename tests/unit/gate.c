/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/gate.h"
#include "bench/result/results.h"

static void add(cJSON *document, const char *metric, const char *target, double value,
                const char *note)
{
    cJSON *series = cJSON_CreateObject(), *sample = cJSON_CreateObject();

    cJSON_AddStringToObject(series, "scenario", "boot");
    cJSON_AddStringToObject(series, "metric", metric);
    cJSON_AddStringToObject(series, "target", target);
    if (value < 0)
        cJSON_AddStringToObject(sample, "error", "it \033 crashed");
    else
        cJSON_AddNumberToObject(sample, "value", value);
    if (note)
        cJSON_AddStringToObject(sample, "note", note);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(series, "samples"), sample);
    cJSON_AddItemToArray(json_field(document, "metrics"), series);
}

/* The gate over boot.virtual_ns of floor, base and new; beside it a metric that is not exact. */
static struct gate_row judged(double floor, double base, double new, const char *note,
                              double threshold)
{
    static struct gate_row rows[GATE_ROWS];
    cJSON *document = cJSON_Parse("{\"metrics\":[]}");
    struct error error = {0};

    add(document, "app", "pith", 1, NULL);
    add(document, "app", "pith-b", 100, NULL);
    add(document, "virtual_ns", "floor", floor, NULL);
    add(document, "virtual_ns", "pith", base, NULL);
    add(document, "virtual_ns", "pith-b", new, note);
    assert_int_equal(gate_judge(document, "pith", threshold, rows, &error), 1);
    assert_string_equal(rows[0].metric, "virtual_ns");
    cJSON_Delete(document);
    return rows[0];
}

static void test_growth(void **state)
{
    struct gate_row row = judged(5000, 25000, 25030, NULL, 0.1);

    (void)state;
    assert_int_equal(row.verdict, GATE_GREW); /* 30 of 20000: the floor's part does not dilute it */
    assert_float_equal(row.base, 20000, 0);
    assert_float_equal(row.growth, 0.15, 1e-9);
    assert_int_equal(judged(5000, 25000, 25030, NULL, 0.2).verdict, GATE_PASS);
    assert_int_equal(judged(5000, 25000, 25020, NULL, 0.1).verdict, GATE_PASS); /* just at it */
    assert_int_equal(judged(5000, 25000, 25000, NULL, 0).verdict, GATE_PASS);
    assert_int_equal(judged(5000, 25000, 25001, NULL, 0).verdict, GATE_GREW);
    assert_int_equal(judged(5000, 25000, 9000, NULL, 0.1).verdict, GATE_PASS);
}

static void test_refused(void **state)
{
    struct gate_row row = judged(5000, 25000, 25000, "idle", 0.1);

    (void)state;
    assert_int_equal(row.verdict, GATE_REFUSED);
    assert_non_null(strstr(row.reason, "NEW is inexact (idle)"));
    row = judged(5000, 25000, -1, NULL, 0.1);
    assert_int_equal(row.verdict, GATE_REFUSED);
    assert_non_null(strstr(row.reason, "NEW failed: it"));
    assert_int_equal(judged(-1, 25000, 25000, NULL, 0.1).verdict, GATE_REFUSED);
    assert_int_equal(judged(5000, 5000, 25000, NULL, 0.1).verdict, GATE_REFUSED);
    assert_int_equal(judged(5000, 25000, 5000, NULL, 0.1).verdict, GATE_REFUSED);
}

static void test_nothing(void **state)
{
    static struct gate_row rows[GATE_ROWS];
    cJSON *document = cJSON_Parse("{\"metrics\":[]}");
    struct error error = {0};

    (void)state;
    add(document, "app", "pith", 1, NULL);
    assert_int_equal(gate_judge(document, "pith", 0.1, rows, &error), -EINVAL);
    assert_non_null(strstr(error.text, "no exact metric"));
    cJSON_Delete(document);
}

static void test_print(void **state)
{
    struct gate_row rows[] = {{.scenario = "boot",
                               .metric = "a",
                               .unit = "ns",
                               .base = 10,
                               .new = 11,
                               .growth = 10,
                               .verdict = GATE_GREW},
                              {.scenario = "boot",
                               .metric = "b",
                               .unit = "ns",
                               .verdict = GATE_REFUSED,
                               .reason = "it \033 crashed"}};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_false(gate_print(rows, 2, 0.1, out));
    rows[0].verdict = GATE_PASS;
    assert_true(gate_print(rows, 1, 0.1, out));
    fclose(out);
    assert_non_null(strstr(text, "+10.000 %"));
    assert_non_null(strstr(text, "boot.b: it \\x1b crashed"));
    assert_null(strchr(text, '\033'));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
