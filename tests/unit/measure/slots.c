/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials of scripted guests: the calls into their driver. */
#include "tests/unit/test.h"

#include "bench/base/clock.h"
#include "tests/unit/measure/guest.h"

/* What the guest does while resume has not returned is stamped when it happens. */
static void test_blocking_resume(void **state)
{
    struct guest_trial asked = {
        .scripts = {"[{\"resume_ms\":2000}," SAY(
            "up\\n") ","
                     "{\"at_ms\":1,\"marker\":\"M\"},{\"at_ms\":1000,\"exit\":0}]"},
        .measure = record_both_starts};
    struct trial_report report;
    struct ready ready;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "");
    assert_in_range(report.outcomes[ONE].value, 1000000, 999999999);
    trial_report_free(&report);
    assert_int_equal(ready_parse("console:^up$", &ready, NULL), 0);
    asked.ready = &ready;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "");
    assert_in_range(report.outcomes[ONE].value, 0, 999999999);
    trial_report_free(&report);
    ready_free(&ready);
}

/* Ctrl-C ends a call that would not return. */
static void test_interrupted_resume(void **state)
{
    const struct guest_trial asked = {.scripts = {"[{\"resume_ms\":600000}," HANG "]"},
                                      .measure = record_one};
    struct trial_report report;
    int64_t before = clock_now();
    int pair[2];

    (void)state;
    assert_int_equal(pipe(pair), 0);
    close(pair[1]);
    watch_interrupt_on(pair[0]);
    assert_int_equal(guest_run(&asked, &report), -ECANCELED);
    watch_interrupt_on(-1);
    assert_true(clock_now() - before < 60000000000);
    close(pair[0]);
    trial_report_free(&report);
}

static void test_create_fails(void **state)
{
    (void)state;
    expect_failure((struct guest_trial){.scripts = {"[]"}},
                   "\"script\" must be an array of at least one step");
}

/* What tare could not do is no sample of the guest's. */
static void test_tare_fails(void **state)
{
    const struct guest_trial asked = {.unlaunchable = true, .measure = record_one};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), -ENOSPC);
    assert_string_equal(report.error.text, "no room for the guest's files");
    trial_report_free(&report);
}

static void test_interrupt(void **state)
{
    const struct guest_trial asked = {.scripts = {"[" HANG "]"}, .measure = record_one};
    struct trial_report report;
    int pair[2];

    (void)state;
    assert_int_equal(pipe(pair), 0);
    close(pair[1]);
    watch_interrupt_on(pair[0]);
    assert_int_equal(guest_run(&asked, &report), -ECANCELED);
    watch_interrupt_on(-1);
    close(pair[0]);
    trial_report_free(&report);
}

static int boot_again(struct trial *trial, struct error *error)
{
    pid_t first = trial_pid(trial);

    told.codes[0] = trial_wait(trial, EVENT_MAIN, error);
    told.codes[1] = trial_boot(trial, 1, error);
    told.again = trial_stamp(trial, EVENT_MAIN);
    told.pid = trial_pid(trial) == first ? 0 : trial_pid(trial);
    told.codes[2] = trial_wait(trial, EVENT_READY, error);
    told.unseen = trial_stamp(trial, EVENT_MAIN);
    told.codes[3] = trial_select(trial, 2, error);
    record_all(trial);
    return 0;
}

/* Another program in the place of the first: all stamps begin anew. */
static void test_boot_again(void **state)
{
    const struct guest_trial asked = {
        .scripts = {"[" MARK("M") "," HANG "]", "[" MARK("R") "," HANG "]"},
        .measure = boot_again,
    };
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_int_equal(told.codes[0], 0);
    assert_int_equal(told.codes[1], 0);
    assert_int_equal(told.again, -1);
    assert_true(told.pid > 0);
    assert_int_equal(told.codes[2], 0);
    assert_int_equal(told.unseen, -1);
    assert_int_equal(told.codes[3], -EINVAL); /* guest 2 before guest 1 */
    trial_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocking_resume), cmocka_unit_test(test_interrupted_resume),
        cmocka_unit_test(test_create_fails),    cmocka_unit_test(test_tare_fails),
        cmocka_unit_test(test_interrupt),       cmocka_unit_test(test_boot_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
