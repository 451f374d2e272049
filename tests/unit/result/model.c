/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/result/results.h"

static void test_run(void **state)
{
    cJSON *document = document_complete();
    struct model model;

    (void)state;
    assert_int_equal(model_read(document, &model, NULL), 0);
    assert_string_equal(model.run.machine, "microvm");
    assert_int_equal(model.run.memory_mib, 256);
    assert_true(model.run.tcg && model.run.complete);
    assert_false(model.run.valid || model.run.quiet || model.run.icount || model.run.alike);
    assert_int_equal(model.run.invalid_count, 1);
    assert_string_equal(model.run.invalid_reasons[0], "a \a reason");
    assert_string_equal(model.run.payload, "");
    assert_int_equal(model.host.cores, 2);
    assert_int_equal(model.target_count, 3);
    assert_int_equal(model_target(&model, "pith")->kernel.bytes, 304000);
    assert_false(model_target(&model, "host")->has_kernel);
    assert_null(model_target(&model, "pith")->a);
    assert_null(model_target(&model, "nobody"));
    assert_string_equal(model.base, "linux");
    assert_false(model.has_noise || model.has_twins);
    assert_true(model_has_failures(&model));
    assert_int_equal(model.warning_count, 1);
    assert_non_null(strstr(model.warnings[0].text, "boot.app linux 1 of 3"));
    model_free(&model);
    cJSON_Delete(document);
}

static void test_metrics(void **state)
{
    cJSON *document = document_complete();
    const struct model_metric *app, *tcp;
    struct model model;

    (void)state;
    assert_int_equal(model_read(document, &model, NULL), 0);
    assert_int_equal(model.scenario_count, 2);
    assert_string_equal(model.scenarios[1].name, "net");
    assert_int_equal(model.scenarios[1].metric_count, 1);
    app = model_metric(&model, "boot", "app");
    tcp = model_metric(&model, "net", "tcp");
    assert_ptr_equal(model.scenarios[1].metrics[0], tcp);
    assert_null(model_metric(&model, "net", "app"));
    assert_string_equal(app->title, "VM start to \"main()\"");
    assert_string_equal(app->start, "resume call");
    assert_string_equal(app->stop, "payload main");
    assert_string_equal(app->definition, "what it is");
    assert_int_equal(app->direction, MODEL_LOWER);
    assert_int_equal(app->series_count, 3);
    assert_string_equal(app->series[1]->target->name, "linux");
    assert_string_equal(app->shown_unit, "ms");
    assert_float_equal(app->scale, 1, 0);
    assert_string_equal(tcp->title, ""); /* as in results of earlier versions */
    assert_string_equal(tcp->start, "");
    assert_int_equal(tcp->direction, MODEL_HIGHER);
    assert_string_equal(tcp->shown_unit, "Gbit/s");
    assert_float_equal(tcp->scale, 1e9, 0);
    assert_null(model_series(tcp, "host"));
    model_free(&model);
    cJSON_Delete(document);
}

static void test_series(void **state)
{
    cJSON *document = document_complete();
    const struct model_series *series;
    const struct model_sample *sample;
    struct model model;

    (void)state;
    assert_int_equal(model_read(document, &model, NULL), 0);
    series = model_series(model_metric(&model, "boot", "app"), "linux");
    assert_int_equal(series->summary.n, 2);
    assert_int_equal(series->failed, 1);
    assert_float_equal(series->summary.median, 25, 0);
    assert_false(series->summary.has_ci95 || series->summary.has_tails);
    assert_float_equal(series->summary.coverage, 0.5, 0);
    assert_null(series->ratio);
    assert_null(series->twin);
    assert_null(series->noise);
    assert_int_equal(series->warmup_count, 1);
    assert_int_equal(series->sample_count, 3);
    assert_true(series->samples[0].has_value);
    assert_string_equal(series->samples[0].failure, "");
    assert_false(series->samples[1].has_value);
    assert_string_equal(series->samples[1].failure, "hung, \"really\"\n\033");
    sample = &series->samples[2];
    assert_float_equal(sample->value, 40, 0);
    assert_string_equal(sample->note, "idle");
    assert_float_equal(sample->t, 5, 0);
    assert_int_equal(sample->order, 10);
    assert_int_equal(sample->repetition, 3);
    assert_float_equal(model_series(series->metric, "pith")->ratio->summary.median, 0.1, 1e-12);
    assert_int_equal(model_series(series->metric, "pith")->ratio->summary.n, 2);
    series = model_series(model_metric(&model, "net", "tcp"), "pith");
    assert_int_equal(series->samples[1].interval_count, 2);
    assert_float_equal(series->samples[1].intervals[1].start, 0.5, 0);
    assert_float_equal(series->samples[1].intervals[1].value, 5e9, 0);
    assert_int_equal(series->samples[2].interval_count, 0);
    model_free(&model);
    cJSON_Delete(document);
}

