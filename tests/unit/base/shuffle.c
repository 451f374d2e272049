/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include <stdbool.h>

#include "bench/base/shuffle.h"

static void test_rounds(void **state)
{
    unsigned places[40 * 5], again[40 * 5], other[40 * 5];
    bool moved = false;

    (void)state;
    assert_int_equal(shuffle_rounds(1, 40, 5, places), 0);
    assert_int_equal(shuffle_rounds(1, 40, 5, again), 0);
    assert_int_equal(shuffle_rounds(2, 40, 5, other), 0);
    assert_memory_equal(places, again, sizeof places);
    assert_memory_not_equal(places, other, sizeof places);
    for (size_t round = 0; round < 40; round++) {
        unsigned seen = 0;

        for (size_t i = 0; i < 5; i++) {
            seen |= 1U << places[5 * round + i];
            moved |= places[5 * round + i] != places[i];
        }
        assert_int_equal(seen, 31); /* each once */
    }
    assert_true(moved); /* rounds differ */
    assert_int_equal(shuffle_rounds(1, 3, 0, places), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
