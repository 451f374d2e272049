/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials of scripted guests: values, failures and their words, deadlines. */
#include "tests/unit/test.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "bench/base/json.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

static int record_one(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_MAIN, error);

    if (status == 0)
        trial_record(trial, "one",
                     (double)(trial_stamp(trial, EVENT_MAIN) - trial_stamp(trial, EVENT_RESUME)),
                     "noted");
    return status;
}

static int record_both(struct trial *trial, struct error *error)
{
    int status = record_one(trial, error);

    trial_record(trial, "two", 2, NULL);
    trial_record(trial, "exit", 3, NULL);
    trial_record(trial, "nosuch", 4, NULL);
    return status < 0 ? status : trial_wait(trial, EVENT_GONE, error);
}

/* Where the test is about something else. */
static void record_all(struct trial *trial)
{
    for (unsigned i = 0; guest_metrics[i].name; i++)
        trial_record(trial, guest_metrics[i].name, 0, NULL);
}

/* The time to the start, whatever marks it. */
static int record_both_starts(struct trial *trial, struct error *error)
{
    enum event started = trial_started(trial);
    int status = trial_wait(trial, started, error);

    if (status < 0)
        return status;
    record_all(trial);
    trial_record(trial, "one",
                 (double)(trial_stamp(trial, started) - trial_stamp(trial, EVENT_RESUME)), NULL);
    return 0;
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

static void expect_failure(struct guest_trial asked, const char *text)
{
    struct trial_report report;

    asked.measure = record_one;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, text);
    assert_string_equal(report.outcomes[ONE].failure, text);
    trial_report_free(&report);
}

static void test_early_end(void **state)
{
    (void)state;
    expect_failure((struct guest_trial){.scripts = {"[" LEAVE "]"}},
                   "the guest's process was gone before payload main");
    expect_failure((struct guest_trial){.scripts = {"[{\"at_ms\":0,\"crash\":9}]"}},
                   "the guest's process was gone before payload main");
    expect_failure(
        (struct guest_trial){
            .scripts = {"[{\"at_ms\":0,\"marker\":\"E\",\"status\":139}," LEAVE "]"}},
        "the payload ended with status 139 before payload main");
}

/* Wait for what comes however slow the host is, and then shortly for what does not come. */
static int wait_briefly(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_KERNEL, error);

    trial_allow_exactly(trial, 0.02);
    return status < 0 ? status : record_one(trial, error);
}

static void test_deadline(void **state)
{
    struct guest_trial asked = {.scripts = {"[" MARK("K") "," HANG "]"}, .measure = wait_briefly};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    /* On a slow host deadlines are longer, and the text says so. */
    assert_holds(report.error.text, "no payload main within 0.");
    assert_holds(report.error.text, "(last seen: kernel entry)");
    trial_report_free(&report);
    asked =
        (struct guest_trial){.scripts = {"[" HANG "]"}, .deadline_s = 0.02, .measure = record_one};
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_holds(report.error.text, "no payload main within 0.");
    assert_holds(report.error.text, "(last seen: resume)");
    trial_report_free(&report);
}

static pid_t start_spinner(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            ;
    }
    return pid;
}

/* A guest may take longer on a host that is slower: on one CPU, beside five others that spin, six
 * times as long, of which most is left for luck. */
static void test_slow_host(void **state)
{
    const struct guest_trial asked = {
        .scripts = {"[{\"at_ms\":150,\"marker\":\"M\"}," HANG "]"},
        .deadline_s = 0.1,
        .measure = record_both_starts,
    };
    struct trial_report report;
    cpu_set_t before, one;
    pid_t spinners[5];
    int status, cpu;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (cpu = 0; !CPU_ISSET(cpu, &before); cpu++)
        ;
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    for (int i = 0; i < 5; i++)
        spinners[i] = start_spinner();
    status = guest_run(&asked, &report);
    for (int i = 0; i < 5; i++) {
        kill(spinners[i], SIGKILL);
        waitpid(spinners[i], NULL, 0);
    }
    sched_setaffinity(0, sizeof before, &before);
    assert_int_equal(status, 0);
    assert_string_equal(report.error.text, "");
    assert_true(report.outcomes[ONE].value >= 150e6);
    trial_report_free(&report);
}

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

/* A driver whose guest runs before it is started. */
static int create_early(void *context, const struct launch *launch, struct guest *guest,
                        struct error *error)
{
    struct pollfd marker = {.events = POLLIN};
    int status = driver_null.create(context, launch, guest, error);

    if (status == 0)
        status = driver_null.resume(context, guest, error);
    marker.fd = guest->marker_fd;
    poll(&marker, 1, 10000);
    return status;
}

