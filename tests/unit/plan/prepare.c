/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From options to a plan: what it holds, and in which words bad input is refused. */
#include "tests/unit/test.h"

#include "bench/plan/plan.h"
#include "tests/unit/fixture.h"

static void refuse_as(struct plan_options options, int code, const char *reason)
{
    struct error error = {0};
    struct plan plan;

    assert_int_equal(plan_prepare(&options, &plan, &error), code);
    assert_holds(error.text, reason);
    plan_free(&plan);
}

static void refuse(struct plan_options options, const char *reason)
{
    refuse_as(options, -EINVAL, reason);
}

static void test_plan(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    options.scenarios = "micro,boot";
    options.repeat = 3;
    options.warmup = 1;
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.scenario_count, 2);
    assert_string_equal(plan.scenarios[0]->name, "micro");
    assert_string_equal(plan.scenarios[1]->name, "boot");
    assert_int_equal(plan.all_count, 3);
    assert_ptr_equal(plan.scenarios[2], &scenario_kvm); /* its own question, behind */
    assert_int_equal(plan.target_count, 2);
    assert_int_equal(plan.trial_count, 2 * 2 * (3 + 1));
    assert_int_equal(plan.program_counts[0], 1);
    assert_int_equal(plan.program_counts[1], 2);
    assert_string_equal(plan.programs[1][1].about.payload, "listen");
    assert_memory_equal(plan.programs[1][1].payload.program.data, ELFMAG, SELFMAG);
    assert_string_equal(plan.programs[1][0].arguments->text, "");
    assert_int_equal(plan.programs[1][0].ready->kind, READY_MARKER);
    plan_free(&plan);
}

static void test_all(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    fixture_target(fixture, "c", "\"driver\":\"libvirt\",\"kernel\":\"none\",\"in_all\":false");
    fixture_target(fixture, "d",
                   "\"driver\":\"null\",\"script\":[],\"in_all\":false,\"variants\":{\"one\":{},"
                   "\"two\":{\"in_all\":true}}");
    options.targets = options.scenarios = "all"; /* of c nothing is read, so it is no fault */
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.target_count, 3);
    assert_string_equal(plan.targets[1].name, "b");
    assert_string_equal(plan.targets[2].name, "d.two");
    assert_int_equal(plan.scenario_count, 7);
    for (unsigned i = 0; i < plan.scenario_count; i++)
        assert_false(plan.scenarios[i]->hidden);
    plan_free(&plan);
    options.targets = "d.one"; /* but who asks for it gets it */
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    plan_free(&plan);
    options.targets = "c";
    refuse_as(options, -ENOENT, "kernels/c/none: No such file");
}

static void test_scenarios_refused(void **state)
{
    struct plan_options options = fixture_options(*state);

    options.scenarios = "boot,nosuch";
    refuse(options, "--scenario: \"nosuch\": unknown");
    options.scenarios = "kvm";
    refuse(options, "--scenario: \"kvm\": unknown");
    options.scenarios = "boot,micro,boot";
    refuse(options, "--scenario: \"boot\": named twice");
    options.scenarios = "";
    refuse(options, "--scenario: names nothing");
    options.scenarios = ",";
    refuse(options, "--scenario: names nothing");
}

static void test_targets_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    char many[512] = "", name[16];

    options.targets = "a,nosuch";
    refuse_as(options, -ENOENT, "target \"nosuch\": unknown");
    options.targets = "a,b,a";
    refuse(options, "--target: \"a\": named twice");
    options.targets = "";
    refuse(options, "--target: names nothing");
    for (int i = 0; i < PLAN_NAMES_MAX + 1; i++) {
        snprintf(name, sizeof name, "t%d", i);
        fixture_null(fixture, name, SCRIPT_GOOD);
        strcat(strcat(many, ","), name);
    }
    options.targets = many;
    refuse(options, "--target: more than 32");
    options.datadir = fixture_path(fixture, "none");
    options.targets = "a";
    refuse_as(options, -ENOENT, "none/payloads/noop.cpio: No such file");
}

