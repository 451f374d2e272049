/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"
#include "tests/unit/document.h"

#include "bench/result/results.h"
#include "bench/result/twins.h"

/* A run of pith and its twin, `repeat` repetitions, whose difference is `shift` and scatter +-1. */
static cJSON *long_run_of(const char *kind, double shift, int repeat)
{
    static const double scatter[] = {1, -0.7, 0.4, -1, 0.8, -0.3, 0.6, -0.9, 0.2, -0.5};
    cJSON *document = document_raw();

    /* What was linux and host becomes the twin, and nothing. */
    document_set(document, "targets/1", "name", "\"pith-b\"");
    document_set(document, "targets/1", "twin_of", "\"pith\"");
    document_set(document, "metrics/2", "target", "\"pith-b\"");
    cJSON_DeleteItemFromArray(document_at(document, "metrics"), 4);
    cJSON_DeleteItemFromArray(document_at(document, "metrics"), 3);
    cJSON_DeleteItemFromArray(document_at(document, "metrics"), 1);
    document_set(document, "metrics/0", "samples", "[]");
    document_set(document, "metrics/1", "samples", "[]");
    cJSON_AddStringToObject(json_field(document, "run"), "compare", kind);
    for (int i = 0; i < repeat; i++)
        for (int b = 0; b < 2; b++) {
            cJSON *sample = cJSON_CreateObject();
            double drift = 100 * i; /* divides out: the pairs share it */

            cJSON_AddNumberToObject(sample, "value", 50 + drift + b * (shift + scatter[i % 10]));
            cJSON_AddNumberToObject(sample, "t", i);
            cJSON_AddNumberToObject(sample, "order", 2 * i + b);
            cJSON_AddNumberToObject(sample, "repetition", i + 1);
            cJSON_AddItemToArray(
                json_field(cJSON_GetArrayItem(json_field(document, "metrics"), b), "samples"),
                sample);
        }
    return document;
}

static cJSON *run_of(const char *kind, double shift)
{
    return long_run_of(kind, shift, 10);
}

static const cJSON *comparison(cJSON *document)
{
    struct error error = {0};

    assert_int_equal(summarise(document, &error), 0);
    assert_int_equal(cJSON_GetArraySize(json_field(document, "comparisons")), 1);
    return json_field(document, "comparisons")->child;
}

static void test_found(void **state)
{
    cJSON *slower = run_of("ab", 3), *faster = run_of("ab", -3), *same = run_of("ab", 0);
    const cJSON *entry = comparison(slower);

    (void)state;
    assert_string_equal(json_text(entry, "verdict"), "worse");
    assert_string_equal(json_text(entry, "base"), "pith");
    assert_float_equal(json_number(entry, "difference"), 3, 0.2);
    assert_float_equal(json_number(entry, "p"), 2.0 / 1024, 1e-9);
    assert_float_equal(json_number(entry, "q"), 2.0 / 1024, 1e-9); /* one metric: it is p */
    assert_true(json_number(entry, "coverage") > 0.99);
    assert_true(json_field(entry, "interval")->child->valuedouble > 2);
    assert_null(json_field(entry, "mde")); /* the pairs' own scatter says nothing of the noise */
    assert_string_equal(
        json_text(results_find(json_field(slower, "ratios"), "boot", "app", "pith-b"), "base"),
        "pith");
    assert_string_equal(json_text(comparison(faster), "verdict"), "better");
    entry = comparison(same);
    assert_string_equal(json_text(entry, "verdict"), "none");
    assert_true(json_field(entry, "interval")->child->valuedouble < 0);
    assert_true(json_field(entry, "interval")->child->next->valuedouble > 0);
    assert_null(json_field(same, "noise"));
    cJSON_Delete(slower);
    cJSON_Delete(faster);
    cJSON_Delete(same);
}

static char *save(cJSON *document, char *folder)
{
    struct error error = {0};
    char *path;

    assert_non_null(mkdtemp(folder));
    assert_true(asprintf(&path, "%s/aa.json", folder) > 0);
    assert_int_equal(results_save(path, document, &error), 0);
    return path;
}

