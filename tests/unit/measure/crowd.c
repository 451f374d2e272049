/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many scripted guests at once: who fails is counted, the others go on, and none remains. */
#include "tests/unit/test.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "bench/measure/trial.h"
#include "bench/plan/registry.h"

#define GUESTS 20
#define BROKEN 3  /* its creation fails */
#define ENDING 11 /* ends before it is ready */

#define NOBODY UINT_MAX

static unsigned lost = NOBODY; /* tare cannot prepare it */
static bool slow;              /* nobody's start returns before its guest ends */

static const struct metric metrics[] = {{.name = "alive"}, {.name = NULL}};

static int launch_script(const void *data, unsigned program, unsigned instance,
                         struct launch *launch, struct error *error)
{
    (void)data;
    (void)program;
    if (instance == lost)
        return fail(error, ENOSPC, "no room for the guest's files");
    *launch = (struct launch){.name = "null", .netns = -1};
    launch->script = slow                 ? "[{\"resume_ms\":60000},{\"at_ms\":60000,\"exit\":0}]"
                     : instance == BROKEN ? "[]"
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

/* No more than two of three are to be begun. */
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

/* trial_run() */
static int run(int (*measure)(struct trial *trial, struct error *error),
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
    return trial_run(&setup, report);
}

static void test_crowd(void **state)
{
    struct trial_report report;

    (void)state;
    assert_int_equal(run(measure_crowd, &report), 0);
    assert_string_equal(report.error.text, "");
    assert_int_equal(seen.asked, GUESTS);
    assert_int_equal(seen.crowd.booted, GUESTS - 1);
    assert_int_equal(seen.crowd.failed, 1);
    assert_non_null(strstr(seen.crowd.why, "\"script\" must be an array"));
    assert_int_equal(seen.ready, GUESTS - 2);
    assert_int_equal(seen.gone, 1);
    assert_int_equal(seen.status, 0);
    assert_int_equal(seen.left, 0);
    trial_report_free(&report);
}

static void test_stopped(void **state)
{
    struct trial_report report;

    (void)state;
    assert_int_equal(run(measure_few, &report), 0);
    assert_int_equal(seen.crowd.booted, 2);
    assert_int_equal(seen.crowd.failed, 0);
    assert_int_equal(seen.ready, 2);
    trial_report_free(&report);
}

static unsigned count_alive(struct trial *trial, unsigned count)
{
    unsigned alive = 0;

    for (unsigned i = 0; i < count; i++)
        alive += trial_select(trial, i, NULL) == 0 && trial_pid(trial) > 0;
    return alive;
}

/* tare fails to boot a crowd, and then does well. */
static int measure_lost(struct trial *trial, struct error *error)
{
    unsigned most = GUESTS;

    trial_end_crowd(trial, 0);
    seen.status = trial_boot_crowd(trial, 0, GUESTS, 0, ask, &most, &seen.crowd, NULL);
    seen.left = count_alive(trial, GUESTS);
    lost = NOBODY;
    trial_select(trial, 0, NULL);
    trial_record(trial, "alive", 0, NULL);
    return trial_boot(trial, 0, error);
}

static void test_lost(void **state)
{
    struct trial_report report;

    (void)state;
    lost = 5;
    assert_int_equal(run(measure_lost, &report), -ENOSPC);
    assert_int_equal(seen.status, -ENOSPC);
    assert_int_equal(seen.asked, 0);
    assert_int_equal(seen.crowd.failed, 0);
    assert_int_equal(seen.left, 0);
    trial_report_free(&report);
}

/* Of so many some are not begun at once, however many CPUs there are. */
static unsigned too_many(void)
{
    return 8 * (unsigned)get_nprocs();
}

static int interrupt(struct trial *trial, struct error *error)
{
    unsigned most = UINT_MAX;
    int pair[2];

    trial_end_crowd(trial, 0);
    slow = true;
    assert_int_equal(pipe(pair), 0);
    close(pair[1]);
    watch_interrupt_on(pair[0]);
    seen.status = trial_boot_crowd(trial, 0, too_many(), 0, ask, &most, &seen.crowd, error);
    watch_interrupt_on(-1);
    close(pair[0]);
    seen.left = count_alive(trial, too_many());
    return seen.status;
}

/* Ctrl-C: what was begun is cut, nothing more is. */
static void test_interrupted(void **state)
{
    struct trial_report report;

    (void)state;
    assert_int_equal(run(interrupt, &report), -ECANCELED);
    slow = false;
    assert_int_equal(seen.status, -ECANCELED);
    assert_in_range(seen.asked, 1, too_many() - 1);
    assert_int_equal(seen.crowd.failed, seen.asked);
    assert_int_equal(seen.crowd.booted, 0);
    assert_int_equal(seen.left, 0);
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
        assert_int_equal(run(measure_room, &report), 0);
        assert_int_equal(seen.left, 1022);
        assert_string_equal(seen.crowd.why, "bridge-ports");
        trial_report_free(&report);
    }
    limit.rlim_cur = limit.rlim_max = 600;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(run(measure_room, &report), 0);
    assert_in_range(seen.left, 40, 59);
    assert_string_equal(seen.crowd.why, "open-files");
    trial_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd), cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_lost),  cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
