/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials of scripted guests: what is recorded of them, and what of a failure. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "bench/base/clock.h"
#include "bench/base/json.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

static int record_both(struct trial *trial, struct error *error)
{
    int status = record_one(trial, error);

    trial_record(trial, "two", 2, NULL);
    trial_record(trial, "exit", 3, NULL);
    trial_record(trial, "nosuch", 4, NULL);
    return status < 0 ? status : trial_wait(trial, EVENT_GONE, error);
}

static void test_values(void **state)
{
    const struct guest_trial asked = {.scripts = {"[" MARK("M") "," LEAVE "]"},
                                      .measure = record_both};
    struct trial_report report;
    int64_t before = clock_now();

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "");
    assert_int_equal(report.count, 7);
    assert_true(report.outcomes[ONE].recorded);
    assert_true(report.outcomes[ONE].value > 0);
    assert_true(report.outcomes[ONE].value < (double)(clock_now() - before));
    assert_string_equal(report.outcomes[ONE].note, "noted");
    assert_float_equal(report.outcomes[TWO].value, 2, 0);
    assert_null(report.outcomes[TWO].note);
    assert_null(report.outcomes[ONE].failure);
    assert_false(report.outcomes[KERNEL].recorded);
    assert_true(report.boots[0].booted);
    assert_string_equal(report.boots[0].cmdline, "first");
    assert_true(report.boots[0].argv_len > 0);
    assert_false(report.boots[1].booted);
    trial_report_free(&report);
}

static int record_then_fail(struct trial *trial, struct error *error)
{
    int status = record_one(trial, error);

    return status < 0 ? status : fail(error, EPROTO, "the second cannot be told");
}

/* An error fails what is not recorded yet, and nothing else. */
static void test_missing(void **state)
{
    const struct guest_trial asked = {.scripts = {"[" SAY("last words") "," MARK("M") "," HANG "]"},
                                      .measure = record_then_fail};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "the second cannot be told");
    assert_true(report.outcomes[ONE].recorded);
    assert_null(report.outcomes[ONE].failure);
    assert_false(report.outcomes[TWO].recorded);
    assert_string_equal(report.outcomes[TWO].failure, "the second cannot be told");
    assert_string_equal(report.outcomes[TWO].console, "last words");
    assert_string_equal(report.outcomes[EXIT].failure, "the second cannot be told");
    assert_null(report.outcomes[KERNEL].failure);
    assert_null(report.outcomes[REPLY].failure);
    trial_report_free(&report);
}

static int forget(struct trial *trial, struct error *error)
{
    trial_record(trial, "two", 2, NULL);
    trial_record(trial, "exit", 3, NULL);
    (void)error;
    return 0;
}

/* A scenario that forgets a metric must not let a result look whole. */
static void test_forgotten(void **state)
{
    const struct guest_trial asked = {.scripts = {"[" HANG "]"}, .measure = forget};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_holds(report.outcomes[ONE].failure, "neither a value nor a failure");
    assert_holds(report.error.text, "one: ");
    assert_null(report.outcomes[TWO].failure);
    assert_null(report.outcomes[KERNEL].failure);
    trial_report_free(&report);
}

static int fail_one(struct trial *trial, struct error *error)
{
    struct error why = {"it is odd"}, again = {"it is odd again"};

    trial_record(trial, "two", 2, NULL);
    trial_fail(trial, "one", &why);
    trial_fail(trial, "one", &again);
    trial_fail(trial, "two", &why);
    trial_record(trial, "one", 1, NULL);
    trial_record(trial, "exit", 3, NULL);
    trial_keep(trial, "one", "more", cJSON_CreateString("kept"));
    trial_keep(trial, "nosuch", "more", cJSON_CreateString("dropped"));
    (void)error;
    return 0;
}

/* A scenario may give up one metric and go on. What is told of a metric first stays. */
static void test_fail_one(void **state)
{
    const struct guest_trial asked = {.scripts = {"[" HANG "]"}, .measure = fail_one};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "one: it is odd");
    assert_string_equal(report.outcomes[ONE].failure, "it is odd");
    assert_false(report.outcomes[ONE].recorded);
    assert_string_equal(json_text(report.outcomes[ONE].kept, "more"), "kept");
    assert_true(report.outcomes[TWO].recorded);
    assert_null(report.outcomes[TWO].failure);
    trial_report_free(&report);
}

/* Wait for the guest's end by other means than the trial's, which then has read nothing. */
static int fail_unread(struct trial *trial, struct error *error)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, trial_pid(trial), 0), .events = POLLIN};

    poll(&end, 1, 10000);
    close(end.fd);
    return fail(error, EPROTO, "without a look");
}

static void test_last_words(void **state)
{
    const struct guest_trial asked = {.scripts = {"[" SAY("last words") "," LEAVE "]"},
                                      .measure = fail_unread};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.outcomes[ONE].console, "last words");
    trial_report_free(&report);
}

static void test_bad_markers(void **state)
{
    const struct guest_trial asked = {
        .scripts = {"[" MARK("M") "," MARK("?") "," MARK("E") "," LEAVE "]"}, .measure = wait_gone};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "");
    assert_true(report.bad_markers > 0);
    trial_report_free(&report);
}

/* Which metrics a trial is to record. */
static unsigned expected; /* a bit for each */