static void test_noise(void **state)
{
    char folder[] = "/tmp/tare-test-XXXXXX", *path;
    cJSON *aa = long_run_of("aa", 0, 60), *ab = run_of("ab", 0.9), *noise, *field;
    const cJSON *entry;
    struct error error = {0};
    double mde;

    (void)state;
    comparison(aa);
    entry = results_find(json_field(aa, "noise"), "boot", "app", "pith");
    assert_non_null(entry);
    mde = json_number(entry, "mde");
    assert_true(mde > 0.2 && mde <= 1);
    assert_float_equal(json_number(entry, "n"), 60, 0);
    assert_float_equal(json_number(entry, "pairs"), 60, 0);
    path = save(aa, folder);
    assert_int_equal(twins_read_noise(path, 10, 1, &noise, &error), 0);
    entry = json_field(noise, "noise")->child;
    assert_float_equal(json_number(entry, "n"), 10, 0);
    assert_true(json_number(entry, "mde") > mde); /* fewer pairs show only larger effects */
    assert_string_equal(json_text(json_field(noise, "noise_from"), "id"), "17-1");
    /* What the host's noise cannot tell does not count, whatever p is. */
    while ((field = noise->child))
        cJSON_AddItemToObject(ab, field->string, cJSON_DetachItemViaPointer(noise, field));
    json_replace(json_field(ab, "noise")->child, "mde", cJSON_CreateNumber(5));
    entry = comparison(ab);
    assert_true(json_number(entry, "p") < 0.01);
    assert_string_equal(json_text(entry, "verdict"), "too-small");
    assert_string_equal(json_text(entry, "mde_from"), "noise");
    unlink(path);
    rmdir(folder);
    free(path);
    cJSON_Delete(noise);
    cJSON_Delete(aa);
    cJSON_Delete(ab);
}

static void test_noise_refused(void **state)
{
    char folder[] = "/tmp/tare-test-XXXXXX", *path;
    cJSON *ab = run_of("ab", 0), *few = run_of("aa", 0), *noise = NULL;
    struct error error = {0};

    (void)state;
    comparison(ab);
    path = save(ab, folder);
    assert_int_equal(twins_read_noise(path, 10, 1, &noise, &error), -EINVAL);
    assert_non_null(strstr(error.text, "not the result of an A/A run"));
    for (int i = 0; i < 3; i++)
        cJSON_DeleteItemFromArray(document_at(few, "metrics/1/samples"), 0);
    error.text[0] = '\0';
    assert_int_equal(summarise(few, &error), 0);
    assert_int_equal(results_save(path, few, &error), 0);
    assert_int_equal(twins_read_noise(path, 10, 1, &noise, &error), -EINVAL);
    assert_non_null(strstr(error.text, "holds fewer than 60 pairs"));
    unlink(path);
    error.text[0] = '\0';
    assert_int_equal(twins_read_noise(path, 10, 1, &noise, &error), -ENOENT);
    assert_null(noise);
    rmdir(folder);
    free(path);
    cJSON_Delete(ab);
    cJSON_Delete(few);
}

/* Whether a warning has this code. */
static bool warns(const cJSON *document, const char *code)
{
    const cJSON *warning;

    cJSON_ArrayForEach(warning, json_field(document, "warnings"))
    {
        if (strcmp(json_text(warning, "code"), code) == 0)
            return true;
    }
    return false;
}

static void test_warnings(void **state)
{
    cJSON *differing = run_of("aa", 3), *same = run_of("aa", 0), *elsewhere = run_of("ab", 0),
          *few = run_of("ab", 3);
    struct error error = {0};

    (void)state;
    comparison(differing);
    assert_true(warns(differing, "aa-differs"));
    assert_true(warns(differing, "few-pairs")); /* for an MDE */
    assert_int_equal(cJSON_GetArraySize(json_field(differing, "noise")), 0);
    comparison(same);
    assert_false(warns(same, "aa-differs"));
    document_set(elsewhere, "", "noise_from", "{\"machine\":\"q35\",\"cpu\":\"another\"}");
    comparison(elsewhere);
    assert_true(warns(elsewhere, "noise-differs"));
    for (int i = 0; i < 3; i++)
        cJSON_DeleteItemFromArray(document_at(few, "metrics/1/samples"), 0);
    assert_int_equal(summarise(few, &error), 0);
    assert_true(warns(few, "few-pairs"));
    assert_int_equal(cJSON_GetArraySize(json_field(few, "comparisons")), 0);
    cJSON_Delete(differing);
    cJSON_Delete(same);
    cJSON_Delete(elsewhere);
    cJSON_Delete(few);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_noise_refused),
        cmocka_unit_test(test_warnings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
