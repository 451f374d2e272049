/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"
#include "tests/unit/fixture.h"

#include "bench/report/figure.h"

static int count;

static void write_app(const struct model *model, FILE *out)
{
    count = figure_metric(model, model_metric(model, "boot", "app"), out);
}

static void write_tcp(const struct model *model, FILE *out)
{
    count = figure_metric(model, model_metric(model, "net", "tcp"), out);
}

static void test_metric(void **state)
{
    char *text = document_written(document_complete(), write_app);

    (void)state;
    assert_int_equal(count, 3);
    assert_string_equal(text, "0\tpith\t2\t1\t4\n1\tlinux\t25\t10\t40\n2\thost\t0.5\t0.5\t0.5\n\n\n"
                              "0\t1\n0\t2\n0\t4\n1\t10\n1\t40\n2\t0.5\n2\t0.5\n2\t0.5\n");
    free(text);
    text = document_written(document_complete(), write_tcp);
    assert_int_equal(count, 1); /* linux has no value and no place */
    assert_string_equal(text, "0\tpith\t5\t4\t6\n\n\n0\t4\n0\t5\n0\t6\n");
    free(text);
}

static void write_rates(const struct model *model, FILE *out)
{
    double scale;

    assert_string_equal(figure_rate_unit(&model->scenarios[1], &scale), "Gbit/s");
    assert_float_equal(scale, 1e9, 0);
    count = figure_rates(model, &model->scenarios[1], out, out);
}

static void write_intervals(const struct model *model, FILE *out)
{
    count = figure_intervals(model, &model->scenarios[1], out, out);
}

static void write_no_rates(const struct model *model, FILE *out)
{
    count = figure_rates(model, &model->scenarios[0], out, out);
    assert_int_equal(figure_intervals(model, &model->scenarios[0], out, out), 0);
}

/* Two metrics: `other` has a title, is of pith only, and has no intervals. */
static cJSON *two_rates(void)
{
    cJSON *document = document_complete();
    cJSON *other = cJSON_Duplicate(document_at(document, "metrics/1"), true);

    json_replace(other, "metric", cJSON_CreateString("other"));
    json_replace(other, "title", cJSON_CreateString("a \"title\""));
    cJSON_AddItemToArray(json_field(document, "metrics"), other);
    for (int i = 0; i < 2; i++)
        cJSON_DeleteItemFromObject(cJSON_GetArrayItem(json_field(other, "samples"), i), "series");
    return document;
}

static void test_rates(void **state)
{
    char *text = document_written(two_rates(), write_rates);

    (void)state;
    assert_int_equal(count, 2);
    assert_string_equal(text, "\"tcp\" \"tcp\" \"other\" \"a 'title'\""
                              "\"pith\"\n0\t5\t4\t6\n1\t5\t4\t6\n"
                              "\n\n\"linux\"\n0\t?\t?\t?\n1\t?\t?\t?\n");
    free(text);
    text = document_written(two_rates(), write_no_rates);
    assert_int_equal(count, 0);
    assert_string_equal(text, "");
    free(text);
}

static void test_intervals(void **state)
{
    char *text = document_written(two_rates(), write_intervals);

    (void)state;
    assert_int_equal(count, 1);
    assert_string_equal(text, "\"tcp\" \"tcp\"\"pith\"\n0.25\t1\n0.75\t4\n\n0.25\t2\n0.75\t5\n\n"
                              "NaN\tNaN\n\n\n\"linux\"\nNaN\tNaN\n");
    free(text);
}

static void write_percentiles(const struct model *model, FILE *out)
{
    count = figure_percentiles(model, &model->scenarios[1], out, out);
}

static void test_percentiles(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "metrics/1/samples/0", "histogram", "{\"buckets\":[[1000,1001,3]]}");
    text = document_written(document, write_percentiles);
    assert_int_equal(count, 1);
    assert_string_equal(text,
                        "\"tcp\" \"tcp\"\"pith\"\n3\t0.001\nNaN\tNaN\n\n\n\"linux\"\nNaN\tNaN\n"
                        "\n\n\"host\"\nNaN\tNaN\n");
    free(text);
    text = document_written(document_complete(), write_percentiles);
    assert_int_equal(count, 0);
    free(text);
}

static void write_steps(const struct model *model, FILE *out)
{
    count = figure_steps(model, &model->scenarios[1], out, out);
}

/* Steps of VMs only; what a step does not tell, or tells to be 0, has no point. */
static void test_steps(void **state)
{
    cJSON *document = document_complete();
    char *text;

    (void)state;
    document_set(document, "metrics/1/samples/0", "steps",
                 "[{\"vms\":1,\"ready_all_ms\":50,\"boot_while_ms\":60,\"memory_mib\":-3},"
                 "{\"vms\":2,\"ready_all_ms\":90,\"p50_ms\":0.5}]");
    text = document_written(document, write_steps);
    assert_int_equal(count, 4);
    assert_holds(text, "\"ready_all\" \"s until all are ready\"\"pith\"\n1\t0.05");
    assert_holds(text, "\n2\t0.089999999999999997\n\nNaN\tNaN\n\n\n\"linux\"\nNaN\tNaN\n");
    assert_holds(text, "\"pith\"\n1\t60\n\nNaN");
    assert_holds(text, "\"pith\"\n\nNaN"); /* memory */
    assert_holds(text, "\"pith\"\n2\t0.5\n\nNaN");
    free(text);
    document = document_complete();
    document_set(document, "metrics/1/samples/0", "steps", "[{\"offered\":5}]");
    text = document_written(document, write_steps);
    assert_int_equal(count, 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric),    cmocka_unit_test(test_rates),
        cmocka_unit_test(test_intervals), cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
