/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Twins: --ab and --aa. */
#include "tests/unit/test.h"

#include "bench/plan/plan.h"
#include "tests/unit/fixture.h"

static void refuse(struct plan_options options, int code, const char *reason)
{
    struct error error = {0};
    struct plan plan;

    assert_int_equal(plan_prepare(&options, &plan, &error), code);
    assert_holds(error.text, reason);
    plan_free(&plan);
}

/* Two kernel files of one virtual machine, with and without the first. */
static void test_ab(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    fixture_vm(fixture, "vm", ",\"cmdline\":\"c\"", '0');
    fixture_kernel(fixture, "old", '1');
    fixture_kernel(fixture, "new", '2');
    options.targets = "vm";
    options.twins = TWINS_AB;
    options.builds[0] = fixture_path(fixture, "old");
    options.builds[1] = fixture_path(fixture, "new");
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.target_count, 2);
    assert_string_equal(plan.targets[0].name, "vm");
    assert_null(plan.targets[0].twin_of);
    assert_string_equal(plan.targets[1].name, "vm-b");
    assert_string_equal(plan.targets[1].twin_of, "vm");
    assert_string_equal(plan.targets[1].cmdline, "c");
    assert_int_equal(plan.targets[0].kernel.data[0x300], '1');
    assert_int_equal(plan.targets[1].kernel.data[0x300], '2');
    assert_int_equal(plan.trial_count, 2); /* it has its part in the order */
    plan_free(&plan);
    options.builds[0] = NULL;
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.targets[0].kernel.data[0x300], '0');
    assert_int_equal(plan.targets[1].kernel.data[0x300], '2');
    plan_free(&plan);
}

/* Of the null driver, the builds are scripts. */
static void test_ab_script(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    fixture_text(fixture, "script", "[{\"at_ms\": 5, \"exit\": 0}]");
    fixture_text(fixture, "text", "\"no array\"");
    options.twins = TWINS_AB;
    options.twin_of = "b";
    options.builds[1] = fixture_path(fixture, "script");
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.target_count, 3);
    assert_string_equal(plan.targets[2].name, "b-b");
    assert_string_equal(plan.targets[2].script, "[{\"at_ms\":5,\"exit\":0}]");
    assert_string_equal(plan.targets[1].script, plan.targets[0].script);
    plan_free(&plan);
    options.builds[1] = fixture_path(fixture, "text");
    refuse(options, -EINVAL, "not a script of the null driver");
}

static void test_ab_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);

    fixture_target(fixture, "process", "\"driver\":\"process\"");
    fixture_vm(fixture, "vm", "", '0');
    options.twins = TWINS_AB;
    options.builds[1] = fixture_path(fixture, "none");
    refuse(options, -EINVAL, "--ab: compares two builds of one target, and 2 are chosen");
    options.twin_of = "c";
    refuse(options, -EINVAL, "--ab: target c is not in the run");
    options.twin_of = "b";
    refuse(options, -ENOENT, "none: No such file");
    options.twin_of = NULL;
    options.targets = "process";
    refuse(options, -EINVAL, "target process has no kernel to replace");
    fixture_text(fixture, "text", "not a kernel");
    options.targets = "vm";
    options.builds[1] = fixture_path(fixture, "text");
    refuse(options, -ENOEXEC, "text: neither an ELF kernel nor a Linux bzImage");
}

static void test_aa(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    struct plan plan;

    options.twins = TWINS_AA;
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_int_equal(plan.target_count, 4);
    for (unsigned t = 0; t < 2; t++) {
        assert_string_equal(plan.targets[2 + t].twin_of, plan.targets[t].name);
        assert_string_equal(plan.targets[2 + t].script, plan.targets[t].script);
    }
    plan_free(&plan);
}

static void test_names(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    char many[256] = "", name[16];

    fixture_null(fixture, "a-b", SCRIPT_GOOD);
    options.targets = "a,a-b";
    options.twins = TWINS_AA;
    refuse(options, -EINVAL, "--target: \"a-b\": is what the twin of a is called");
    for (int i = 0; i < PLAN_NAMES_MAX / 2 + 1; i++) {
        snprintf(name, sizeof name, "t%d", i);
        fixture_null(fixture, name, SCRIPT_GOOD);
        strcat(strcat(many, ","), name);
    }
    options.targets = many;
    refuse(options, -EINVAL, "--target: more than 32, twins included");
}

/* The twin of a target given by path is that target, not one of that name; also by another driver.
 */
static void test_path(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = fixture_options(fixture);
    char path[PATH_MAX];
    struct plan plan;

    fixture_vm(fixture, "vm", ",\"cmdline\":\"another\"", '0');
    fixture_kernel(fixture, "mine/vm/kernel", '0');
    fixture_text(fixture, "mine/vm/target.json",
                 "{\"name\":\"vm\",\"summary\":\"s\",\"driver\":\"libvirt\",\"kernel\":"
                 "\"kernel\",\"initrd\":[\"payload\"],\"cmdline\":\"mine\"}");
    snprintf(path, sizeof path, "%s", fixture_path(fixture, "mine/vm/target.json"));
    options.targets = path;
    options.twins = TWINS_AA;
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_string_equal(plan.targets[1].name, "vm-b");
    assert_string_equal(plan.targets[1].cmdline, "mine");
    plan_free(&plan);
    options.drivers = "qemu";
    assert_int_equal(plan_prepare(&options, &plan, NULL), 0);
    assert_string_equal(plan.targets[1].name, "vm:qemu-b");
    assert_string_equal(plan.targets[1].driver->name, "qemu");
    assert_string_equal(plan.targets[1].cmdline, "mine");
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_ab), FIXTURE_TEST(test_ab_script), FIXTURE_TEST(test_ab_refused),
        FIXTURE_TEST(test_aa), FIXTURE_TEST(test_names),     FIXTURE_TEST(test_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
