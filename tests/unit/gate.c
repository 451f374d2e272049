/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/gate.h"
#include "scenarios/scenario.h"

enum { FLOOR, PITH, PITH_B };
static const struct model_target targets[] = {
    {.name = "floor"}, {.name = "pith"}, {.name = "pith-b"}};

/* A run of floor, base and new: boot.virtual_ns, and beside it a metric that is not exact, and an
 * exact one of which more is better. */
struct fixture {
    struct model_metric metrics[3];
    struct model_series series[5];
    struct model_sample samples[5];
    const struct model_series *lists[5];
    struct model model;
};

static void add(struct fixture *fixture, int index, int metric, int target, double value,
                const char *note)
{
    fixture->samples[index] = (struct model_sample){.has_value = value >= 0,
                                                    .value = value >= 0 ? value : 0,
                                                    .failure = value < 0 ? "it \033 crashed" : "",
                                                    .note = note ? note : ""};
    fixture->series[index] = (struct model_series){.metric = &fixture->metrics[metric],
                                                   .target = &targets[target],
                                                   .samples = &fixture->samples[index],
                                                   .sample_count = 1};
    fixture->lists[index] = &fixture->series[index];
    if (fixture->metrics[metric].series_count++ == 0)
        fixture->metrics[metric].series = &fixture->lists[index];
}

static void fill(struct fixture *fixture, double floor, double base, double new, const char *note)
{
    *fixture = (struct fixture){
        .metrics = {{.scenario = "boot", .name = "app", .unit = "ms", .clock = "host"},
                    {.scenario = "boot",
                     .name = "virtual_ns",
                     .unit = "ns",
                     .clock = VIRTUAL_CLOCK,
                     .start = "reset"},
                    {.scenario = "boot",
                     .name = "more",
                     .clock = VIRTUAL_CLOCK,
                     .direction = MODEL_HIGHER}}};
    add(fixture, 0, 0, PITH, 1, NULL);
    add(fixture, 1, 1, FLOOR, floor, NULL);
    add(fixture, 2, 1, PITH, base, NULL);
    add(fixture, 3, 1, PITH_B, new, note);
    add(fixture, 4, 2, PITH, 1, NULL);
    fixture->model = (struct model){.metrics = fixture->metrics, .metric_count = 3};
}

static struct gate_row judged(double floor, double base, double new, const char *note,
                              double threshold)
{
    static struct gate_row rows[GATE_ROWS];
    struct error error = {0};
    struct fixture fixture;

    fill(&fixture, floor, base, new, note);
    assert_int_equal(gate_judge(&fixture.model, "pith", threshold, rows, &error), 1);
    assert_string_equal(rows[0].metric, "virtual_ns");
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

/* Where the metric is a difference already, the floor has no part in it. */
static void test_no_floor(void **state)
{
    static struct gate_row rows[GATE_ROWS];
    struct fixture fixture;

    (void)state;
    fill(&fixture, -1, 100, 101, NULL);
    fixture.metrics[1].start = "marker";
    assert_int_equal(gate_judge(&fixture.model, "pith", 0.5, rows, NULL), 1);
    assert_int_equal(rows[0].verdict, GATE_GREW);
    assert_float_equal(rows[0].growth, 1, 1e-9);
    fill(&fixture, -1, 0, 1, NULL);
    fixture.metrics[1].start = "marker";
    assert_int_equal(gate_judge(&fixture.model, "pith", 0.5, rows, NULL), 1);
    assert_true(isinf(rows[0].growth));
    fixture.metrics[1].series_count = 2; /* no NEW */
    assert_int_equal(gate_judge(&fixture.model, "pith", 0.5, rows, NULL), 1);
    assert_int_equal(rows[0].verdict, GATE_REFUSED);
    assert_string_equal(rows[0].reason, "NEW was not measured");
}

/* The kernels' sizes, and what is no time, are exact in every run. */
static void test_counts(void **state)
{
    static struct gate_row rows[GATE_ROWS];
    struct model_target sized[] = {
        {.name = "pith", .has_kernel = true, .kernel.bytes = 1000},
        {.name = "pith-b", .has_kernel = true, .kernel.bytes = 1002},
    };
    struct fixture fixture;

    (void)state;
    fill(&fixture, 5000, 25000, 25000, NULL);
    fixture.metrics[1].clock = "none: a count";
    fixture.metrics[1].start = "none";
    fixture.model.targets = sized;
    fixture.model.target_count = 2;
    assert_int_equal(gate_judge(&fixture.model, "pith", 0.1, rows, NULL), 2);
    assert_int_equal(rows[0].verdict, GATE_PASS);
    assert_float_equal(rows[0].base, 25000, 0); /* whole: the floor has no part in it */
    assert_string_equal(rows[1].scenario, "image");
    assert_int_equal(rows[1].verdict, GATE_GREW);
    assert_float_equal(rows[1].growth, 0.2, 1e-9);
    sized[1].kernel.bytes = 900;
    assert_int_equal(gate_judge(&fixture.model, "pith", 0, rows, NULL), 2);
    assert_int_equal(rows[1].verdict, GATE_PASS);
}

static void test_junit(void **state)
{
    struct gate_row rows[] = {
        {.scenario = "boot", .metric = "a", .unit = "ns", .verdict = GATE_PASS},
        {.scenario = "b\"<",
         .metric = "b",
         .unit = "ns",
         .base = 1000,
         .new = 1101.4,
         .growth = 10.14,
         .verdict = GATE_GREW},
        {.scenario = "boot", .metric = "c", .verdict = GATE_REFUSED, .reason = "it \033 & crashed"},
    };
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    gate_junit(rows, 3, 0.1, out);
    fclose(out);
    assert_string_equal(
        text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
              "<testsuite name=\"tare gate\" tests=\"3\" failures=\"1\" errors=\"1\">\n"
              "  <testcase classname=\"boot\" name=\"a\"/>\n"
              "  <testcase classname=\"b&quot;&lt;\" name=\"b\">\n"
              "    <failure message=\"1000 -&gt; 1101 ns: +10.140 %, threshold 0.1 %\"/>\n"
              "  </testcase>\n"
              "  <testcase classname=\"boot\" name=\"c\">\n"
              "    <error message=\"it \\x1b &amp; crashed\"/>\n"
              "  </testcase>\n"
              "</testsuite>\n");
    free(text);
}

static void test_nothing(void **state)
{
    static struct gate_row rows[GATE_ROWS];
    struct error error = {0};
    struct fixture fixture;

    (void)state;
    fill(&fixture, 1, 2, 3, NULL);
    fixture.model.metric_count = 1;
    assert_int_equal(gate_judge(&fixture.model, "pith", 0.1, rows, &error), -EINVAL);
    assert_non_null(strstr(error.text, "no exact metric"));
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
        cmocka_unit_test(test_growth),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_floor), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_print),    cmocka_unit_test(test_counts),
        cmocka_unit_test(test_junit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
