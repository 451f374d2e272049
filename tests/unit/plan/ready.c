/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/plan/ready.h"

/* The number of the byte at which `text` says ready, from 1; 0 when it never does. */
static size_t feed(const char *rule, const char *text, size_t size)
{
    struct ready_line line = {0};
    struct ready ready;
    size_t at = 0, length;

    assert_int_equal(ready_parse(rule, &ready, NULL), 0);
    for (size_t i = 0; i < size && at == 0; i++)
        if (ready_line_feed(&line, text[i], &length) && ready_matches(&ready, line.bytes, length))
            at = i + 1;
    ready_free(&ready);
    return at;
}

#define FEED(rule, text) feed(rule, text, sizeof(text) - 1)

static void test_lines(void **state)
{
    (void)state;
    assert_int_equal(FEED("console:^up$", "down\nup\n"), 8);
    assert_int_equal(FEED("console:^up$", "up\r\n"), 4);
    assert_int_equal(FEED("console:^up$", "up"), 0); /* it may go on: "upset" */
    assert_int_equal(FEED("console:^up$", "up and running\n"), 0);
    assert_int_equal(FEED("console:listen(ing)? on [0-9]+", "x\n\nlistening on 80\nlisten on 1\n"),
                     19);
    assert_int_equal(FEED("console:one.*two", "one\ntwo\n"), 0); /* lines are not joined */
    assert_int_equal(FEED("marker", "anything\n"), 0);
}

/* A program that draws a screen writes lines without ends. */
static void test_terminal(void **state)
{
    (void)state;
    assert_int_equal(FEED("console:^up$", "\x1b[32mup\x1b[0m\n"), 12);
    assert_int_equal(FEED("console:^up$", "\x1b[2J\x1b[1;1Hup\x1b[2;1H"), 18);
    assert_int_equal(FEED("console:^up and on$", "up \x1b[1mand\x1b[0m on\r\n"), 19);
    assert_int_equal(FEED("console:.", "\x1b[2J\x1b[H\x1b[9999"), 0);
    assert_int_equal(FEED("console:^up$", "\x1b"
                                          "cup\n"),
                     5);
}

/* What a guest writes must neither hide a line nor overrun anything. */
static void test_hostile(void **state)
{
    static char flood[3 * READY_LINE_MAX + 4];

    (void)state;
    assert_int_equal(FEED("console:ready", "\0\xff\0ready\n"), 9);
    memset(flood, 'a', sizeof flood);
    memcpy(flood + sizeof flood - 4, "\nup\n", 4);
    assert_int_equal(feed("console:^up$", flood, sizeof flood), sizeof flood);
    assert_int_equal(feed("console:^a+$", flood, sizeof flood), sizeof flood - 3);
}

static void refuse(const char *rule, const char *reason)
{
    struct error error = {0};
    struct ready ready;

    assert_int_equal(ready_parse(rule, &ready, &error), -EINVAL);
    assert_non_null(strstr(error.text, reason));
    assert_non_null(strstr(error.text, "--ready"));
    ready_free(&ready);
}

static void test_refused(void **state)
{
    (void)state;
    refuse("", "none of marker, ");
    refuse("markers", "none of marker, ");
    refuse("console", "none of marker, ");
    refuse("tcp", "none of marker, ");
    refuse("console:", "the expression is empty");
    refuse("console:(", "POSIX extended");
    refuse("tcp:", "must be a port from 1 to 65535");
    refuse("tcp:0", "must be a port");
    refuse("tcp:65536", "must be a port");
    refuse("tcp:-1", "must be a port");
    refuse("tcp:80,81", "must be a port");
}

static void test_tcp(void **state)
{
    struct ready ready;

    (void)state;
    assert_int_equal(ready_parse("tcp:65535", &ready, NULL), 0);
    assert_int_equal(ready.kind, READY_TCP);
    assert_int_equal(ready.port, 65535);
    assert_non_null(strstr(ready.hint, "65535"));
    ready_free(&ready);
    assert_int_equal(FEED("tcp:80", "listening on 80\n"), 0); /* the wire tells, not the console */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),   cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_tcp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