static void test_out_of_order(void **state)
{
    struct driver early = driver_null;
    const struct guest_trial before = {
        .scripts = {"[" MARK("M") "," HANG "]"}, .driver = &early, .measure = record_one};
    struct trial_report report;

    (void)state;
    expect_failure((struct guest_trial){.scripts = {"[" MARK("E") "," MARK("M") "," HANG "]"}},
                   "out of order: payload main was marked after end of payload");
    expect_failure(
        (struct guest_trial){.scripts = {"[" MARK("X") "," MARK("K") "," MARK("M") "," LEAVE "]"}},
        "out of order: kernel entry was marked after payload exit");
    early.create = create_early;
    assert_int_equal(guest_run(&before, &report), 0);
    assert_holds(report.error.text, "out of order: payload main came ");
    assert_holds(report.error.text, " ms before the guest was started");
    trial_report_free(&report);
}

static int wait_gone(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_GONE, error);

    record_all(trial);
    return status;
}

/* A status that comes later is not lost behind an earlier one. */
static void test_two_ends(void **state)
{
    const struct guest_trial asked = {
        .scripts = {"[" MARK("M") "," MARK(
            "E") ",{\"at_ms\":0,\"marker\":\"E\",\"status\":9}," LEAVE "]"},
        .measure = wait_gone};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "out of order: end of payload was marked twice");
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

static int wait_started(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, trial_started(trial), error);

    if (status == 0)
        record_all(trial);
    return status;
}

/* Of a user's program the message says what was waited for. */
static void test_hint(void **state)
{
    struct guest_trial asked = {.scripts = {"[" SAY("down\\n") "," LEAVE "]"},
                                .measure = wait_started};
    struct trial_report report;
    struct ready ready;

    (void)state;
    assert_int_equal(ready_parse("console:^up$", &ready, NULL), 0);
    asked.ready = &ready;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.outcomes[ONE].failure,
                        "the guest's process was gone before payload ready; no line of the console "
                        "matched \"^up$\"");
    trial_report_free(&report);
    asked.scripts[0] = "[" SAY("up\\n") "," LEAVE "]";
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, "");
    trial_report_free(&report);
    ready_free(&ready);
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

/* What the functions of the contract tell, noted for the test. */
static struct {
    double ns;
    uint64_t tsc;
    unsigned status;
    pid_t pid;
    bool icount, idled, phase, no_phase, far_phase;
    const char *address, *interface;
    int64_t unseen, again;
    enum profile profile;
    int codes[4];
} told;

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

static double after_linger_s;

static int linger(struct trial *trial, struct error *error)
{
    int64_t before = clock_now();
    int status = trial_wait(trial, EVENT_MAIN, error);

    trial_allow_exactly(trial, after_linger_s);
    if (status == 0)
        status = trial_linger(trial, 0.01, error);
    told.again = clock_now() - before;
    told.unseen = trial_stamp(trial, EVENT_END);
    if (status == 0)
        status = trial_wait(trial, EVENT_GONE, error);
    if (status == 0)
        record_all(trial);
    return status;
}

/* To linger is to wait for an end that need not come; the trial's deadline stays what it was. */
static void test_linger(void **state)
{
    struct guest_trial asked = {.scripts = {"[" MARK("M") "," HANG "]"}, .measure = linger};
    int64_t before = clock_now();
    struct trial_report report;

    (void)state;
    after_linger_s = 0.1;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_true(told.again >= 10000000);
    assert_true(clock_now() - before >= 100000000);
    assert_holds(report.error.text, "no end of guest within 0.1 s");
    assert_holds(report.error.text, "(last seen: payload main)");
    trial_report_free(&report);
    asked.scripts[0] = "[" MARK("M") "," MARK("E") "," LEAVE "]";
    after_linger_s = 60;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_true(told.unseen >= 0);
    assert_string_equal(report.error.text, "");
    trial_report_free(&report);
}

static int await(struct trial *trial, struct error *error)
{
    int pair[2];

    if (pipe(pair) < 0)
        return -errno;
    told.codes[0] = trial_wait(trial, EVENT_MAIN, error);
    close(pair[1]);
    told.codes[1] =
        trial_await(trial, pair[0], "end of the pipe", error); /* it has come to its end */
    close(pair[0]);
    if (pipe(pair) < 0)
        return -errno;
    trial_allow_exactly(trial, 0.01);
    told.codes[2] = trial_await(trial, pair[0], "end of the pipe", error);
    close(pair[0]);
    close(pair[1]);
    return told.codes[2];
}

static void test_await(void **state)
{
    const struct guest_trial asked = {.scripts = {"[" MARK("M") "," HANG "]"}, .measure = await};
    struct trial_report report;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_int_equal(told.codes[0], 0);
    assert_int_equal(told.codes[1], 0);
    assert_int_equal(told.codes[2], -ETIMEDOUT);
    assert_string_equal(report.error.text,
                        "no end of the pipe within 0.01 s (last seen: payload main)");
    trial_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_fail_one),
        cmocka_unit_test(test_last_words),
        cmocka_unit_test(test_early_end),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_hint),
        cmocka_unit_test(test_create_fails),
        cmocka_unit_test(test_tare_fails),
        cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_boot_again),
        cmocka_unit_test(test_linger),
        cmocka_unit_test(test_await),
        cmocka_unit_test(test_slow_host),
        cmocka_unit_test(test_blocking_resume),
        cmocka_unit_test(test_interrupted_resume),
        cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_two_ends),
        cmocka_unit_test(test_bad_markers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