static void test_histogram(void **state)
{
    cJSON *document = document_complete();
    const struct model_sample *sample;
    struct error error = {0};
    struct model model;

    (void)state;
    document_set(document, "metrics/1/samples/0", "histogram",
                 "{\"buckets\":[[1,2,3],[2,3,1],[512,516,2]]}");
    assert_int_equal(model_read(document, &model, NULL), 0);
    sample = model_series(model_metric(&model, "net", "tcp"), "pith")->samples;
    assert_int_equal(sample[0].bucket_count, 3);
    assert_float_equal(sample[0].buckets[2].high, 516, 0);
    assert_float_equal(sample[0].buckets[2].count, 2, 0);
    assert_int_equal(sample[1].bucket_count, 0);
    model_free(&model);
    for (int i = 0; i < 4; i++) {
        document_set(document, "metrics/1/samples/0", "histogram",
                     (const char *[]){"{\"buckets\":[[1,2]]}", "{\"buckets\":[[1,2,3],[1,4,1]]}",
                                      "{\"buckets\":[[1,\"2\",3]]}", "{\"buckets\":[[2,2,3]]}"}[i]);
        assert_int_equal(model_read(document, &model, &error), -EINVAL);
        assert_non_null(strstr(error.text, "field \"buckets\": must be [low, high, count]"));
    }
    cJSON_Delete(document);
}

/* A twin: it has its A's noise, and what the others' ratios are to is not its A. */
static void test_twins(void **state)
{
    cJSON *document = document_complete();
    const struct model_metric *app;
    struct model model;

    (void)state;
    document_set(document, "targets/0", "twin_of", "\"host\"");
    document_set(document, "run", "compare", "\"aa\"");
    document_set(document, "ratios/0", "base", "\"host\"");
    document_set(document, "", "noise",
                 "[{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"host\",\"mde\":0.25,"
                 "\"power\":0.95}]");
    document_set(document, "", "comparisons",
                 "[{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"pith\",\"pairs\":8,"
                 "\"difference\":-2,\"ci95\":[-3,-1],\"p\":0.001,\"mde\":0.5,"
                 "\"verdict\":\"better\"}]");
    assert_int_equal(model_read(document, &model, NULL), 0);
    assert_true(model.run.alike && model.has_noise && model.has_twins);
    assert_ptr_equal(model_target(&model, "pith")->a, model_target(&model, "host"));
    assert_string_equal(model.base, "linux");
    app = model_metric(&model, "boot", "app");
    assert_float_equal(model_series(app, "host")->noise->mde, 0.25, 0);
    assert_float_equal(model_series(app, "pith")->noise->mde, 0.25, 0);
    assert_null(model_series(app, "linux")->noise);
    assert_null(model_series(app, "host")->twin);
    assert_int_equal(model_series(app, "pith")->twin->verdict, MODEL_BETTER);
    assert_float_equal(model_series(app, "pith")->twin->interval[0], -3, 0);
    model_free(&model);
    document_set(document, "targets/2", "twin_of", "\"pith\"");
    assert_int_equal(model_read(document, &model, NULL), 0);
    assert_string_equal(model.base, "host"); /* all are twins: that of the first */
    model_free(&model);
    cJSON_Delete(document);
}

