/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A trial without a run around it: a scripted guest of the null driver, and a scenario that is one
 * function of the test. Asserts belong after the trial, since what leaves a trial early leaves its
 * guest behind. Include it after tests/unit/test.h.
 */
#ifndef TARE_TEST_GUEST_H
#define TARE_TEST_GUEST_H

#include "bench/measure/trial.h"

extern const struct driver driver_null;

static const struct metric guest_metrics[] = {
    {.name = "one"},
    {.name = "two"},
    {.name = "kernel", .needs = NEEDS_KERNEL_MARKER},
    {.name = "exit", .needs = NEEDS_EXIT_MARKER},
    {.name = "reply", .needs = NEEDS_REPLY},
    {.name = "count", .needs = NEEDS_ICOUNT},
    {.name = "full", .profile = PROFILE_FULL},
    {.name = NULL},
};

enum { ONE, TWO, KERNEL, EXIT, REPLY, COUNT, FULL };

/* What the next trial is made of; the scripts are by program. */
struct guest_trial {
    const char *scripts[2];
    double deadline_s;
    int (*measure)(struct trial *trial, struct error *error);
    const struct driver *driver; /* NULL: the null driver */
    struct machine machine;
    const struct rules *rules;
    const struct ready *ready; /* NULL: by marker */
    bool probed;
    bool trying;
    enum profile profile;
    bool unlaunchable; /* tare cannot prepare the guest */
    /* For the process driver, in the sandbox: the first program gets the network. */
    const char *program;
    char *const *argv;
    uint16_t port;
    bool ping;
    enum tap asked;
    const char *hidden;
    struct shown shown;
    bool tended;
    const char *disk; /* what is below its overlay; or NULL */
};

static inline int guest_launch(const void *data, unsigned program, unsigned instance,
                               struct launch *launch, struct error *error)
{
    static char *argv[] = {(char *)"/app", NULL};
    const struct guest_trial *asked = data;
    bool network = asked->program && program == 0;

    if (asked->unlaunchable)
        return fail(error, ENOSPC, "no room for the guest's files");
    *launch = (struct launch){
        .name = "guest",
        .machine = &asked->machine,
        .memory_kib = launch->memory_kib,
        .cmdline = program ? "second" : "first",
        .script = asked->scripts[program],
        .program = asked->program,
        .argv = network ? asked->argv : argv,
        .network = network,
        .port = network ? asked->port : 0,
        .ping = network && asked->ping,
        .asked = asked->asked,
        .netns = -1,
        .hidden = asked->hidden,
        .shown = {asked->shown},
        .tended = asked->tended,
        .disks = {{.base = asked->disk}},
        .disk_count = asked->disk != NULL,
    };
    return instance_make(instance, &launch->instance, error);
}

static inline void guest_launch_free(struct launch *launch)
{
    *launch = (struct launch){.netns = -1};
}

static inline int guest_run(const struct guest_trial *asked, struct trial_report *report)
{
    const struct scenario scenario = {
        .name = "test",
        .metrics = guest_metrics,
        .deadline_s = asked->deadline_s ? asked->deadline_s : 10,
        .measure = asked->measure,
    };
    const struct trial_setup setup = {
        .scenario = &scenario,
        .driver = asked->driver ? asked->driver : &driver_null,
        .machine = &asked->machine,
        .ready = asked->ready ? asked->ready : &ready_by_marker,
        .rules = asked->rules,
        .profile = asked->profile ? asked->profile : PROFILE_QUICK,
        .probed = asked->probed,
        .trying = asked->trying,
        .launch = guest_launch,
        .launch_free = guest_launch_free,
        .data = asked,
    };

    return trial_run(&setup, report);
}

static inline int record_one(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_MAIN, error);

    if (status == 0)
        trial_record(trial, "one",
                     (double)(trial_stamp(trial, EVENT_MAIN) - trial_stamp(trial, EVENT_RESUME)),
                     "noted");
    return status;
}

/* Where the test is about something else. */
static inline void record_all(struct trial *trial)
{
    for (unsigned i = 0; guest_metrics[i].name; i++)
        trial_record(trial, guest_metrics[i].name, 0, NULL);
}

/* The time to the start, whatever marks it. */
static inline int record_both_starts(struct trial *trial, struct error *error)
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

static inline void expect_failure(struct guest_trial asked, const char *text)
{
    struct trial_report report;

    asked.measure = record_one;
    assert_int_equal(guest_run(&asked, &report), 0);
    assert_string_equal(report.error.text, text);
    assert_string_equal(report.outcomes[ONE].failure, text);
    trial_report_free(&report);
}

static inline int wait_gone(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_GONE, error);

    record_all(trial);
    return status;
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
} told __attribute__((unused));

/* Steps of scripts. */
#define MARK(kind) "{\"at_ms\":0,\"marker\":\"" kind "\"}"
#define SAY(text) "{\"at_ms\":0,\"console\":\"" text "\"}"
#define LEAVE "{\"at_ms\":0,\"exit\":0}"
#define HANG "{\"at_ms\":0,\"hang\":true}"

#endif
