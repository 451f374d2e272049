/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/result/results.h"

static void test_save(void **state)
{
    cJSON *document = document_complete(), *loaded;
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
    assert_int_equal(mkdir(path, 0777), 0); /* no file can take its place */
    assert_true(results_save(path, document, &error) < 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0); /* no temporary file was left */
    error.text[0] = '\0';
    assert_true(results_save("/nowhere/r.json", document, &error) < 0);
    assert_non_null(strstr(error.text, "/nowhere/r.json"));
    cJSON_Delete(document);
}

static void test_load(void **state)
{
    struct error error = {0};
    cJSON *document;

    (void)state;
    assert_true(results_load("/nowhere/r.json", &document, &error) < 0);
    assert_null(document);
    error.text[0] = '\0';
    assert_int_equal(results_load("Makefile", &document, &error), -EINVAL);
    assert_non_null(strstr(error.text, "Makefile: not valid JSON"));
    assert_null(document);
}

static void test_find(void **state)
{
    cJSON *document = document_complete();
    const cJSON *series = results_series(document, "boot", "app", "linux"), *warning;

    (void)state;
    assert_string_equal(json_text(series, "target"), "linux");
    assert_null(results_series(document, "net", "app", "linux"));
    assert_null(results_find(json_field(document, "ratios"), "boot", "app", "linux"));
    assert_float_equal(results_value(series, 3)->valuedouble, 40, 0);
    assert_null(results_value(series, 2)); /* it failed */
    assert_null(results_value(series, 4));
    assert_null(results_target(document, "nobody"));
    assert_string_equal(results_twin_of(document, "linux"), "");
    results_warn(document, "code", "do %s", "it is %d", 7);
    warning = json_field(document, "warnings")->child->prev; /* the last */
    assert_string_equal(json_text(warning, "code"), "code");
    assert_string_equal(json_text(warning, "text"), "it is 7");
    assert_string_equal(json_text(warning, "remedy"), "do %s");
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