/* Earlier versions wrote a ci95 and quantiles for any number of values, and no coverage. */
static void test_older(void **state)
{
    cJSON *document = document_complete();
    const struct model_series *series;
    struct model model;

    (void)state;
    document_set(document, "metrics/2/summary", "ci95", "[11,39]");
    document_set(document, "metrics/2/summary", "p5", "12");
    document_set(document, "metrics/2/summary", "p95", "38");
    document_set(document, "metrics/2/summary", "coverage", NULL);
    document_set(document, "ratios/0", "ci95", "[0.05,0.2]");
    document_set(document, "ratios/0", "coverage", NULL);
    document_set(document, "ratios/0", "min", NULL);
    assert_int_equal(model_read(document, &model, NULL), 0);
    series = model_series(model_metric(&model, "boot", "app"), "linux");
    assert_true(series->summary.has_ci95 && series->summary.has_tails);
    assert_float_equal(series->summary.ci95[1], 39, 0);
    assert_float_equal(series->summary.p5, 12, 0);
    assert_float_equal(series->summary.coverage, 0, 0);
    assert_true(model_series(series->metric, "pith")->ratio->summary.has_ci95);
    model_free(&model);
    cJSON_Delete(document);
}

/* A document without series, or without failures, is one too. */
static void test_no_failures(void **state)
{
    cJSON *document = document_complete();
    struct model model;

    (void)state;
    document_set(document, "", "metrics", "[]");
    assert_int_equal(model_read(document, &model, NULL), 0);
    assert_int_equal(model.series_count, 0);
    assert_string_equal(model.base, "");
    assert_false(model_has_failures(&model));
    model_free(&model);
    document_set(document, "run", "complete", "false");
    assert_int_equal(model_read(document, &model, NULL), 0);
    assert_true(model_has_failures(&model));
    model_free(&model);
    cJSON_Delete(document);
}

#define ENTRY "{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"pith\""