static int note_expected(struct trial *trial, struct error *error)
{
    (void)error;
    expected = 0;
    for (unsigned i = 0; guest_metrics[i].name; i++)
        expected |= (unsigned)trial_expects(trial, guest_metrics[i].name) << i;
    expected |= (unsigned)trial_expects(trial, "nosuch") << 31;
    record_all(trial);
    return 0;
}

static unsigned expected_of(struct guest_trial asked)
{
    struct trial_report report;

    asked.scripts[0] = "[" HANG "]";
    asked.measure = note_expected;
    assert_int_equal(guest_run(&asked, &report), 0);
    trial_report_free(&report);
    return expected;
}

static void test_expected(void **state)
{
    struct driver vm = driver_null;
    struct ready ready;

    (void)state;
    vm.uses_machine = true;
    assert_int_equal(ready_parse("console:up", &ready, NULL), 0);
    assert_int_equal(expected_of((struct guest_trial){0}), 1 << ONE | 1 << TWO | 1 << EXIT);
    assert_int_equal(expected_of((struct guest_trial){.ready = &ready}), 1 << ONE | 1 << TWO);
    assert_int_equal(expected_of((struct guest_trial){.probed = true}),
                     1 << ONE | 1 << TWO | 1 << EXIT | 1 << REPLY);
    assert_int_equal(expected_of((struct guest_trial){.profile = PROFILE_FULL}),
                     1 << ONE | 1 << TWO | 1 << EXIT | 1 << FULL);
    assert_int_equal(expected_of((struct guest_trial){.driver = &vm, .machine = {.icount = true}}),
                     1 << COUNT);
    assert_int_equal(expected_of((struct guest_trial){.machine = {.icount = true}}),
                     1 << ONE | 1 << TWO | 1 << EXIT); /* what is no VM lives in real time */
    ready_free(&ready);
}

static int tell(struct trial *trial, struct error *error)
{
    struct phase_mark mark;
    int status = trial_wait_phase(trial, 7, error);

    told.phase = trial_phase(trial, 7, &mark);
    told.no_phase = trial_phase(trial, 8, &mark);
    told.far_phase = trial_phase(trial, PHASES, &mark);
    told.ns = trial_tsc_ns(trial, 1000, 4000);
    if (status == 0)
        status = trial_wait(trial, EVENT_END, error);
    told.status = trial_status(trial, EVENT_END);
    told.tsc = trial_tsc(trial, EVENT_END);
    told.pid = trial_pid(trial);
    told.icount = trial_icount(trial);
    told.idled = trial_idled(trial, EVENT_END);
    told.address = trial_address(trial);
    told.interface = trial_interface(trial);
    told.unseen = trial_stamp(trial, EVENT_MAIN);
    told.profile = trial_profile(trial);
    return status < 0 ? status : trial_wait_phase(trial, 8, error);
}

static void test_told(void **state)
{
    const struct guest_trial asked = {
        .scripts = {"[{\"at_ms\":0,\"marker\":\"P\",\"status\":7},"
                    "{\"at_ms\":0,\"marker\":\"E\",\"status\":9}," LEAVE "]"},
        .machine = {.tsc_khz = 2000000},
        .measure = tell,
    };
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_true(told.phase);
    assert_false(told.no_phase || told.far_phase);
    assert_float_equal(told.ns, 1500, 1e-9);
    assert_int_equal(told.status, 9);
    assert_true(told.tsc > 0);
    assert_true(told.pid > 0);
    assert_false(told.icount || told.idled);
    assert_null(told.address);
    assert_null(told.interface);
    assert_int_equal(told.unseen, -1);
    assert_int_equal(told.profile, PROFILE_QUICK);
    assert_string_equal(report.error.text, "the payload ended with status 9 before phase 8");
    trial_report_free(&report);
}

static struct {
    int status;
    int64_t kernel, payload;
    struct error why;
} image;

static int weigh_image(struct trial *trial, struct error *error)
{
    image.why = (struct error){0};
    image.status = trial_image(trial, &image.kernel, &image.payload, &image.why);
    record_all(trial);
    (void)error;
    return 0;
}

/* A disk counts; what cannot be weighed does not weigh nothing. */
static void test_image(void **state)
{
    struct guest_trial asked = {
        .scripts = {"[" HANG "]"}, .disk = "/proc/self/exe", .measure = weigh_image};
    struct trial_report report;
    struct stat file;

    (void)state;
    assert_int_equal(stat(asked.disk, &file), 0);
    assert_int_equal(guest_run(&asked, &report), 0);
    trial_report_free(&report);
    assert_int_equal(image.status, 0);
    assert_int_equal(image.kernel, file.st_size);
    assert_int_equal(image.payload, 0);
    asked.disk = "/proc/self/nosuch";
    assert_int_equal(guest_run(&asked, &report), 0);
    trial_report_free(&report);
    assert_int_equal(image.status, -ENOENT);
    assert_holds(image.why.text, "/proc/self/nosuch: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),     cmocka_unit_test(test_missing),
        cmocka_unit_test(test_forgotten),  cmocka_unit_test(test_fail_one),
        cmocka_unit_test(test_last_words), cmocka_unit_test(test_bad_markers),
        cmocka_unit_test(test_expected),   cmocka_unit_test(test_told),
        cmocka_unit_test(test_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
