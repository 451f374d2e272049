/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox's work: trial after trial, each in the journal before the next begins. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "journal.h"
#include "record.h"
#include "run.h"
#include "sandbox.h"
#include "trial.h"

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
    trial_interrupt_on(fd);
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

static int run_launch(struct run *run, const struct planned *planned,
                      const struct scenario *scenario, struct trial_report *report,
                      cJSON **launch_line)
{
    const struct target *target = &run->targets[planned->target];
    struct launch launch;
    int driver, status;

    *report = (struct trial_report){0};
    driver = open_driver(run, target, &report->error);
    if (driver < 0)
        return driver;
    status = stage_launch(run, planned, target->name, &launch, &report->error);
    if (status < 0)
        return status;
    status = trial_run(scenario, target->driver, run->contexts[driver], &launch,
                       ready_rule(run, planned), report);
    if (launch_line)
        *launch_line = record_launch(run, planned, &launch, report);
    stage_launch_free(&launch);
    return status;
}

int run_one(struct run *run, const struct planned *planned, const struct scenario *scenario,
            struct trial_report *report)
{
    return run_launch(run, planned, scenario, report, NULL);
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

/* One planned trial, into the journal. A failure of the guest is a sample; a failure of ours
 * ends the run. */
static int do_trial(struct run *run, unsigned index, struct error *error)
{
    const struct planned *planned = &run->plan[index];
    struct trial_report report;
    cJSON *launch_line = NULL;
    double t = run->elapsed_s + (double)(clock_now() - run->start_ns) / 1e9;
    int status = run_launch(run, planned, run->scenarios[planned->scenario], &report, &launch_line);

    if (status < 0) {
        cJSON_Delete(launch_line);
        trial_report_free(&report);
        return fail(error, -status, "%s", status == -ECANCELED ? "interrupted" : report.error.text);
    }
    status = journal_append(run->journal_fd, launch_line, error);
    if (status == 0)
        status = journal_append(run->journal_fd, record_trial(run, index, t, &report), error);
    run->progress(run, index, report.error.text[0] ? report.error.text : NULL);
    trial_report_free(&report);
    return status;
}

int run_trials(void *data, struct error *error)
{
    struct run *run = data;
    int status = catch_interrupts(error);

    run->start_ns = clock_now();
    if (status == 0)
        status = sandbox_network(error);
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
