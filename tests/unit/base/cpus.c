/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unit tests of what /proc/stat says. */
#include <unistd.h>

#include "tests/unit/test.h"

#include "bench/base/cpus.h"

static int64_t ticks(int64_t count)
{
    return count * (1000000000 / sysconf(_SC_CLK_TCK));
}

static void test_hard_interrupts_seen(void **state)
{
    struct cpus cpus;

    (void)state;
    assert_true(cpus_parse("cpu  1 20 300 4000 50000 6 70 800 9 10\n", &cpus));
    assert_int_equal(cpus.busy, ticks(1 + 20 + 300));
    assert_int_equal(cpus.idle, ticks(4000 + 50000));
    assert_int_equal(cpus.stolen, ticks(800));
}

/* Then soft ones are in the programs' time, too: all that is not idle is busy. */
static void test_no_hard_interrupts(void **state)
{
    struct cpus cpus;

    (void)state;
    assert_true(cpus_parse("cpu 1 20 300 4000 50000 0 70 800", &cpus));
    assert_int_equal(cpus.busy, ticks(1 + 20 + 300 + 70));
}

static void test_something_else(void **state)
{
    struct cpus cpus = {.busy = 1};

    (void)state;
    assert_false(cpus_parse("", &cpus));
    assert_false(cpus_parse("intr 1 2 3 4 5 6 7 8", &cpus));
    assert_false(cpus_parse("cpu 1 2 3 4 5 6 7", &cpus));
    assert_int_equal(cpus.busy, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard_interrupts_seen),
        cmocka_unit_test(test_no_hard_interrupts),
        cmocka_unit_test(test_something_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