/* Who is in the plan, and in which order. */
static void expect_targets(struct plan_options options, const char *names)
{
    char text[256] = "";
    struct plan plan;

    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    for (unsigned t = 0; t < plan.target_count; t++) {
        const struct target *target = &plan.targets[t];

        strcat(strcat(text, t ? "," : ""), target->name);
        if (target->driver->uses_machine)
            assert_string_equal(target->driver->name,
                                strchr(target->name, ':') ? "qemu" : "libvirt");
    }
    assert_string_equal(text, names);
    plan_free(&plan);
}

/* Every VM target once for each driver, by names that tell them apart; others once. */
static void test_drivers(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);

    fixture_vm(fixture, "v", "", 'v');
    fixture_vm(fixture, "w", ",\"in_all\":false", 'w');
    options.targets = "v,a";
    expect_targets(options, "v,a");
    options.drivers = "libvirt,qemu";
    expect_targets(options, "v,a,v:qemu");
    options.drivers = "qemu";
    expect_targets(options, "v:qemu,a");
    options.targets = "all";
    options.drivers = "qemu,libvirt";
    expect_targets(options, "a,b,v:qemu,v");
    options.drivers = NULL;
    options.targets = "v:qemu,v:libvirt,a"; /* as --resume names them */
    expect_targets(options, "v:qemu,v,a");
    options.targets = "v,v:libvirt";
    refuse(options, "--target: \"v\": named twice");
    options.targets = "a:qemu";
    refuse(options, "target \"a\": is no VM, so no other driver can run it");
    options.targets = "v:null";
    refuse(options, "target \"v\": no driver of that name runs VMs");
    options.targets = "v";
    options.drivers = "qemu,process";
    refuse(options, "--driver: \"process\": runs no VMs");
    options.drivers = "qemu,qemu";
    refuse(options, "--target: \"v:qemu\": named twice");
}

static void test_limits(void **state)
{
    static const char *const lists[] = {"0", "0,2", "0-3", "1,3-5,7", "1023"};
    static const char *const others[] = {"",     ",",     "-", "1-", "-1",  "1,",
                                         "1,,2", "1-2-3", "a", "0'", "0 1", "99999"};
    struct plan_options options = fixture_options(*state);

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        assert_true(pin_is_list(lists[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(pin_is_list(others[i]));
    options.repeat = 0;
    refuse(options, "--repeat: 0 is not from 1 to 100000");
    options = fixture_options(*state);
    options.seed = SEED_MAX + 1;
    refuse(options, "--seed: ");
    options = fixture_options(*state);
    options.machine.type = "isapc";
    refuse(options, "--machine: \"isapc\" is none of the choices");
}

static void test_memory(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    static char large[3 << 20];
    struct plan plan;

    options.machine.memory_mib = 1;
    refuse(options, "--memory: 1 MiB is less than a VM can have (2)");
    options.machine.memory_mib = 1 << 24;
    refuse(options, "--memory: 16777216 MiB is more than this host can give");
    fixture_write(fixture, "data/kernels/vm/large", large, sizeof large);
    fixture_kernel(fixture, "data/kernels/vm/kernel", 'k');
    fixture_target(fixture, "vm",
                   "\"driver\":\"libvirt\",\"kernel\":\"kernel\",\"initrd\":[\"payload\","
                   "\"large\"]");
    options.targets = "vm";
    options.machine.memory_mib = 3;
    refuse(options, "--memory: 3 MiB cannot hold target vm, whose kernel and initrd alone take 4");
    options.machine.memory_mib = 4;
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    plan_free(&plan);
}

static void test_icount(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    options.machine.icount = true;
    refuse_as(options, -ENOENT, "data/halts.so: No such file");
    fixture_text(fixture, "data/halts.so", "plugin");
    options.scenarios = "iperf";
    refuse(options, "--icount: scenario iperf measures nothing in virtual time");
    options.scenarios = "all"; /* leaves it out by itself */
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.scenario_count, 4);
    assert_string_equal(plan.plugin.data, "plugin");
    plan_free(&plan);
    options.scenarios = "boot";
    options.payload = fixture_path(fixture, "program");
    options.ready = "console:up";
    refuse(options, "--ready console:up: cannot go with --icount");
}

static void test_payload(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    fixture_target(fixture, "process", "\"driver\":\"process\"");
    options.targets = "process";
    options.payload = fixture_path(fixture, "program");
    options.args = "-p 80";
    options.ready = "tcp:80";
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.program_counts[0], 1);
    assert_string_equal(plan.programs[0][0].about.payload, options.payload);
    assert_true(plan.programs[0][0].about.network);
    assert_int_equal(plan.programs[0][0].about.port, 80);
    assert_string_equal(plan.programs[0][0].arguments->text, "-p 80");
    assert_int_equal(plan.programs[0][0].ready->kind, READY_TCP);
    /* The question whether KVM works is asked with a program that is known. */
    assert_string_equal(plan.programs[1][0].about.payload, "noop");
    assert_string_equal(plan.programs[1][0].arguments->text, "");
    plan_free(&plan);
    options.ready = "console:up";
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_false(plan.programs[0][0].about.network);
    plan_free(&plan);
}

static void test_payload_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);

    options.payload = fixture_path(fixture, "none");
    refuse(options, "--payload: ");
    refuse(options, "none: No such file or directory; name a readable static x86-64 ELF program");
    options.payload = fixture_path(fixture, "program");
    options.scenarios = "boot,micro";
    refuse(options, "--payload: scenario micro measures its own program");
    options.scenarios = "latency";
    refuse(options, "--payload: scenario latency sends requests to the program; say where");
    options.scenarios = "boot";
    options.ready = "soon";
    refuse(options, "--ready soon: is none of");
    options.ready = NULL;
    options.args = "a \"b\"";
    refuse(options, "--args: ");
}

