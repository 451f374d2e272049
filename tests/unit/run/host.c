/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told of the host, from files that a test wrote. */
#include "tests/unit/test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "bench/base/json.h"
#include "bench/run/host.h"
#include "bench/run/quota.h"
#include "drivers/machine.h"
#include "tests/unit/fixture.h"

static void test_snapshot(void **state)
{
    const struct fixture *fixture = *state;
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK), before = (double)clock_now() / 1e9;
    struct host_snapshot snapshot;

    fixture_text(fixture, "proc/loadavg", "1.25 0.50 0.25 1/100 4242\n");
    fixture_text(fixture, "proc/stat", "cpu  100 20 30 4000 500 0 7 80 9 0\n");
    host_snapshot(fixture->root, &snapshot); /* interrupts are in the programs' time */
    assert_float_equal(snapshot.busy_s, (100 + 20 + 30 + 7) * tick, 1e-9);
    fixture_text(fixture, "proc/stat",
                 "cpu  100 20 30 4000 500 6 7 80 9 0\ncpu0 1 1 1 1 1 1 1 1\n");
    host_snapshot(fixture->root, &snapshot);
    assert_float_equal(snapshot.load1, 1.25, 0);
    assert_float_equal(snapshot.busy_s, (100 + 20 + 30) * tick, 1e-9);
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

#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SYS "sys/devices/system/"

