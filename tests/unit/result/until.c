/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sampling rule of --until. */
#include "tests/unit/test.h"

#include <math.h>

#include "bench/base/json.h"
#include "bench/result/until.h"
#include "bench/result/verify_checks.h"

/* The run of a rule that asks for 2 %, after `rounds` of boot.app on b, whose ratio to a swings by
 * `swing` percent around 2, and of boot.exit, which does not lead and swings by half. */
static cJSON *make(unsigned rounds, double swing)
{
    cJSON *document = cJSON_Parse(
        "{\"run\": {\"complete\": true, \"until\": {\"percent\": 2, \"first\": 12, \"every\": 4, "
        "\"most\": 100}}, \"targets\": [{\"name\": \"a\"}, {\"name\": \"b\"}], \"metrics\": [], "
        "\"warnings\": []}");
    static const char *const metrics[] = {"app", "exit"}, *const targets[] = {"a", "b"};

    cJSON_AddNumberToObject(json_field(document, "run"), "repeat", rounds);
    for (int i = 0; i < 4; i++) {
        cJSON *series = cJSON_CreateObject(), *samples;

        cJSON_AddStringToObject(series, "scenario", "boot");
        cJSON_AddStringToObject(series, "metric", metrics[i / 2]);
        cJSON_AddStringToObject(series, "target", targets[i % 2]);
        cJSON_AddStringToObject(series, "unit", "ms");
        if (i < 2)
            cJSON_AddTrueToObject(series, "leads");
        samples = cJSON_AddArrayToObject(series, "samples");
        for (unsigned round = 1; round <= rounds; round++) {
            cJSON *sample = cJSON_CreateObject();
            double by = i < 2 ? swing / 100 : 0.5;

            cJSON_AddNumberToObject(sample, "repetition", round);
            cJSON_AddNumberToObject(sample, "value",
                                    i % 2 == 0       ? 10
                                    : round % 3 == 0 ? 20
                                    : round % 3 == 1 ? 20 * (1 + by)
                                                     : 20 * (1 - by));
            cJSON_AddItemToArray(samples, sample);
        }
        cJSON_AddItemToArray(json_field(document, "metrics"), series);
    }
    return document;
}

static void test_looks(void **state)
{
    (void)state;
    assert_false(until_looks(11, 12, 4));
    assert_true(until_looks(12, 12, 4));
    assert_false(until_looks(13, 12, 4));
    assert_true(until_looks(16, 12, 4));
}

/* Only leading metrics count, only with an interval, and only up to the round that is asked. */
static void test_widest(void **state)
{
    cJSON *document = make(12, 3), *series, *late;
    double percent;

    (void)state;
    assert_int_equal(until_widest(document, 12, &percent), 0);
    assert_float_equal(percent, 3, 1e-9);
    assert_int_equal(until_widest(document, 5, &percent), 0);
    assert_true(isinf(percent)); /* five values have no interval */
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        late = cJSON_Parse("{\"repetition\": 13, \"value\": 1e9}");
        cJSON_AddItemToArray(json_field(series, "samples"), late);
    }
    assert_int_equal(until_widest(document, 12, &percent), 0);
    assert_float_equal(percent, 3, 1e-9);
    cJSON_Delete(document);
    document = cJSON_Parse("{\"metrics\": []}");
    assert_int_equal(until_widest(document, 12, &percent), 0);
    assert_true(isinf(percent));
    cJSON_Delete(document);
}

static void test_complete(void **state)
{
    cJSON *met = make(12, 1.5), *wide = make(12, 3), *few = make(5, 0);
    const cJSON *until, *warning;
    struct error error = {0};

    (void)state;
    assert_int_equal(until_complete(met, 12, &error), 0);
    until = json_field(json_field(met, "run"), "until");
    assert_true(cJSON_IsTrue(json_field(until, "met")));
    assert_float_equal(json_number(until, "widest"), 1.5, 1e-9);
    assert_int_equal(cJSON_GetArraySize(json_field(met, "warnings")), 0);
    assert_int_equal(until_complete(wide, 12, &error), 0);
    assert_true(cJSON_IsFalse(json_field(json_field(json_field(wide, "run"), "until"), "met")));
    warning = json_find(json_field(wide, "warnings"), "code", "until");
    assert_string_equal(json_text(warning, "text"),
                        "--until 2 % was not met: the widest ratio is known to 3 %");
    assert_int_equal(until_complete(few, 5, &error), 0);
    until = json_field(json_field(few, "run"), "until");
    assert_true(cJSON_IsFalse(json_field(until, "met")));
    assert_null(json_field(until, "widest"));
    cJSON_Delete(met);
    cJSON_Delete(wide);
    cJSON_Delete(few);
}

/* What verify_until() says of a run that minutes ended after 16 rounds, once `field` is changed. */
static void check(const char *field, double number, const char *text, const char *expected)
{
    cJSON *document = make(16, 5), *until = json_field(json_field(document, "run"), "until");
    struct verify verify = {.faults = 0};
    struct error error = {0};

    json_replace(until, "rounds", cJSON_CreateNumber(16));
    json_replace(until, "ended", cJSON_CreateString("minutes"));
    json_replace(until, "minutes", cJSON_CreateNumber(1));
    assert_int_equal(until_complete(document, 16, &error), 0);
    if (field)
        json_replace(until, field, text ? cJSON_CreateString(text) : cJSON_CreateNumber(number));
    assert_int_equal(verify_until(document, &verify, &error), 0);
    assert_int_equal(verify.faults > 0, expected != NULL);
    if (expected)
        assert_non_null(strstr(verify.told[0], expected));
    verify_free(&verify);
    cJSON_Delete(document);
}

static void test_verify(void **state)
{
    (void)state;
    check(NULL, 0, NULL, NULL);
    check("widest", 0.1, NULL, "widest: says 0.1, the samples give 5");
    check("percent", 6, NULL, "says not met, the samples say otherwise");
    check("rounds", 12, NULL, "ended after 12 rounds, of 16");
    check("most", 15, NULL, "ended after 16 rounds, of 15 at most");
    check("ended", 0, "repeat", "ended after 16 rounds, of 100 at most");
    check("ended", 0, "narrow", "ended as narrow, and is not met");
    check("ended", 0, "", "nothing ended it");
    check("first", 0, NULL, "looks at no place");
}

/* A look that was narrow must have been the last. */
static void test_earlier(void **state)
{
    cJSON *document = make(16, 1), *until = json_field(json_field(document, "run"), "until");
    struct verify verify = {.faults = 0};
    struct error error = {0};

    (void)state;
    json_replace(until, "rounds", cJSON_CreateNumber(16));
    json_replace(until, "ended", cJSON_CreateString("narrow"));
    assert_int_equal(until_complete(document, 16, &error), 0);
    assert_int_equal(verify_until(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 1);
    assert_string_equal(verify.told[0], "run.until: was met after 12 rounds, and went on to 16");
    verify_free(&verify);
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks),    cmocka_unit_test(test_widest),
        cmocka_unit_test(test_complete), cmocka_unit_test(test_verify),
        cmocka_unit_test(test_earlier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
