/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/error.h"

static void test_fail(void **state)
{
    struct error error = {0};

    (void)state;
    assert_int_equal(fail(&error, EINVAL, "%s: field %d", "file", 7), -EINVAL);
    assert_string_equal(error.text, "file: field 7");
    assert_int_equal(fail(NULL, ENOENT, "nobody reads it"), -ENOENT);
}

/* What failed first is the cause; what failed because of it must not hide it. */
static void test_first_stays(void **state)
{
    struct error error = {0};

    (void)state;
    fail(&error, EINVAL, "the cause");
    assert_int_equal(fail(&error, EIO, "the consequence"), -EIO);
    assert_string_equal(error.text, "the cause");
}

static void test_prefix(void **state)
{
    struct error error = {0};

    (void)state;
    fail(&error, EINVAL, "the cause");
    error_prefix(&error, "%s:%d", "file", 3);
    assert_string_equal(error.text, "file:3: the cause");
}

/* A long text is cut, and ends within its bounds. */
static void test_long(void **state)
{
    static char text[2 * sizeof(struct error)];
    struct error error = {0};

    (void)state;
    memset(text, 'a', sizeof text - 1);
    fail(&error, EINVAL, "%s", text);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    error_prefix(&error, "b");
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_memory_equal(error.text, "b: aaa", 6);
    error_prefix(&error, "%s", text);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail),
        cmocka_unit_test(test_first_stays),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