static void test_describe(void **state)
{
    const struct fixture *fixture = *state;
    const cJSON *mitigations;
    cJSON *host;

    fixture_text(fixture, "proc/cpuinfo",
                 "processor\t: 0\nmodel name\t: A CPU @ 2 GHz\nmicrocode\t: 0x2b\n"
                 "model name\t: another\ncpu family\t: 6\nmodel\t\t: 143\nstepping\t: 8\n"
                 "flags\t\t: fpu hypervisor lm\n");
    fixture_text(fixture, SYS "cpu/smt/active", "1\n");
    fixture_text(fixture, SYS "cpu/intel_pstate/no_turbo", "0\n");
    fixture_text(fixture, "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    fixture_text(fixture, "proc/sys/kernel/randomize_va_space", "2\n");
    fixture_text(fixture, "proc/cmdline", "root=/dev/vda quiet\n");
    fixture_text(fixture, "proc/self/status", "Cpus_allowed:\t3\nCpus_allowed_list:\t0-1\n");
    fixture_text(fixture, MACHINE_QEMU + 1, "");
    fixture_text(fixture, "usr/share/seabios/bios-256k.bin", "");
    fixture_text(fixture, "proc/self/cgroup", "0::/\n");
    fixture_text(fixture, "sys/fs/cgroup/cpu.max", "25000 100000\n");
    fixture_text(fixture, SYS "cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    fixture_text(fixture, SYS "clocksource/clocksource0/current_clocksource", "tsc\n");
    fixture_text(fixture, "proc/sys/net/ipv4/tcp_congestion_control", "cubic\n");
    fixture_text(fixture, SYS "cpu/vulnerabilities/meltdown", "Not affected\n");
    fixture_text(fixture, SYS "cpu/vulnerabilities/mds", "Mitigation: Clear CPU buffers\n");
    host = host_describe(fixture->root);
    assert_string_equal(json_text(host, "cpu"), "A CPU @ 2 GHz");
    assert_string_equal(json_text(host, "cpu_family"), "6");
    assert_string_equal(json_text(host, "cpu_model"), "143");
    assert_string_equal(json_text(host, "cpu_stepping"), "8");
    assert_string_equal(json_text(host, "virtual"), "yes");
    assert_string_equal(json_text(host, "smt"), "1");
    assert_string_equal(json_text(host, "turbo"), "on");
    assert_string_equal(json_text(host, "thp"), "madvise");
    assert_string_equal(json_text(host, "aslr"), "2");
    assert_string_equal(json_text(host, "cmdline"), "root=/dev/vda quiet");
    assert_string_equal(json_text(host, "affinity"), "0-1");
    assert_float_equal(json_number(host, "nice"), getpriority(PRIO_PROCESS, 0), 0);
    assert_float_equal(json_number(host, "quota_cpus"), 0.25, 1e-9);
    assert_string_equal(json_text(host, "qemu_sha256"), SHA256_OF_NOTHING);
    assert_string_equal(json_text(json_field(host, "firmware"), "bios-256k.bin"),
                        SHA256_OF_NOTHING);
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
    static const char *const fields[] = {
        "cpu",        "microcode", "governor",     "clocksource", "tcp_congestion",
        "cpu_family", "cpu_model", "cpu_stepping", "virtual",     "smt",
        "turbo",      "thp",       "aslr",         "cmdline",     "affinity"};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_string_equal(json_text(host, fields[i]), "unknown");
    assert_true(cJSON_IsObject(json_field(host, "mitigations")));
    assert_null(json_field(host, "quota_cpus"));
    assert_null(json_field(host, "qemu_sha256"));
    assert_int_equal(cJSON_GetArraySize(json_field(host, "firmware")), 0);
    cJSON_Delete(host);
}

static void test_use(void **state)
{
    double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    struct host_snapshot before = {.time_s = 100, .busy_s = 50, .steal_s = 1, .throttled_s = 3};
    struct host_snapshot after = {.time_s = 110, .busy_s = 65, .steal_s = 2, .throttled_s = 5};
    struct host_use use = host_use(&before, &after, 10);

    (void)state;
    assert_float_equal(use.seconds, 10, 1e-9);
    assert_float_equal(use.other_load, 0.5, 1e-9);
    assert_float_equal(use.steal_percent, 10 / cores, 1e-9);
    assert_float_equal(use.throttled_percent, 20 / cores, 1e-9);
    use = host_use(&before, &after, 20); /* more ours than all: ticks are coarse */
    assert_float_equal(use.other_load, 0, 0);
    use = host_use(&before, &before, 0);
    assert_float_equal(use.other_load, 0, 0);
    assert_float_equal(use.steal_percent, 0, 0);
}

static void test_quiet(void **state)
{
    (void)state;
    assert_true(host_use_is_quiet(&(struct host_use){0}));
    assert_true(host_use_is_quiet(
        &(struct host_use){.other_load = 0.29, .steal_percent = 0.99, .throttled_percent = 0.99}));
    assert_false(host_use_is_quiet(&(struct host_use){.other_load = 0.3}));
    assert_false(host_use_is_quiet(&(struct host_use){.steal_percent = 1}));
    assert_false(host_use_is_quiet(&(struct host_use){.throttled_percent = 1}));
}

/* A program that a child runs while we watch is another's. */
static void test_watch(void **state)
{
    pid_t busy = fork();
    volatile bool spins = busy == 0;
    struct host_use use;

    (void)state;
    assert_true(busy >= 0);
    while (spins)
        ;
    use = host_watch(NULL);
    kill(busy, SIGKILL);
    waitpid(busy, NULL, 0);
    assert_true(use.seconds >= HOST_WATCH_S && use.seconds < 60);
    if (use.steal_percent == 0) /* or somebody took what it would have used */
        assert_true(use.other_load > 0.3);
    assert_false(host_use_is_quiet(&use));
}

/* The groups above hold too; an older kernel keeps the same in other files. */
static void test_quota(void **state)
{
    const struct fixture *fixture = *state;
    struct host_quota quota;

    host_quota(fixture->root, &quota);
    assert_float_equal(quota.cpus, 0, 0);
    fixture_text(fixture, "proc/self/cgroup", "1:name=systemd:/x\n0::/a/b\n");
    fixture_text(fixture, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    fixture_text(fixture, "sys/fs/cgroup/a/b/cpu.stat", "usage_usec 7\nthrottled_usec 500000\n");
    fixture_text(fixture, "sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    fixture_text(fixture, "sys/fs/cgroup/a/cpu.stat", "throttled_usec 250000\n");
    host_quota(fixture->root, &quota);
    assert_float_equal(quota.cpus, 1.5, 1e-9);
    assert_float_equal(quota.throttled_s, 0.75, 1e-9);
    fixture_text(fixture, "proc/self/cgroup", "2:cpu,cpuacct:/c\n0::/a/b\n");
    fixture_text(fixture, "sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "50000\n");
    fixture_text(fixture, "sys/fs/cgroup/cpu/c/cpu.cfs_period_us", "100000\n");
    fixture_text(fixture, "sys/fs/cgroup/cpu/c/cpu.stat", "throttled_time 3000000000\n");
    fixture_text(fixture, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    fixture_text(fixture, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    host_quota(fixture->root, &quota);
    assert_float_equal(quota.cpus, 0.5, 1e-9);
    assert_float_equal(quota.throttled_s, 3, 1e-9);
    fixture_text(fixture, "proc/self/cgroup", "0::/\n"); /* as in a container; counted once */
    fixture_text(fixture, "sys/fs/cgroup/cpu.max", "25000 100000\n");
    fixture_text(fixture, "sys/fs/cgroup/cpu.stat", "throttled_usec 125000\n");
    host_quota(fixture->root, &quota);
    assert_float_equal(quota.cpus, 0.25, 1e-9);
    assert_float_equal(quota.throttled_s, 0.125, 1e-9);
    host_quota(NULL, &quota); /* this machine */
    assert_true(quota.cpus >= 0);
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
        FIXTURE_TEST(test_snapshot),  FIXTURE_TEST(test_snapshot_absent),
        FIXTURE_TEST(test_describe),  FIXTURE_TEST(test_describe_absent),
        cmocka_unit_test(test_use),   cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_watch), FIXTURE_TEST(test_quota),
        cmocka_unit_test(test_tsc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
