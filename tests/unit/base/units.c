/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/units.h"

static void expect(const char *unit, double largest, const char *shown, double divisor)
{
    double scale = -1;

    assert_string_equal(unit_shown(unit, largest, &scale), shown);
    assert_float_equal(scale, divisor, 0);
}

static void test_rates(void **state)
{
    (void)state;
    expect("bit/s", 0, "bit/s", 1);
    expect("bit/s", 999, "bit/s", 1);
    expect("bit/s", 1000, "kbit/s", 1e3);
    expect("bit/s", 999999, "kbit/s", 1e3);
    expect("bit/s", 1e6, "Mbit/s", 1e6);
    expect("bit/s", 1e9, "Gbit/s", 1e9);
    expect("bit/s", 1e13, "Gbit/s", 1e9);
    expect("bit/s", -2e9, "Gbit/s", 1e9); /* of a difference */
}

static void test_others(void **state)
{
    (void)state;
    expect("ms", 1e12, "ms", 1);
    expect("bit", 1e12, "bit", 1);
    expect("", 1e12, "", 1);
}

static void test_durations(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } durations[] = {{0.2, "1 s"},     {89.4, "89 s"},       {90, "2 min"},
                     {1000, "17 min"}, {5399, "1 h 30 min"}, {7200, "2 h 0 min"}};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        assert_string_equal(duration_text(durations[i].seconds, text, sizeof text),
                            durations[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
