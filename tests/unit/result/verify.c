/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lies about a reference result, also one of an earlier version. tests/e2e/verify.sh has more. */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include <glob.h>

#include "bench/result/results.h"
#include "bench/result/verify.h"

static void test_references(void **state)
{
    glob_t found;

    (void)state;
    assert_int_equal(glob("results/reference/{,*/}*.json", GLOB_BRACE, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct error error = {0};
        struct verify verify;
        cJSON *document;

        assert_int_equal(results_load(found.gl_pathv[i], &document, &error), 0);
        assert_int_equal(verify_document(document, &verify, &error), 0);
        if (verify.faults)
            print_error("%s: %s\n", found.gl_pathv[i], verify.told[0]);
        assert_int_equal(verify.faults, 0);
        verify_free(&verify);
        cJSON_Delete(document);
    }
    globfree(&found);
}

/* Make `document` one of an earlier version. */
static void make_earlier(cJSON *document)
{
    cJSON *series, *ratio;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        cJSON_DeleteItemFromObjectCaseSensitive(json_field(series, "summary"), "coverage");
    }
    cJSON_ArrayForEach(ratio, json_field(document, "ratios"))
    {
        cJSON_DeleteItemFromObjectCaseSensitive(ratio, "coverage");
    }
}

static cJSON *load_boot(void)
{
    cJSON *document;

    assert_int_equal(results_load("results/reference/boot.json", &document, NULL), 0);
    return document;
}

static void test_earlier(void **state)
{
    static const struct {
        const char *path, *field, *json, *fault;
    } lies[] = {
        {"metrics/0/summary", "median", "1", "median: says 1"},
        {"metrics/0/summary", "max", "1", "max: says 1"},
        {"metrics/0/summary", "n", "29", "n: says 29"},
        {"metrics/0/summary", "ci95", "[0, 1]", "ci95: is not around the median"},
        {"metrics/0/summary", "p5", "1", "p5: says 1"},
        {"ratios/0", "median", "1", "median: says 1"},
        {"ratios/0", "pairs", "29", "pairs: says 29"},
        {"ratios/0", "ci95", "[5, 6]", "ci95: is not around the median"},
        {"metrics/0/samples/0", "value", "1", "metrics"},
    };

    cJSON *honest = load_boot();
    struct error error = {0};
    struct verify verify;

    (void)state;
    make_earlier(honest);
    assert_int_equal(verify_document(honest, &verify, &error), 0);
    assert_true(verify.earlier);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        cJSON *document = cJSON_Duplicate(honest, true);
        bool told = false;

        document_set(document, lies[i].path, lies[i].field, lies[i].json);
        assert_int_equal(verify_document(document, &verify, &error), 0);
        assert_true(verify.earlier);
        assert_true(verify.faults > 0);
        for (size_t f = 0; f < verify.faults && f < VERIFY_TOLD; f++)
            told |= strstr(verify.told[f], lies[i].fault) != NULL;
        assert_true(told || strcmp(lies[i].fault, "metrics") == 0);
        verify_free(&verify);
        cJSON_Delete(document);
    }
    cJSON_Delete(honest);
}

static void test_not_read(void **state)
{
    cJSON *document = load_boot();
    struct error error = {0};
    struct verify verify;

    (void)state;
    document_set(document, "run", "seed", "\"1\"");
    assert_int_equal(verify_document(document, &verify, &error), -EINVAL);
    assert_string_equal(error.text, "run: field \"seed\": must be a whole number from 0 on");
    verify_free(&verify);
    document_set(document, "", "metrics", "5");
    assert_int_equal(verify_document(document, &verify, &error), -EINVAL);
    verify_free(&verify);
    cJSON_Delete(document);
}

/* However many faults there are, only so many are told. */
static void test_many(void **state)
{
    cJSON *document = load_boot(), *series;
    struct error error = {0};
    struct verify verify;

    (void)state;
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        json_replace(json_field(series, "summary"), "failed", cJSON_CreateNumber(7));
        json_replace(json_field(series, "summary"), "min", cJSON_CreateNumber(7));
        json_replace(json_field(series, "summary"), "max", cJSON_CreateNumber(7));
    }
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_true(verify.faults > VERIFY_TOLD);
    assert_non_null(verify.told[VERIFY_TOLD - 1]);
    verify_free(&verify);
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_earlier),
        cmocka_unit_test(test_not_read),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