static const struct {
    const char *path, *field, *json; /* NULL: deleted */
    const char *message;
} faults[] = {
    {"", "schema", "\"tare/2\"", "field \"schema\": must be \"tare/1\"; is this a tare result?"},
    {"", "run", NULL, "the document: field \"run\": missing"},
    {"", "host", "[]", "the document: field \"host\": must be an object"},
    {"", "metrics", "{}", "the document: field \"metrics\": must be an array"},
    {"", "noise", "1", "the document: field \"noise\": must be an array"},
    {"run", "machine", NULL, "run: field \"machine\": missing"},
    {"run", "accel", "null", "run: field \"accel\": must be text"},
    {"run", "payload", "[]", "run: field \"payload\": must be text"},
    {"run", "memory_mib", "-1", "run: field \"memory_mib\": must be a whole number from 0 on"},
    {"run", "vcpus", "1.5", "run: field \"vcpus\": must be a whole number from 0 on"},
    {"run", "icount", "1", "run: field \"icount\": must be true or false"},
    {"run", "compare", "\"xx\"", "run: field \"compare\": must be one of the words"},
    {"run", "compare", "1", "run: field \"compare\": must be one of the words"},
    {"run", "invalid_reasons", "[1]", "run: field \"invalid_reasons\": must be texts"},
    {"host", "cores", "1e999", "host: field \"cores\": must be a whole number from 0 on"},
    {"", "targets", "[1]", "targets[0]: must be an object"},
    {"targets/1", "name", "7", "targets[1]: field \"name\": must be a name: "},
    {"targets/1", "name", "\"../x\"", "targets[1]: field \"name\": must be a name: "},
    {"metrics/0", "scenario", "\"a/b\"", "metrics[0]: field \"scenario\": must be a name: "},
    {"metrics/0", "metric", "\"\\u001b[m\"", "metrics[0]: field \"metric\": must be a name: "},
    {"ratios/0", "base", "\"|x\"", "ratios[0]: field \"base\": must be a name: "},
    {"targets/1", "twin_of", "\"x\"", "targets[1]: field \"twin_of\": names no target"},
    {"targets/0/kernel", "bytes", NULL, "targets[0].kernel: field \"bytes\": missing"},
    {"metrics/2", "unit", NULL, "metrics[2]: field \"unit\": missing"},
    {"metrics/2", "unit", "\"s\"", "metrics[2]: field \"unit\": is not that of"},
    {"metrics/2", "direction", "\"higher\"", "metrics[2]: field \"direction\": is not that of"},
    {"metrics/0", "direction", "\"up\"", "metrics[0]: field \"direction\": must be one of"},
    {"metrics/0", "target", "\"x\"", "metrics[0]: field \"target\": names no target"},
    {"metrics/0", "title", "1", "metrics[0]: field \"title\": must be text"},
    {"metrics/0", "samples", "[[]]", "metrics[0].samples[0]: must be an object"},
    {"metrics/0/samples/1", "value", NULL, "metrics[0].samples[1]: has neither a number"},
    {"metrics/0/samples/1", "value", "1e999", "samples[1]: field \"value\": must be a number"},
    {"metrics/0/samples/1", "order", "\"1\"", "samples[1]: field \"order\": must be a whole"},
    {"metrics/0/samples/2", "t", NULL, "metrics[0].samples[2]: field \"t\": missing"},
    {"metrics/0/warmup/0", "repetition", NULL, "warmup[0]: field \"repetition\": missing"},
    {"metrics/1/samples/1/series/1", "seconds", NULL,
     "metrics[1].samples[1].series[1]: field \"seconds\": missing"},
    {"metrics/0/summary", "n", NULL, "metrics[0].summary: field \"n\": missing"},
    {"metrics/0/summary", "coverage", "\"\"", "summary: field \"coverage\": must be a number"},
    {"metrics/0/summary", "ci95", "[1]", "summary: field \"ci95\": must be two numbers"},
    {"metrics/0/summary", "ci95", "[1,\"2\"]", "summary: field \"ci95\": must be two numbers"},
    {"metrics/0/summary", "median", NULL, "metrics[0].summary: field \"median\": missing"},
    {"ratios/0", "base", NULL, "ratios[0]: field \"base\": missing"},
    {"", "noise", "[" ENTRY "}]", "noise[0]: field \"mde\": missing"},
    {"", "comparisons", "[" ENTRY ",\"pairs\":\"\"}]", "comparisons[0]: field \"pairs\": must be"},
    {"warnings/0", "remedy", "2", "warnings[0]: field \"remedy\": must be text"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        cJSON *document = document_complete();
        struct error error = {0};
        struct model model;

        document_set(document, faults[i].path, faults[i].field, faults[i].json);
        assert_int_equal(model_read(document, &model, &error), -EINVAL);
        if (!strstr(error.text, faults[i].message))
            print_error("\"%s\" says nothing of: %s\n", error.text, faults[i].message);
        assert_non_null(strstr(error.text, faults[i].message));
        assert_null(model.memory);
        model_free(&model);
        cJSON_Delete(document);
    }
}

static void test_load(void **state)
{
    cJSON *document = document_complete();
    char folder[] = "/tmp/tare-test-XXXXXX", path[64];
    struct error error = {0};
    struct model model;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/r.json", folder);
    assert_int_equal(model_load(path, &model, &error), -ENOENT);
    model_free(&model);
    assert_int_equal(results_save(path, document, NULL), 0);
    assert_int_equal(model_load(path, &model, NULL), 0);
    assert_int_equal(model.series_count, 5);
    model_free(&model);
    document_set(document, "", "host", NULL);
    assert_int_equal(results_save(path, document, NULL), 0);
    error.text[0] = '\0';
    assert_int_equal(model_load(path, &model, &error), -EINVAL);
    assert_non_null(strstr(error.text, "r.json: the document: field \"host\": missing"));
    model_free(&model);
    unlink(path);
    rmdir(folder);
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),    cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_series), cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_twins),  cmocka_unit_test(test_no_failures),
        cmocka_unit_test(test_faults), cmocka_unit_test(test_load),
        cmocka_unit_test(test_older),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
