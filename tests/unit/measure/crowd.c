/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many scripted guests at once: who fails is counted, the others go on, and none remains. */
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/measure/trial.h"
#include "bench/plan/registry.h"

#define GUESTS 20
#define BROKEN 3  /* its creation fails */
#define LOST 5    /* tare cannot prepare it */
#define ENDING 11 /* ends before it is ready */

static const struct metric metrics[] = {{.name = "alive"}, {.name = NULL}};

static int launch_script(const void *data, unsigned program, unsigned instance,
                         struct launch *launch, struct error *error)
{
    (void)data;
    (void)program;
    if (instance == LOST)
        return fail(error, ENOSPC, "no room for the guest's files");
    *launch = (struct launch){.name = "null", .netns = -1};
    launch->script = instance == BROKEN   ? "[]"
                     : instance == ENDING ? "[{\"at_ms\":1,\"exit\":0}]"
                                          : "[{\"at_ms\":5,\"marker\":\"R\"},"
                                            "{\"at_ms\":60000,\"exit\":0}]";
    return instance_make(instance, &launch->instance, error);
}

static void free_script(struct launch *launch)
{
    *launch = (struct launch){.netns = -1};
}

/* What the scenario of a test saw: asserts come after the trial. */
static struct {
    struct crowd crowd;
    unsigned asked, ready, gone, left;
    int status;
    pid_t pids[GUESTS];
} seen;

static bool ask(void *data)
{
    const unsigned *most = data;

    return seen.asked++ < *most;
}

static void look_at_all(struct trial *trial)
{
    for (unsigned i = 0; i < GUESTS; i++) {
        struct error why = {0};

        if (trial_select(trial, i, &why) < 0 || trial_pid(trial) == 0)
            continue;
        seen.pids[i] = trial_pid(trial);
        if (trial_wait(trial, EVENT_READY, &why) == 0)
            seen.ready++;
        else
            seen.gone += trial_stamp(trial, EVENT_GONE) >= 0;
    }
}

static int measure_crowd(struct trial *trial, struct error *error)
{
    unsigned most = GUESTS;
    int status;

    trial_end_crowd(trial, 0);
    status = trial_boot_crowd(trial, 0, GUESTS, 0, ask, &most, &seen.crowd, error);
    look_at_all(trial);
    /* One is gone, and a wait for nobody's event goes on. */
    trial_select(trial, ENDING, error);
    seen.status = trial_pause(trial, 0.01, error);
    trial_end_crowd(trial, 0);
    for (unsigned i = 0; i < GUESTS; i++)
        seen.left += seen.pids[i] > 0 && kill(seen.pids[i], 0) == 0;
    trial_record(trial, "alive", seen.ready, NULL);
    return status;
}

/* No more than three are to be begun; then those again, as others. */
static int measure_few(struct trial *trial, struct error *error)
{
    unsigned most = 2;
    int status;

    trial_end_crowd(trial, 0);
    status = trial_boot_crowd(trial, 0, 3, 0, ask, &most, &seen.crowd, error);
    look_at_all(trial);
    trial_record(trial, "alive", seen.ready, NULL);
    return status;
}

static void run(int (*measure)(struct trial *trial, struct error *error),
                struct trial_report *report)
{
    static const struct machine machine = {.type = "microvm"};
    const struct scenario scenario = {
        .name = "crowd", .metrics = metrics, .deadline_s = 30, .measure = measure};
    const struct trial_setup setup = {
        .scenario = &scenario,
        .driver = driver_find("null"),
        .machine = &machine,
        .ready = &ready_by_marker,
        .profile = PROFILE_QUICK,
        .launch = launch_script,
        .launch_free = free_script,
    };

    memset(&seen, 0, sizeof seen);
    assert_int_equal(trial_run(&setup, report), 0);
}

static void test_crowd(void **state)
{
    struct trial_report report;

    (void)state;
    run(measure_crowd, &report);
    assert_string_equal(report.error.text, "");
    assert_int_equal(seen.asked, GUESTS - 1); /* about the one that is not prepared nobody asks */
    assert_int_equal(seen.crowd.booted, GUESTS - 2);
    assert_int_equal(seen.crowd.failed, 2);
    assert_true(strstr(seen.crowd.why, "\"script\" must be an array") ||
                strstr(seen.crowd.why, "no room for the guest's files"));
    assert_int_equal(seen.ready, GUESTS - 3);
    assert_int_equal(seen.gone, 1);
    assert_int_equal(seen.status, 0);
    assert_int_equal(seen.left, 0);
    trial_report_free(&report);
}

static void test_stopped(void **state)
{
    struct trial_report report;

    (void)state;
    run(measure_few, &report);
    assert_int_equal(seen.crowd.booted, 2);
    assert_int_equal(seen.crowd.failed, 0);
    assert_int_equal(seen.ready, 2);
    trial_report_free(&report);
}

static int interrupt(struct trial *trial, struct error *error)
{
    unsigned most = GUESTS;
    int pair[2];

    trial_end_crowd(trial, 0);
    assert_int_equal(pipe(pair), 0);
    close(pair[1]);
    watch_interrupt_on(pair[0]);
    seen.status = trial_boot_crowd(trial, 0, GUESTS, 0, ask, &most, &seen.crowd, error);
    watch_interrupt_on(-1);
    close(pair[0]);
    look_at_all(trial);
    return seen.status;
}

/* Ctrl-C: what was begun is cut, nothing more is. */
static void test_interrupted(void **state)
{
    static const struct machine machine = {.type = "microvm"};
    static const struct scenario scenario = {
        .name = "crowd", .metrics = metrics, .deadline_s = 30, .measure = interrupt};
    const struct trial_setup setup = {
        .scenario = &scenario,
        .driver = driver_find("null"),
        .machine = &machine,
        .ready = &ready_by_marker,
        .launch = launch_script,
        .launch_free = free_script,
    };
    struct trial_report report;

    (void)state;
    memset(&seen, 0, sizeof seen);
    assert_int_equal(trial_run(&setup, &report), -ECANCELED);
    assert_int_equal(seen.status, -ECANCELED);
    assert_int_equal(seen.ready, 0);
    assert_true(seen.asked < GUESTS);
    trial_report_free(&report);
}

static int measure_room(struct trial *trial, struct error *error)
{
    const char *limit;

    (void)error;
    seen.left = trial_crowd_room(trial, &limit);
    snprintf(seen.crowd.why, sizeof seen.crowd.why, "%s", limit);
    trial_record(trial, "alive", 1, NULL);
    return 0;
}

/* A bridge has 1,023 ports, and one guest is there; or each guest takes 8 descriptors. The limit
 * stays as low as it is set here: this test is the last. */
static void test_room(void **state)
{
    struct rlimit limit;
    struct trial_report report;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max > 10000) {
        run(measure_room, &report);
        assert_int_equal(seen.left, 1022);
        assert_string_equal(seen.crowd.why, "bridge-ports");
        trial_report_free(&report);
    }
    limit.rlim_cur = limit.rlim_max = 600;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    run(measure_room, &report);
    assert_in_range(seen.left, 40, 59);
    assert_string_equal(seen.crowd.why, "open-files");
    trial_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
