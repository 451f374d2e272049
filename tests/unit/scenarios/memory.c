/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What scenario memory works out: the search for the smallest memory, with a scripted probe. */
#include "tests/unit/test.h"

#include "scenarios/memory/minimum.h"

#define HIGH 1024

/* Search where `least` and more passes; sizes that are tried are written to `tried`. */
static unsigned search(unsigned first, unsigned high, unsigned least, unsigned *tried,
                       unsigned *count)
{
    struct minimum minimum = {.first = first, .high = high};
    unsigned size;

    *count = 0;
    while ((size = minimum_next(&minimum)) > 0) {
        assert_true(*count < 32);
        assert_in_range(size, 1, high);
        for (unsigned i = 0; i < *count; i++)
            assert_int_not_equal(tried[i], size);
        tried[(*count)++] = size;
        minimum_tell(&minimum, size, size >= least);
    }
    return minimum.good;
}

static void test_monotone(void **state)
{
    unsigned tried[32], count;

    (void)state;
    for (unsigned least = 1; least <= HIGH; least++)
        for (unsigned first = 1; first <= 8; first += 3)
            assert_int_equal(search(first, HIGH, least, tried, &count), least);
    assert_int_equal(search(4, 1000, 999, tried, &count), 999); /* no power of 2 of the first */
}

static void test_order(void **state)
{
    static const unsigned expected[] = {4, 8, 16, 12, 10, 11};
    unsigned tried[32], count;

    (void)state;
    assert_int_equal(search(4, HIGH, 11, tried, &count), 11);
    assert_int_equal(count, 6);
    assert_memory_equal(tried, expected, sizeof expected);
}

static void test_never_passes(void **state)
{
    unsigned tried[32], count;

    (void)state;
    assert_int_equal(search(4, HIGH, HIGH + 1, tried, &count), 0);
    assert_int_equal(tried[count - 1], HIGH);
    assert_int_equal(search(4, 3, 4, tried, &count), 0);
    assert_int_equal(count, 1);
}

static void test_always_passes(void **state)
{
    unsigned tried[32], count;

    (void)state;
    assert_int_equal(search(4, HIGH, 0, tried, &count), 1);
    assert_int_equal(count, 3); /* 4, 2, 1 */
}

/* Whatever passes, the result did, and the next smaller size did not. */
static void test_not_monotone(void **state)
{
    (void)state;
    for (unsigned pattern = 0; pattern < 1 << 10; pattern++) {
        struct minimum minimum = {.first = 2, .high = 10};
        unsigned size;

        while ((size = minimum_next(&minimum)) > 0)
            minimum_tell(&minimum, size, pattern >> (size - 1) & 1);
        if (minimum.good == 0)
            continue;
        assert_true(pattern >> (minimum.good - 1) & 1);
        if (minimum.good > 1)
            assert_false(pattern >> (minimum.good - 2) & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotone),     cmocka_unit_test(test_order),
        cmocka_unit_test(test_never_passes), cmocka_unit_test(test_always_passes),
        cmocka_unit_test(test_not_monotone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
