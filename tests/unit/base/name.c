/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/name.h"
#include "bench/plan/registry.h"

static void test_alphabet(void **state)
{
    static const char *const good[] = {"a",         "Z9", "linux-tuned", "tcp_rx_p4", "linux-6.1",
                                       "pith:qemu", "0"};
    static const char *const bad[] = {"",         ".",     "..",  ".a",     "-a",     "_a",  "a/b",
                                      "a b",      "a,b",   "a\n", "\033[m", "a\"b",   "a'b", "a$b",
                                      "\xc3\xa4", "a\x7f", "a|b", "<a",     "../../x"};
    char name[NAME_LENGTH_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(name_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(name_is_valid(bad[i]));
    memset(name, 'a', sizeof name);
    name[NAME_LENGTH_MAX] = '\0';
    assert_true(name_is_valid(name));
    name[NAME_LENGTH_MAX] = 'a';
    name[NAME_LENGTH_MAX + 1] = '\0';
    assert_false(name_is_valid(name));
}

/* What tare itself brings. */
static void test_own(void **state)
{
    (void)state;
    for (const struct scenario *const *scenario = scenarios; *scenario; scenario++) {
        assert_true(name_is_valid((*scenario)->name));
        for (const struct metric *metric = (*scenario)->metrics; metric->name; metric++)
            assert_true(name_is_valid(metric->name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alphabet),
        cmocka_unit_test(test_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
