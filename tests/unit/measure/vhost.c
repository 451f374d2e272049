/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose workers are counted, by a /proc made up here; check-long's part kvm has real ones. */
#include "tests/unit/test.h"

#include <fcntl.h>

#include "bench/measure/vhost.h"
#include "tests/unit/fixture.h"

static const struct fixture *fixture;

/* A file of process `number`. */
static void put(int number, const char *name, const char *text)
{
    char path[64];

    mkdir(fixture_path(fixture, "proc"), 0700);
    snprintf(path, sizeof path, "proc/%d", number);
    mkdir(fixture_path(fixture, path), 0700);
    snprintf(path, sizeof path, "proc/%d/%s", number, name);
    fixture_text(fixture, path, text);
}

static void thread(int number, const char *name, const char *nanoseconds)
{
    char text[64];

    snprintf(text, sizeof text, "%s\n", name);
    put(number, "comm", text);
    snprintf(text, sizeof text, "%s 5 1\n", nanoseconds);
    put(number, "schedstat", text);
}

static void guest(int number, const char *space, const char *pids)
{
    char path[64], text[128];

    snprintf(text, sizeof text, "Name:\tqemu\nNSpid:\t%s\nNSpgid:\t1\n", pids);
    put(number, "status", text);
    snprintf(path, sizeof path, "proc/%d/ns", number);
    mkdir(fixture_path(fixture, path), 0700);
    snprintf(path, sizeof path, "proc/%d/ns/pid", number);
    assert_int_equal(symlink(space, fixture_path(fixture, path)), 0);
}

static void test_vhost(void **state)
{
    double seconds;
    int proc;

    fixture = *state;
    guest(4711, "pid:[7]", "4711\t23");
    guest(4712, "pid:[8]", "4712\t23"); /* another tare's */
    guest(4713, "pid:[7]", "4713\t24"); /* another guest's */
    thread(100, "vhost-4711", "1500000000");
    thread(101, "vhost-4711", "500000000");
    thread(102, "vhost-4712", "9000000000");
    thread(103, "vhost-4713", "9000000000");
    thread(104, "vhost-99", "9000000000"); /* whose is gone */
    thread(105, "kworker/0:1", "9000000000");
    proc = open(fixture_path(fixture, "proc"), O_RDONLY | O_DIRECTORY);
    assert_int_equal(vhost_seconds(proc, "pid:[7]", 23, &seconds, NULL), 2);
    assert_float_equal(seconds, 2, 1e-9);
    assert_int_equal(vhost_seconds(proc, "pid:[7]", 24, &seconds, NULL), 1);
    assert_float_equal(seconds, 9, 1e-9);
    assert_int_equal(vhost_seconds(proc, "pid:[7]", 25, &seconds, NULL), 0);
    assert_float_equal(seconds, 0, 0);
    close(proc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_vhost)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
