/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of the host, from files that a test wrote. */
#include "tests/unit/test.h"

#include "bench/base/clock.h"
#include "bench/base/json.h"
#include "bench/run/host.h"
#include "tests/unit/fixture.h"

static void test_snapshot(void **state)
{
    const struct fixture *fixture = *state;
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK), before = (double)clock_now() / 1e9;
    struct host_snapshot snapshot;

    fixture_text(fixture, "proc/loadavg", "1.25 0.50 0.25 1/100 4242\n");
    fixture_text(fixture, "proc/stat",
                 "cpu  100 20 30 4000 500 6 7 80 9 0\ncpu0 1 1 1 1 1 1 1 1\n");
    host_snapshot(fixture->root, &snapshot);
    assert_float_equal(snapshot.load1, 1.25, 0);
    assert_float_equal(snapshot.busy_s, (100 + 20 + 30 + 6 + 7) * tick, 1e-9);
    assert_float_equal(snapshot.steal_s, 80 * tick, 1e-9);
    assert_true(snapshot.time_s >= before && snapshot.time_s <= (double)clock_now() / 1e9);
}

static void test_snapshot_absent(void **state)
{
    const struct fixture *fixture = *state;
    struct host_snapshot snapshot;

    host_snapshot(fixture->root, &snapshot);
    assert_float_equal(snapshot.load1, 0, 0);
    assert_float_equal(snapshot.busy_s, 0, 0);
    fixture_text(fixture, "proc/stat", "cpu 1 2 3\n");
    host_snapshot(fixture->root, &snapshot);
    assert_float_equal(snapshot.busy_s, 0, 0);
    host_snapshot(NULL, &snapshot); /* this machine */
    assert_true(snapshot.busy_s > 0);
}

#define SYS "sys/devices/system/"

static void test_describe(void **state)
{
    const struct fixture *fixture = *state;
    const cJSON *mitigations;
    cJSON *host;

    fixture_text(fixture, "proc/cpuinfo",
                 "processor\t: 0\nmodel name\t: A CPU @ 2 GHz\nmicrocode\t: 0x2b\n"
                 "model name\t: another\n");
    fixture_text(fixture, SYS "cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    fixture_text(fixture, SYS "clocksource/clocksource0/current_clocksource", "tsc\n");
    fixture_text(fixture, "proc/sys/net/ipv4/tcp_congestion_control", "cubic\n");
    fixture_text(fixture, SYS "cpu/vulnerabilities/meltdown", "Not affected\n");
    fixture_text(fixture, SYS "cpu/vulnerabilities/mds", "Mitigation: Clear CPU buffers\n");
    host = host_describe(fixture->root);
    assert_string_equal(json_text(host, "cpu"), "A CPU @ 2 GHz");
    assert_string_equal(json_text(host, "microcode"), "0x2b");
    assert_string_equal(json_text(host, "governor"), "performance");
    assert_string_equal(json_text(host, "clocksource"), "tsc");
    assert_string_equal(json_text(host, "tcp_congestion"), "cubic");
    mitigations = json_field(host, "mitigations");
    assert_int_equal(cJSON_GetArraySize(mitigations), 2);
    assert_string_equal(json_text(mitigations, "meltdown"), "Not affected");
    assert_string_equal(json_text(mitigations, "mds"), "Mitigation: Clear CPU buffers");
    assert_float_equal(json_number(host, "cores"), (double)sysconf(_SC_NPROCESSORS_ONLN), 0);
    assert_true(json_number(host, "memory_mib") > 0);
    assert_memory_equal(json_text(host, "kernel"), "Linux ", 6);
    cJSON_Delete(host);
}

/* A machine that does not tell, as many virtual ones, is described too. */
static void test_describe_absent(void **state)
{
    const struct fixture *fixture = *state;
    cJSON *host = host_describe(fixture->root);
    static const char *const fields[] = {"cpu", "microcode", "governor", "clocksource",
                                         "tcp_congestion"};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_string_equal(json_text(host, fields[i]), "unknown");
    assert_true(cJSON_IsObject(json_field(host, "mitigations")));
    cJSON_Delete(host);
}

static void test_load(void **state)
{
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    struct host_snapshot before = {.time_s = 100, .load1 = 0.1, .busy_s = 50, .steal_s = 1};
    struct host_snapshot after = {.time_s = 110, .load1 = 0.9, .busy_s = 65, .steal_s = 2};
    cJSON *load = host_load(&before, &after, 10);

    (void)state;
    assert_float_equal(json_number(json_field(load, "before"), "load1"), 0.1, 0);
    assert_float_equal(json_number(json_field(load, "after"), "load1"), 0.9, 0);
    assert_float_equal(json_number(load, "other_load"), 0.5, 1e-9);
    assert_float_equal(json_number(load, "steal_percent"), 10 / cores, 1e-9);
    cJSON_Delete(load);
    load = host_load(&before, &after, 20); /* more ours than all: ticks are coarse */
    assert_float_equal(json_number(load, "other_load"), 0, 0);
    cJSON_Delete(load);
    load = host_load(&before, &before, 0);
    assert_float_equal(json_number(load, "other_load"), 0, 0);
    assert_float_equal(json_number(load, "steal_percent"), 0, 0);
    cJSON_Delete(load);
}

static void test_quiet(void **state)
{
    (void)state;
    assert_true(host_is_quiet(0, 0, 0));
    assert_true(host_is_quiet(0.29, 0.29, 0.99));
    assert_false(host_is_quiet(0.3, 0, 0));
    assert_false(host_is_quiet(0, 0.3, 0));
    assert_false(host_is_quiet(0, 0, 1));
}

/* As by the coarser but longer look of this test. */
static void test_tsc(void **state)
{
    int64_t start = clock_now();
    unsigned long long first = __builtin_ia32_rdtsc();
    unsigned khz = host_tsc_khz();
    double about = (double)(__builtin_ia32_rdtsc() - first) * 1e6 / (double)(clock_now() - start);

    (void)state;
    assert_int_equal(khz % 100, 0);
    assert_true(fabs(khz / about - 1) < 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_snapshot), FIXTURE_TEST(test_snapshot_absent),
        FIXTURE_TEST(test_describe), FIXTURE_TEST(test_describe_absent),
        cmocka_unit_test(test_load), cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_tsc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
