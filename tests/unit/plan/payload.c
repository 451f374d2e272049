/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/plan/payload.h"

static void test_arguments(void **state)
{
    struct arguments arguments;

    (void)state;
    assert_int_equal(arguments_parse("  -p 80   name=a'b  ", &arguments, NULL), 0);
    assert_string_equal(arguments.text, "-p 80 name=a'b");
    assert_string_equal(arguments.argv[0], "/app");
    assert_string_equal(arguments.argv[1], "-p");
    assert_string_equal(arguments.argv[3], "name=a'b");
    assert_null(arguments.argv[4]);
    assert_int_equal(arguments_parse("", &arguments, NULL), 0);
    assert_string_equal(arguments.text, "");
    assert_null(arguments.argv[1]);
}

static void refuse(const char *text, const char *reason)
{
    struct arguments arguments;
    struct error error = {0};

    assert_int_equal(arguments_parse(text, &arguments, &error), -EINVAL);
    assert_non_null(strstr(error.text, reason));
    assert_non_null(strstr(error.text, "--args"));
}

static void test_arguments_refused(void **state)
{
    char text[2 * ARGUMENTS_SIZE];
    struct arguments arguments;

    (void)state;
    refuse("a \"b\"", "double quote");
    refuse("a -- b", "Linux drops it");
    refuse("a\tb", "byte 0x09");
    refuse("caf\xc3\xa9", "byte 0xc3");
    memset(text, 'a', sizeof text);
    text[ARGUMENTS_SIZE] = '\0';
    refuse(text, "longer than");
    text[ARGUMENTS_SIZE - 1] = '\0';
    assert_int_equal(arguments_parse(text, &arguments, NULL), 0);
    for (int i = 0; i < ARGUMENTS_MAX + 1; i++)
        memcpy(text + 2 * i, "x ", 3);
    refuse(text, "more than 30 words");
    text[2 * ARGUMENTS_MAX - 1] = '\0';
    assert_int_equal(arguments_parse(text, &arguments, NULL), 0);
    assert_null(arguments.argv[ARGUMENTS_MAX + 1]);
}

/* This very test is dynamically linked. */
static void test_wrap_refused(void **state)
{
    struct payload payload;
    struct error error = {0};

    (void)state;
    assert_true(payload_wrap("/proc/self/exe", &payload, &error) < 0);
    assert_non_null(strstr(error.text, "/proc/self/exe: dynamically linked"));
    payload_free(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_arguments_refused),
        cmocka_unit_test(test_wrap_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
