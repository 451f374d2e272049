/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Three guests at once. Without arguments: scripted ones, in this process. With DATADIR and TARGET:
 * three of that target in a sandbox, as tests/e2e/guests.sh runs it; they listen, are all there
 * when the last has answered, and each has its own address.
 */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/measure/network.h"
#include "bench/measure/sandbox.h"
#include "bench/measure/trial.h"
#include "bench/run/run.h"
#include "scenarios/boot/listen.h"

#define GUESTS 3
#define LISTEN 1 /* of the programs of the scenario boot */

static const struct metric metrics[] = {{.name = "alive", .unit = "guests"}, {.name = NULL}};

/* How many of the guests are there. */
static unsigned count_alive(struct trial *trial, struct error *error)
{
    unsigned alive = 0;

    for (unsigned i = 0; i < GUESTS; i++)
        if (trial_select(trial, i, error) == 0)
            alive += trial_pid(trial) > 0 && kill(trial_pid(trial), 0) == 0 &&
                     trial_stamp(trial, EVENT_GONE) < 0;
    return alive;
}

/* --- scripted guests */

static const char *const scripts[GUESTS] = {
    "[{\"at_ms\":1,\"marker\":\"M\"},{\"at_ms\":60000,\"exit\":0}]",
    "[{\"at_ms\":30,\"marker\":\"M\"},{\"at_ms\":60000,\"exit\":0}]",
    "[{\"at_ms\":2,\"marker\":\"M\"},{\"at_ms\":4,\"marker\":\"E\",\"status\":7},"
    "{\"at_ms\":5,\"exit\":0}]",
};

static int launch_script(const void *data, unsigned program, unsigned instance,
                         struct launch *launch, struct error *error)
{
    (void)data;
    (void)program;
    *launch = (struct launch){.name = "null", .script = scripts[instance], .netns = -1};
    return instance_make(instance, &launch->instance, error);
}

static void free_script(struct launch *launch)
{
    *launch = (struct launch){.netns = -1};
}

/* The third ends while the second, which is slower to start, is waited for: each has the stamps
 * of its own script, whoever is waited for. */
static int measure_scripts(struct trial *trial, struct error *error)
{
    int status = 0;

    for (unsigned i = 1; i < GUESTS && status == 0; i++) {
        status = trial_select(trial, i, error);
        if (status == 0)
            status = trial_boot(trial, 0, error);
    }
    for (unsigned i = 0; i < GUESTS && status == 0; i++) {
        status = trial_select(trial, i, error);
        if (status == 0)
            status = trial_wait(trial, EVENT_MAIN, error);
    }
    assert_int_equal(status, 0);
    assert_int_equal(trial_select(trial, 2, error), 0);
    assert_int_equal(trial_wait(trial, EVENT_GONE, error), 0);
    assert_int_equal(trial_status(trial, EVENT_END), 7);
    assert_true(trial_stamp(trial, EVENT_MAIN) - trial_stamp(trial, EVENT_RESUME) >= 2000000);
    assert_int_equal(trial_select(trial, 1, error), 0);
    assert_true(trial_stamp(trial, EVENT_MAIN) - trial_stamp(trial, EVENT_RESUME) >= 30000000);
    assert_true(trial_stamp(trial, EVENT_END) < 0);
    assert_int_equal(trial_select(trial, GUESTS + 1, error), -EINVAL);
    trial_record(trial, "alive", count_alive(trial, error), NULL);
    return 0;
}

static void test_scripts(void **state)
{
    static const struct machine machine = {.type = "microvm"};
    static const struct scenario scenario = {
        .name = "three", .metrics = metrics, .deadline_s = 30, .measure = measure_scripts};
    const struct trial_setup setup = {
        .scenario = &scenario,
        .driver = driver_find("null"),
        .machine = &machine,
        .ready = &ready_by_marker,
        .profile = PROFILE_QUICK,
        .launch = launch_script,
        .launch_free = free_script,
    };
    struct trial_report report;

    (void)state;
    assert_int_equal(trial_run(&setup, &report), 0);
    assert_string_equal(report.error.text, "");
    assert_true(report.outcomes[0].recorded);
    assert_float_equal(report.outcomes[0].value, GUESTS - 1, 0);
    trial_report_free(&report);
}

/* --- real ones */

/* Whether something takes a connection at `address`. */
static int try_connect(const char *address, struct error *error)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(LISTEN_PORT)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status;

    inet_pton(AF_INET, address, &to.sin_addr);
    status = connect(fd, (const struct sockaddr *)&to, sizeof to);
    if (status < 0)
        status = fail(error, errno, "%s: %s", address, strerror(errno));
    close(fd);
    return status;
}

/* For tests/e2e/guests.sh: where all of this sandbox's processes are. */
static void say_namespace(void)
{
    char name[64] = "";

    if (readlink("/proc/self/ns/pid", name, sizeof name - 1) > 0)
        fprintf(stderr, "namespace %s\n", name);
}

static int measure_guests(struct trial *trial, struct error *error)
{
    int status = 0;

    for (unsigned i = 0; i < GUESTS && status == 0; i++) {
        status = trial_select(trial, i, error);
        if (status == 0)
            status = trial_boot(trial, LISTEN, error);
    }
    for (unsigned i = 0; i < GUESTS && status == 0; i++) {
        status = trial_select(trial, i, error);
        if (status == 0)
            status = trial_wait(trial, EVENT_REPLY, error);
        if (status == 0)
            status = try_connect(trial_address(trial), error);
        if (status == 0)
            fprintf(stderr, "guest %u at %s: %.1f ms to its reply\n", i, trial_address(trial),
                    (double)(trial_stamp(trial, EVENT_REPLY) - trial_stamp(trial, EVENT_RESUME)) /
                        1e6);
    }
    say_namespace();
    if (status == 0)
        trial_record(trial, "alive", count_alive(trial, error), NULL);
    return status;
}

static void ignore_progress(const struct run *run, unsigned index, const char *text)
{
    (void)run;
    if (text)
        fprintf(stderr, "%u: %s\n", index, text);
}

static int run_guests(const char *datadir, const char *target)
{
    static const struct scenario three = {
        .name = "boot", .metrics = metrics, .deadline_s = 60, .measure = measure_guests};
    const struct plan_options options = {
        .datadir = datadir,
        .scenarios = "boot",
        .targets = target,
        .repeat = 1,
        .profile = PROFILE_QUICK,
        .accel = CHOOSE_TCG,
        .machine = {.type = "microvm", .memory_mib = 64, .vcpus = 1},
    };
    static struct plan plan;
    struct run run = {.journal_fd = -1};
    struct error error = {0};
    int status = plan_prepare(&options, &plan, &error);

    if (status == 0)
        status = run_init(&run, &plan, &error);
    if (status == 0) {
        plan.scenarios[0] = &three;
        run.progress = ignore_progress;
        run.journal_fd = dup(STDOUT_FILENO);
        status = sandbox_run(run_trials, &run, &error);
    }
    if (status < 0)
        fprintf(stderr, "%s\n", error.text);
    run_free(&run);
    plan_free(&plan);
    return status < 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scripts)};

    return argc == 3 ? run_guests(argv[1], argv[2]) : cmocka_run_group_tests(tests, NULL, NULL);
}
