/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/base/json.h"
#include "bench/run/host.h"

static void test_load(void **state)
{
    struct host_snapshot before = {100, 0.1, 50, 1}, after = {110, 0.9, 65, 2};
    cJSON *load = host_load(&before, &after, 12);
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);

    (void)state;
    assert_float_equal(json_number(load, "other_load"), 0.3, 1e-9); /* (15 - 12) s of 10 s */
    assert_float_equal(json_number(load, "steal_percent"), 100 / (10 * cores), 1e-9);
    cJSON_Delete(load);
    assert_true(host_is_quiet(0.29, 0.29, 0.9));
    assert_false(host_is_quiet(0.3, 0, 0));
    assert_false(host_is_quiet(0, 0.3, 0));
    assert_false(host_is_quiet(0, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
