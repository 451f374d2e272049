/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/escape.h"
#include "bench/report/export.h"
#include "bench/run/host.h"
#include "bench/result/results.h"
#include "bench/report/table.h"

/* Two targets, three repetitions; the second of linux failed; drift doubles each repetition. */
static const char document_text[] =
    "{\"schema\":\"tare/"
    "1\",\"run\":{\"seed\":1,\"machine\":\"micro\\u001b[31mvm\",\"accel\":\"tcg\","
    "\"accel_reason\":\"test\",\"valid\":false,\"invalid_reasons\":[\"a \\u0007 reason\"]},"
    "\"host\":{\"cpu\":\"c\",\"cores\":2},"
    "\"targets\":[{\"name\":\"pith\"},{\"name\":\"linux\",\"baseline_rank\":2}],\"ratios\":[],"
    "\"warnings\":[],"
    "\"metrics\":["
    "{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"pith\",\"unit\":\"ms\",\"direction\":"
    "\"lower\","
    "\"summary\":{},\"warmup\":[],\"samples\":["
    "{\"value\":1,\"order\":0,\"repetition\":1},{\"value\":2,\"order\":3,\"repetition\":2},"
    "{\"value\":4,\"order\":4,\"repetition\":3}]},"
    "{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"linux\",\"unit\":\"ms\",\"direction\":"
    "\"lower\","
    "\"summary\":{},\"warmup\":[],\"samples\":["
    "{\"value\":10,\"order\":1,\"repetition\":1},"
    "{\"error\":\"hung, \\\"really\\\"\\n\",\"order\":2,\"repetition\":2},"
    "{\"value\":40,\"order\":5,\"repetition\":3}]}]}";

static cJSON *completed(void)
{
    cJSON *document = cJSON_Parse(document_text);
    struct error error = {0};

    assert_non_null(document);
    assert_int_equal(results_complete(document, &error), 0);
    return document;
}

static void test_complete(void **state)
{
    cJSON *document = completed();
    const cJSON *summary = json_field(results_series(document, "boot", "app", "linux"), "summary");
    const cJSON *ratio = results_ratio(document, "boot", "app", "pith");

    (void)state;
    assert_float_equal(json_number(summary, "n"), 2, 0);
    assert_float_equal(json_number(summary, "failed"), 1, 0);
    assert_float_equal(json_number(summary, "median"), 25, 0);
    /* Only whole pairs count, and the drift divides out. */
    assert_string_equal(json_text(ratio, "base"), "linux");
    assert_float_equal(json_number(ratio, "pairs"), 2, 0);
    assert_float_equal(json_number(ratio, "median"), 0.1, 1e-12);
    assert_null(results_ratio(document, "boot", "app", "linux"));
    assert_non_null(strstr(json_text(json_field(document, "warnings")->child, "text"),
                           "1 of 3 samples failed"));
    cJSON_Delete(document);
}

static char *captured(void (*write)(const cJSON *document, FILE *out))
{
    cJSON *document = completed();
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    write(document, out);
    fclose(out);
    cJSON_Delete(document);
    return text;
}

static void write_table(const cJSON *document, FILE *out)
{
    table_print(document, out, false);
}

static void write_tsv(const cJSON *document, FILE *out)
{
    assert_int_equal(export_tsv(document, out), 0);
}

static void write_csv(const cJSON *document, FILE *out)
{
    assert_int_equal(export_csv(document, out), 0);
}

static void test_table(void **state)
{
    char *text = captured(write_table);

    (void)state;
    assert_non_null(strstr(text, "TCG, does not predict KVM"));
    assert_non_null(strstr(text, "INVALID: a \\x07 reason"));
    assert_non_null(strstr(text, "1 FAILED"));
    assert_null(strchr(text, '\033')); /* no control character of the document, nor of ours */
    assert_null(strchr(text, '\007'));
    free(text);
}

static void test_export(void **state)
{
    char *tsv = captured(write_tsv), *csv = captured(write_csv);

    (void)state;
    assert_non_null(strstr(tsv, "boot\tapp\tpith\tms\t3\t2\t"));
    assert_non_null(strstr(tsv, "\thung, \"really\" \t\n"));
    assert_non_null(strstr(csv, "\"hung, \"\"really\"\"\n\","));
    free(tsv);
    free(csv);
}

static void test_save(void **state)
{
    cJSON *document = completed(), *loaded;
    struct error error = {0};
    char folder[] = "/tmp/tare-test-XXXXXX", path[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/r.json", folder);
    assert_int_equal(results_save(path, document, &error), 0);
    assert_int_equal(results_load(path, &loaded, &error), 0);
    assert_true(cJSON_Compare(document, loaded, true));
    cJSON_Delete(loaded);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* no temporary file was left */
    assert_true(results_save("/nowhere/r.json", document, &error) < 0);
    assert_non_null(strstr(error.text, "/nowhere/r.json"));
    cJSON_Delete(document);
}

static void test_escape(void **state)
{
    char out[16];

    (void)state;
    escape_text("a\033[1m\xff\n", out, sizeof out);
    assert_string_equal(out, "a\\x1b[1m\\xff ");
    escape_text("aaaaaaaaaaaaaa\033b", out, sizeof out); /* an escape is not cut in half */
    assert_string_equal(out, "aaaaaaaaaaaaaa");
}

static void test_load(void **state)
{
    struct host_snapshot before = {100, 0.1, 50, 1}, after = {110, 0.9, 65, 2};
    cJSON *load = host_load(&before, &after, 12);
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);

    (void)state;
    assert_float_equal(json_number(load, "other_load"), 0.3, 1e-9); /* (15 - 12) s of 10 s */
    assert_float_equal(json_number(load, "steal_percent"), 100 / (10 * cores), 1e-9);
    cJSON_Delete(load);
    assert_true(host_is_quiet(0.29, 0.29, 0.9));
    assert_false(host_is_quiet(0.3, 0, 0));
    assert_false(host_is_quiet(0, 0.3, 0));
    assert_false(host_is_quiet(0, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete), cmocka_unit_test(test_table),
        cmocka_unit_test(test_export),   cmocka_unit_test(test_save),
        cmocka_unit_test(test_escape),   cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
