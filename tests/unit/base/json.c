/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/json.h"

static void test_read(void **state)
{
    cJSON *object = cJSON_Parse("{\"text\":\"a\",\"number\":2.5,\"Text\":\"b\"}");

    (void)state;
    assert_string_equal(json_text(object, "text"), "a");
    assert_string_equal(json_text(object, "Text"), "b"); /* upper case is another name */
    assert_float_equal(json_number(object, "number"), 2.5, 0);
    assert_non_null(json_field(object, "number"));
    cJSON_Delete(object);
}

static void test_absent(void **state)
{
    cJSON *object = cJSON_Parse("{\"text\":\"a\",\"number\":2.5}");

    (void)state;
    assert_null(json_field(object, "other"));
    assert_null(json_field(NULL, "other"));
    assert_string_equal(json_text(object, "other"), "");
    assert_string_equal(json_text(object, "number"), "");
    assert_string_equal(json_text(NULL, "text"), "");
    assert_float_equal(json_number(object, "other"), 0, 0);
    assert_float_equal(json_number(object, "text"), 0, 0);
    assert_float_equal(json_number(NULL, "number"), 0, 0);
    cJSON_Delete(object);
}

static void test_find(void **state)
{
    cJSON *list = cJSON_Parse("[{\"name\":1},{\"name\":\"a\",\"n\":1},{\"name\":\"a\",\"n\":2}]");

    (void)state;
    assert_float_equal(json_number(json_find(list, "name", "a"), "n"), 1, 0); /* the first */
    assert_null(json_find(list, "name", "b"));
    assert_null(json_find(list, "other", "a"));
    assert_null(json_find(NULL, "name", "a"));
    cJSON_Delete(list);
}

static void test_replace(void **state)
{
    cJSON *object = cJSON_Parse("{\"a\":1,\"b\":2}");

    (void)state;
    json_replace(object, "a", cJSON_CreateString("new"));
    assert_string_equal(json_text(object, "a"), "new");
    assert_int_equal(cJSON_GetArraySize(object), 2);
    json_replace(object, "c", cJSON_CreateNumber(3));
    assert_float_equal(json_number(object, "c"), 3, 0);
    assert_int_equal(cJSON_GetArraySize(object), 3);
    cJSON_Delete(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_replace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
