/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/plan/target.h"

static const struct machine microvm = {.type = "microvm", .accel = ACCEL_KVM, .tsc_khz = 5};
static const struct machine counting = {
    .type = "pc", .accel = ACCEL_TCG, .tsc_khz = 5, .icount = true};
static const struct machine pc = {.type = "pc", .accel = ACCEL_TCG, .tsc_khz = 5};

static void expect(const char *template, const struct launch *launch, const char *wanted)
{
    struct target target = {.cmdline = (char *)template, .cmdline_tcg = "khz={tsc_khz}"};
    char *text = target_cmdline(&target, "/app", "", launch);

    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

/* A guest without the network has the very command line that it had before there was one. */
static void test_without(void **state)
{
    const struct launch launch = {.machine = &microvm};

    (void)state;
    expect("quiet {network} -- {payload} {args}", &launch, "quiet -- /app ");
    expect("{network} quiet", &launch, "quiet");
    expect("quiet {network}", &launch, "quiet ");
}

/* Copying by `rep movsq` is slow in the emulator, and short where instructions are counted. */
static void test_rep_good(void **state)
{
    struct launch launch = {.machine = &pc};

    (void)state;
    expect("a{rep_good} --", &launch, "khz=5 a,rep_good --");
    launch.machine = &counting;
    expect("a{rep_good} --", &launch, "khz=5 a --");
    launch.machine = &microvm;
    expect("a{rep_good} --", &launch, "a --");
}

static void test_with(void **state)
{
    struct launch launch = {
        .machine = &microvm, .network = true, .instance = {.address = "10.0.0.2"}};

    (void)state;
    expect("quiet {network} -- {payload}", &launch,
           "quiet virtio_mmio.device=512@0xfeb00e00:12 "
           "ip=10.0.0.2::10.0.0.1:255.255.0.0::eth0:off -- /app");
    launch.machine = &pc;
    expect("{network} --", &launch, "khz=5 ip=10.0.0.2::10.0.0.1:255.255.0.0::eth0:off --");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without),
        cmocka_unit_test(test_rep_good),
        cmocka_unit_test(test_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
