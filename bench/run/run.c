/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox's work: trial after trial, each in the journal before the next begins. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/network.h"
#include "bench/measure/sandbox.h"
#include "bench/result/until.h"
#include "bench/run/accel.h"
#include "bench/run/attempt.h"
#include "bench/run/host.h"
#include "bench/run/journal.h"
#include "bench/run/record.h"
#include "bench/run/run.h"
#include "bench/run/stage.h"

int run_init(struct run *run, const struct plan *plan, struct error *error)
{
    *run = (struct run){.plan = plan, .machine = plan->options.machine, .journal_fd = -1};
    run->done = calloc(plan->trial_count + 1, sizeof *run->done);
    for (unsigned t = 0; t < plan->target_count; t++)
        run->dropped[t] = plan->targets[t].absent != NULL;
    return run->done ? 0 : fail(error, ENOMEM, "out of memory");
}

void run_free(struct run *run)
{
    if (run->journal_fd >= 0)
        close(run->journal_fd);
    free(run->done);
    *run = (struct run){.journal_fd = -1};
}

/* Let Ctrl-C and a polite kill end the run between two events, not in the middle of one. */
static int catch_interrupts(struct error *error)
{
    sigset_t set;
    int fd;

    sandbox_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a guest that is gone is an error code, not our end */
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return fail(error, errno, "signalfd: %s", strerror(errno));
    watch_interrupt_on(fd);
    return 0;
}

static int decide(struct run *run, struct error *error)
{
    const struct plan *plan = run->plan;
    bool needs_accel = false, has_tsc = false;
    char reason[512] = "";
    int status;

    for (unsigned t = 0; t < plan->target_count; t++) {
        needs_accel |= plan->targets[t].driver->needs_accel;
        has_tsc |= !plan->targets[t].driver->plays_script; /* a process reads the host's */
    }
    if (has_tsc)
        run->machine.tsc_khz = run->machine.icount ? 1000000 : host_tsc_khz();
    if (run->accel_decided || !needs_accel)
        return 0;
    run->progress(run, NO_TRIAL, "choosing the accelerator");
    status = accel_decide(run, reason, sizeof reason, error);
    if (status < 0)
        return status;
    run->accel_decided = true;
    if (run->machine.vhost && run->machine.accel != ACCEL_KVM)
        return fail(error, ENOTSUP, "--net-backend vhost needs KVM: %s", reason);
    return journal_append(run->journal_fd, record_accel(run->machine.accel, reason), error);
}

/* What happened in planned trial `index`, which began `t` seconds into the run. */
static int record(struct run *run, unsigned index, double t, const struct trial_report *report,
                  struct error *error)
{
    const struct planned *planned = &run->plan->trials[index];
    int status = 0;

    for (unsigned p = 0; p < PROGRAMS_MAX && status == 0; p++)
        if (report->boots[p].booted)
            status = journal_append(run->journal_fd,
                                    record_launch(run, planned, p, &report->boots[p]), error);
    if (status == 0)
        status = journal_append(run->journal_fd, record_trial(run->plan, index, t, report), error);
    return status;
}

/* One planned trial, into the journal. A failure of the guest is a sample; a failure of ours
 * ends the run. */
static int do_trial(struct run *run, unsigned index, struct error *error)
{
    double t = run->elapsed_s + (double)(clock_now() - run->start_ns) / 1e9;
    struct trial_report report;
    const char *text = report.error.text;
    int status = attempt_trial(run, &run->plan->trials[index], &report);

    if (status < 0)
        status = fail(error, -status, "%s", status == -ECANCELED ? "interrupted" : text);
    else
        status = record(run, index, t, &report, error);
    if (status == 0)
        run->progress(run, index, *text ? text : NULL);
    trial_report_free(&report);
    return status;
}

/* Whether planned trial `index` would begin a repetition, all before which are done. */
static bool is_between(const struct run *run, unsigned index)
{
    const struct plan *plan = run->plan;

    if (index == plan->trial_count || index % plan->round_size != 0 ||
        plan->trials[index].repetition < 2)
        return false;
    for (unsigned i = index; i < index + plan->round_size; i++)
        if (run->done[i])
            return false; /* the run was cut in it, so it went on */
    return true;
}

/* Whether the ratios are as narrow as --until asks after so many `rounds`. */
static int is_narrow(const struct run *run, unsigned rounds, bool *narrow, struct error *error)
{
    char path[64];
    cJSON *document;
    double widest;
    long length;
    int status;

    snprintf(path, sizeof path, "/proc/self/fd/%d", run->journal_fd);
    status = journal_read(path, &document, &length, error);
    if (status < 0)
        return status;
    status = until_widest(document, rounds, &widest);
    cJSON_Delete(document);
    *narrow = status == 0 && widest <= run->plan->options.until;
    return status < 0 ? fail(error, -status, "--until: %s", strerror(-status)) : 0;
}

/* Before planned trial `index`: end the run if --until says so. */
static int look(struct run *run, unsigned index, struct error *error)
{
    const struct plan_options *options = &run->plan->options;
    double minutes = (run->elapsed_s + (double)(clock_now() - run->start_ns) / 1e9) / 60;
    unsigned rounds;
    bool narrow = false, late;
    int status = 0;

    if (options->until <= 0 || !is_between(run, index))
        return 0;
    rounds = run->plan->trials[index].repetition - 1;
    late = options->minutes > 0 && minutes >= options->minutes;
    if (until_looks(rounds, UNTIL_FIRST, UNTIL_EVERY))
        status = is_narrow(run, rounds, &narrow, error);
    if (status < 0 || !(narrow || late))
        return status;
    run->stopped = rounds;
    return journal_append(run->journal_fd, record_stopped(rounds, narrow ? "narrow" : "minutes"),
                          error);
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
    run->first_ns = clock_now();
    for (unsigned i = 0; i < run->plan->trial_count && status == 0; i++) {
        if (!run->stopped)
            status = look(run, i, error);
        if (status < 0 || run->stopped)
            break;
        if (!run->done[i] && !run->dropped[run->plan->trials[i].target])
            status = do_trial(run, i, error);
    }
    attempt_close(run);
    return status;
}
