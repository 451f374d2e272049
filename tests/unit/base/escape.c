/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/escape.h"

static void expect(const char *text, size_t size, const char *wanted)
{
    char out[64];

    memset(out, 'X', sizeof out);
    escape_text(text, out, size);
    assert_string_equal(out, wanted);
    assert_true(strlen(out) < size);
    for (size_t i = size; i < sizeof out; i++)
        assert_int_equal(out[i], 'X'); /* nothing past the end */
}

static void test_text(void **state)
{
    (void)state;
    expect("plain ~ text", 64, "plain ~ text");
    expect("two\nlines", 64, "two lines");
    expect("\033[2J", 64, "\\x1b[2J");
    expect("\t\x7f\xc3\xa9", 64, "\\x09\\x7f\\xc3\\xa9");
    expect("", 64, "");
}

/* An escape is whole or not there. */
static void test_cut(void **state)
{
    char untouched = 'X';

    (void)state;
    expect("abc", 4, "abc");
    expect("abc", 3, "ab");
    expect("abc", 1, "");
    expect("a\033", 6, "a\\x1b");
    expect("a\033", 5, "a");
    expect("\033", 4, "");
    escape_text("abc", &untouched, 0);
    assert_int_equal(untouched, 'X');
}

static void test_print(void **state)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    escape_print("a\n\033b\xff", out);
    fclose(out);
    assert_string_equal(text, "a \\x1bb\\xff");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_print),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
