/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trials of scripted guests: waits, their deadlines, and what they say of what did not come. */
#include "tests/unit/test.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

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
        cmocka_unit_test(test_early_end), cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_slow_host), cmocka_unit_test(test_out_of_order),
        cmocka_unit_test(test_two_ends),  cmocka_unit_test(test_hint),
        cmocka_unit_test(test_linger),    cmocka_unit_test(test_await),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
