/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/result/twins.h"
#include "bench/result/results.h"

/* A run of pith and its twin, 10 repetitions, whose difference is `shift` and scatter +-1. */
static cJSON *run_of(const char *kind, double shift)
{
    static const double scatter[] = {1, -0.7, 0.4, -1, 0.8, -0.3, 0.6, -0.9, 0.2, -0.5};
    cJSON *document = cJSON_Parse(
        "{\"schema\":\"tare/1\",\"run\":{\"seed\":1,\"id\":\"x\",\"machine\":\"microvm\"},"
        "\"host\":{\"cpu\":\"c\"},\"warnings\":[],\"ratios\":[],\"targets\":[{\"name\":\"pith\"},"
        "{\"name\":\"pith-b\",\"twin_of\":\"pith\"}],\"metrics\":["
        "{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"pith\",\"unit\":\"ms\","
        "\"direction\":\"lower\",\"samples\":[],\"summary\":{}},"
        "{\"scenario\":\"boot\",\"metric\":\"app\",\"target\":\"pith-b\",\"unit\":\"ms\","
        "\"direction\":\"lower\",\"samples\":[],\"summary\":{}}]}");

    assert_non_null(document);
    cJSON_AddStringToObject(json_field(document, "run"), "compare", kind);
    for (int i = 0; i < 10; i++)
        for (int b = 0; b < 2; b++) {
            cJSON *sample = cJSON_CreateObject();
            double drift = 100 * i; /* divides out: the pairs share it */

            cJSON_AddNumberToObject(sample, "value", 50 + drift + b * (shift + scatter[i]));
            cJSON_AddNumberToObject(sample, "order", 2 * i + b);
            cJSON_AddNumberToObject(sample, "repetition", i + 1);
            cJSON_AddItemToArray(
                json_field(cJSON_GetArrayItem(json_field(document, "metrics"), b), "samples"),
                sample);
        }
    return document;
}

static const cJSON *comparison(cJSON *document)
{
    struct error error = {0};

    assert_int_equal(results_complete(document, &error), 0);
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
    assert_string_equal(json_text(results_ratio(slower, "boot", "app", "pith-b"), "base"), "pith");
    assert_string_equal(json_text(comparison(faster), "verdict"), "better");
    entry = comparison(same);
    assert_string_equal(json_text(entry, "verdict"), "none");
    assert_true(json_number(entry, "mde") > 0.3 && json_number(entry, "mde") <= 2);
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
    cJSON *aa = run_of("aa", 0), *ab = run_of("ab", 0.9), *noise, *field;
    const cJSON *entry;
    struct error error = {0};
    double mde;

    (void)state;
    comparison(aa);
    entry = compare_noise_of(aa, "boot", "app", "pith-b"); /* a twin has its original's noise */
    assert_non_null(entry);
    mde = json_number(entry, "mde");
    assert_true(mde > 0.3 && mde <= 1);
    assert_float_equal(json_number(entry, "n"), 10, 0);
    path = save(aa, folder);
    assert_int_equal(compare_read_noise(path, 40, 1, &noise, &error), 0);
    entry = json_field(noise, "noise")->child;
    assert_float_equal(json_number(entry, "n"), 40, 0);
    assert_true(json_number(entry, "mde") < mde); /* more pairs show smaller effects */
    assert_string_equal(json_text(json_field(noise, "noise_from"), "id"), "x");
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
    cJSON *ab = run_of("ab", 0), *noise = NULL;
    struct error error = {0};

    (void)state;
    comparison(ab);
    path = save(ab, folder);
    assert_int_equal(compare_read_noise(path, 10, 1, &noise, &error), -EINVAL);
    assert_non_null(strstr(error.text, "not the result of an A/A run"));
    assert_null(noise);
    unlink(path);
    rmdir(folder);
    free(path);
    cJSON_Delete(ab);
}

static void test_words(void **state)
{
    cJSON *slower = run_of("ab", 3), *same = run_of("aa", 0);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    comparison(slower);
    comparison(same);
    compare_print(slower, out);
    compare_print(same, out);
    fclose(out);
    assert_non_null(strstr(text, "boot.app: B slower by "));
    assert_non_null(strstr(text, "p=0.002"));
    assert_non_null(strstr(text, "no difference found, p="));
    assert_non_null(strstr(text, "minimum detectable effect: "));
    free(text);
    cJSON_Delete(slower);
    cJSON_Delete(same);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_noise_refused),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
