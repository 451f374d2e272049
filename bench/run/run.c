/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox's work: trial after trial, each in the journal before the next begins. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/run/host.h"
#include "bench/run/journal.h"
#include "bench/measure/network.h"
#include "bench/run/record.h"
#include "bench/run/run.h"
#include "bench/measure/sandbox.h"
#include "bench/measure/trial.h"

/* The number of `target`'s driver in drivers[], opened. */
static int open_driver(struct run *run, const struct target *target, struct error *error)
{
    int index = 0;

    while (drivers[index] != target->driver)
        index++;
    if (!run->opened[index] && target->driver->open) {
        char workdir[64];
        int status;

        snprintf(workdir, sizeof workdir, SANDBOX_DIR "/%s", target->driver->name);
        if (mkdir(workdir, 0700) < 0)
            return fail(error, errno, "%s: %s", workdir, strerror(errno));
        status = target->driver->open(workdir, &run->contexts[index], error);
        if (status < 0)
            return status;
    }
    run->opened[index] = true;
    return index;
}

static void close_drivers(struct run *run)
{
    for (int i = 0; drivers[i]; i++)
        if (run->opened[i] && drivers[i]->close)
            drivers[i]->close(run->contexts[i]);
}

/* Let Ctrl-C and a polite kill end the run between two events, not in the middle of one. */
static int catch_interrupts(struct error *error)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a guest that is gone is an error code, not our end */
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return fail(error, errno, "signalfd: %s", strerror(errno));
    watch_interrupt_on(fd);
    return 0;
}

/* When the program of `planned` counts as started. The empty kernel runs none: its markers tell,
 * whatever the rule for programs is. */
static const struct ready *ready_rule(const struct run *run, const struct planned *planned)
{
    static const struct ready by_marker = {.kind = READY_MARKER};

    if (planned->probe || strcmp(run->targets[planned->target].role, "floor") == 0)
        return &by_marker;
    return &run->ready;
}

/* One trial with what it was launched by. */
struct attempt {
    struct launch launches[PROGRAMS_MAX];
    unsigned count;
    struct trial_report report;
};

static void attempt_free(struct attempt *attempt)
{
    for (unsigned i = 0; i < attempt->count; i++)
        stage_launch_free(&attempt->launches[i]);
    trial_report_free(&attempt->report);
}

static int attempt_run(struct run *run, const struct planned *planned,
                       const struct scenario *scenario, struct attempt *attempt)
{
    const struct target *target = &run->targets[planned->target];
    unsigned count = planned->probe ? 1 : run->program_counts[planned->scenario];
    struct trial_setup setup = {
        .scenario = scenario,
        .driver = target->driver,
        .launches = attempt->launches,
        .count = count,
        .ready = ready_rule(run, planned),
        .full = run->options.full,
    };
    int driver;

    *attempt = (struct attempt){0};
    driver = open_driver(run, target, &attempt->report.error);
    if (driver < 0)
        return driver;
    setup.context = run->contexts[driver];
    while (attempt->count < count) {
        int status = stage_launch(run, planned, attempt->count, target->name,
                                  &attempt->launches[attempt->count], &attempt->report.error);

        if (status < 0)
            return status;
        attempt->count++;
    }
    return trial_run(&setup, &attempt->report);
}

int run_probe(struct run *run, const struct planned *planned, const struct scenario *scenario,
              struct error *why)
{
    struct attempt attempt;
    int status = attempt_run(run, planned, scenario, &attempt);

    *why = attempt.report.error;
    attempt_free(&attempt);
    return status < 0 ? status : why->text[0] ? -EIO : 0;
}

static int decide(struct run *run, struct error *error)
{
    char reason[512] = "";
    bool any_vm = false;
    int status;

    for (unsigned t = 0; t < run->target_count; t++)
        any_vm |= run->targets[t].driver->is_vm;
    if (any_vm)
        run->options.machine.tsc_khz = run->options.machine.icount ? 1000000 : host_tsc_khz();
    if (run->accel_decided || !any_vm)
        return 0;
    run->progress(run, 0, "choosing the accelerator");
    status = accel_decide(run, reason, sizeof reason, error);
    if (status < 0)
        return status;
    run->accel_decided = true;
    return journal_append(run->journal_fd, record_accel(run->options.machine.accel, reason), error);
}

/* What happened in planned trial `index`, which began `t` seconds into the run. */
static int record(struct run *run, unsigned index, double t, const struct attempt *attempt,
                  struct error *error)
{
    int status = 0;

    for (unsigned p = 0; p < attempt->count && status == 0; p++)
        if (attempt->report.boots[p].booted)
            status = journal_append(run->journal_fd,
                                    record_launch(run, &run->plan[index], p, &attempt->launches[p],
                                                  &attempt->report.boots[p]),
                                    error);
    if (status == 0)
        status =
            journal_append(run->journal_fd, record_trial(run, index, t, &attempt->report), error);
    return status;
}

/* One planned trial, into the journal. A failure of the guest is a sample; a failure of ours
 * ends the run. */
static int do_trial(struct run *run, unsigned index, struct error *error)
{
    const struct planned *planned = &run->plan[index];
    double t = run->elapsed_s + (double)(clock_now() - run->start_ns) / 1e9;
    struct attempt attempt;
    const char *text;
    int status = attempt_run(run, planned, run->scenarios[planned->scenario], &attempt);

    text = attempt.report.error.text;
    if (status < 0)
        status = fail(error, -status, "%s", status == -ECANCELED ? "interrupted" : text);
    else
        status = record(run, index, t, &attempt, error);
    if (status == 0)
        run->progress(run, index, *text ? text : NULL);
    attempt_free(&attempt);
    return status;
}

int run_trials(void *data, struct error *error)
{
    struct run *run = data;
    int status = catch_interrupts(error);

    run->start_ns = clock_now();
    if (status == 0)
        status = network_open(error);
    if (status == 0)
        status = stage_all(run, error);
    if (status == 0)
        status = decide(run, error);
    for (unsigned i = 0; i < run->plan_count && status == 0; i++)
        if (!run->done[i] && !run->dropped[run->plan[i].target])
            status = do_trial(run, i, error);
    close_drivers(run);
    return status;
}