static void test_url_refused(void **state)
{
    struct plan_options options = fixture_options(*state);
    char path[300];

    options.url = "/";
    refuse(options, "--url: no scenario of this run sends requests");
    options.scenarios = "latency";
    options.url = "index";
    refuse(options, "--url: \"index\" must be a path");
    options.url = "/a b";
    refuse(options, "--url: \"/a b\" holds a byte that must be written as %XX");
    memset(path, '/', sizeof path);
    path[sizeof path - 1] = '\0';
    options.url = path;
    refuse(options, "of 255 bytes at most");
}

/* What is asked of the user's program must reach it on every target. */
static void test_rules_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    fixture_vm(fixture, "silent", ",\"cmdline\":\"{payload}\"", 'k');
    fixture_vm(fixture, "floor", ",\"runs_program\":false", 'k');
    options.payload = fixture_path(fixture, "program");
    options.args = "-p 80";
    options.targets = "a,silent";
    refuse(options,
           "--args: target silent: the field \"cmdline\" of its target.json has no {args}");
    fixture_multiboot(fixture, "data/kernels/grub/kernel");
    fixture_target(fixture, "grub",
                   "\"driver\":\"libvirt\",\"boot\":\"grub\",\"kernel\":\"kernel\","
                   "\"initrd\":[\"payload\"],\"cmdline\":\"{args}\"");
    options.targets = "grub";
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    plan_free(&plan);
    options.args = "-p 'a'";
    refuse(options, "--args: target grub: GRUB passes no quotes or backslashes on");
    options.args = NULL;
    options.ready = "tcp:80";
    options.targets = "silent";
    refuse(options, "--ready tcp: target silent has no network: the field \"cmdline\" of its");
    options.targets = "a";
    refuse(options, "--ready tcp: target a has no network: its driver connects none");
    options.args = "-p 80";
    options.targets = "floor"; /* runs no program: it can neither take nor miss anything */
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    plan_free(&plan);
}

static void test_noise_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);

    options.noise = fixture_path(fixture, "none");
    refuse_as(options, -ENOENT, "--noise: ");
    fixture_text(fixture, "text", "{}");
    options.noise = fixture_path(fixture, "text");
    refuse(options, "--noise: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_plan),
        FIXTURE_TEST(test_all),
        FIXTURE_TEST(test_scenarios_refused),
        FIXTURE_TEST(test_targets_refused),
        FIXTURE_TEST(test_drivers),
        FIXTURE_TEST(test_limits),
        FIXTURE_TEST(test_memory),
        FIXTURE_TEST(test_icount),
        FIXTURE_TEST(test_payload),
        FIXTURE_TEST(test_payload_refused),
        FIXTURE_TEST(test_url_refused),
        FIXTURE_TEST(test_rules_refused),
        FIXTURE_TEST(test_noise_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
