/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/clock.h"
#include "bench/measure/network.h"
#include "bench/measure/trial.h"

struct trial {
    const struct trial_setup *setup;
    unsigned program;
    struct launch launch; /* of the present guest */
    struct guest guest;
    struct watch watch;
    struct probe *probe; /* where the guest is probed */
    bool has_guest;
    int64_t deadline;
    double allowed_s; /* from where the deadline was set */
    int broken;       /* the errno by which tare itself, not the guest, failed */
    struct trial_report *report;
};

static const char *const event_names[EVENT_COUNT] = {
    [EVENT_CREATE] = "create",       [EVENT_RESUME] = "resume",
    [EVENT_KERNEL] = "kernel entry", [EVENT_MAIN] = "payload main",
    [EVENT_READY] = "payload ready", [EVENT_REPLY] = "reply on the wire",
    [EVENT_EXIT] = "payload exit",   [EVENT_END] = "end of payload",
    [EVENT_GONE] = "end of guest",
};

/* Take the descriptions out of the guest before destroy frees them. */
static void take_evidence(struct trial *trial)
{
    struct boot_report *boot = &trial->report->boots[trial->program];

    if (boot->booted)
        return; /* it would tell the same again */
    *boot = (struct boot_report){
        .booted = true,
        .xml = trial->guest.xml,
        .argv = trial->guest.argv,
        .argv_len = trial->guest.argv_len,
    };
    trial->guest.xml = trial->guest.argv = NULL;
}

static void disconnect(struct trial *trial)
{
    probe_close(trial->probe);
    trial->probe = NULL;
    network_detach(&trial->launch);
}

static void end_guest(struct trial *trial)
{
    if (!trial->has_guest)
        return;
    take_evidence(trial);
    watch_close(&trial->watch);
    trial->setup->driver->destroy(trial->setup->context, &trial->guest);
    disconnect(trial);
    trial->has_guest = false;
}

/* What the guest will be connected by. If that fails, it is tare's failure, not the guest's. */
static int connect_launch(struct trial *trial, struct error *error)
{
    trial->broken = network_attach(trial->setup->driver, &trial->launch, error);
    if (trial->broken == 0 && trial->launch.port) {
        trial->broken = probe_open(trial->launch.port, &trial->probe, error);
        if (trial->broken < 0)
            network_detach(&trial->launch);
    }
    return trial->broken;
}

int trial_boot(struct trial *trial, unsigned program, struct error *error)
{
    const struct trial_setup *setup = trial->setup;
    int64_t *stamps = trial->watch.stamps;
    int status;

    end_guest(trial);
    trial->program = program;
    trial->launch = setup->launches[program];
    watch_init(&trial->watch, setup->ready);
    guest_init(&trial->guest);
    status = connect_launch(trial, error);
    if (status < 0)
        return status;
    stamps[EVENT_CREATE] = clock_now();
    status = setup->driver->create(setup->context, &trial->launch, &trial->guest, error);
    if (status < 0) {
        disconnect(trial);
        return status;
    }
    trial->has_guest = true;
    watch_open(&trial->watch, &trial->guest, trial->probe);
    trial_allow(trial, setup->scenario->deadline_s);
    /* The first marker can come before resume returns, so t1 is stamped before the call. */
    stamps[EVENT_RESUME] = clock_now();
    if (trial->probe && setup->ready->kind == READY_TCP)
        probe_start(trial->probe);
    status = setup->driver->resume(setup->context, &trial->guest, error);
    if (status < 0)
        end_guest(trial);
    return status;
}

static int explain(struct trial *trial, int code, const char *wanted, const char *hint,
                   struct error *error)
{
    const struct watch *watch = &trial->watch;
    const char *seen = "nothing";

    for (int i = 0; i < EVENT_COUNT; i++)
        if (watch->stamps[i] >= 0)
            seen = event_names[i];
    if (code == -ETIMEDOUT)
        return fail(error, ETIMEDOUT, "no %s within %g s (last seen: %s)%s", wanted,
                    trial->allowed_s, seen, hint);
    if (code == -EPIPE && watch->stamps[EVENT_END] >= 0)
        return fail(error, EPIPE, "the payload ended with status %u before %s%s",
                    watch->status[EVENT_END], wanted, hint);
    if (code == -EPIPE)
        return fail(error, EPIPE, "the guest's process was gone before %s%s", wanted, hint);
    return fail(error, -code, "%s", strerror(-code));
}

/* One step, unless there is no guest any more. */
static int step(struct trial *trial, struct pollfd *other, struct error *error)
{
    if (!trial->has_guest || trial->watch.stamps[EVENT_GONE] >= 0)
        return -EPIPE;
    return watch_step(&trial->watch, trial->deadline, other, error);
}

int trial_wait(struct trial *trial, enum event event, struct error *error)
{
    const char *hint = event == trial_started(trial) ? trial->watch.ready->hint : "";
    int status = 0;

    while (trial->watch.stamps[event] < 0 && status == 0)
        status = step(trial, NULL, error);
    return status < 0 ? explain(trial, status, event_names[event], hint, error) : 0;
}

int trial_await(struct trial *trial, int fd, const char *what, struct error *error)
{
    struct pollfd other = {.fd = fd, .events = POLLIN};
    int status = 0;

    while (!other.revents && status == 0)
        status = step(trial, &other, error);
    return other.revents ? 0 : explain(trial, status, what, "", error);
}

void trial_allow(struct trial *trial, double seconds)
{
    trial->allowed_s = seconds;
    trial->deadline = clock_now() + (int64_t)(seconds * 1e9);
}

int trial_linger(struct trial *trial, double seconds, struct error *error)
{
    const int64_t *stamps = trial->watch.stamps;
    int64_t deadline = trial->deadline;
    int status = 0;

    trial->deadline = clock_now() + (int64_t)(seconds * 1e9);
    while (stamps[EVENT_END] < 0 && stamps[EVENT_GONE] < 0 && status == 0)
        status = step(trial, NULL, error);
    trial->deadline = deadline;
    if (status == 0 || status == -ETIMEDOUT)
        return 0;
    return explain(trial, status, event_names[EVENT_END], "", error);
}

enum event trial_started(const struct trial *trial)
{
    return trial->setup->ready->kind == READY_MARKER ? EVENT_MAIN : EVENT_READY;
}

int64_t trial_stamp(const struct trial *trial, enum event event)
{
    return trial->watch.stamps[event];
}

uint64_t trial_tsc(const struct trial *trial, enum event event)
{
    return trial->watch.tsc[event];
}

unsigned trial_status(const struct trial *trial, enum event event)
{
    return trial->watch.status[event];
}

bool trial_phase(const struct trial *trial, unsigned number, struct phase_mark *mark)
{
    if (number >= PHASES || !trial->watch.phases[number].seen)
        return false;
    *mark = trial->watch.phases[number];
    return true;
}

int trial_wait_phase(struct trial *trial, unsigned number, struct error *error)
{
    struct phase_mark mark;
    char what[32];
    int status = 0;

    snprintf(what, sizeof what, "phase %u", number);
    while (!trial_phase(trial, number, &mark) && status == 0)
        status = step(trial, NULL, error);
    return status < 0 ? explain(trial, status, what, "", error) : 0;
}

double trial_tsc_ns(const struct trial *trial, uint64_t from, uint64_t to)
{
    return (double)(to - from) * 1e6 / trial->launch.machine->tsc_khz;
}

bool trial_icount(const struct trial *trial)
{
    return trial->setup->driver->is_vm && trial->launch.machine->icount;
}

bool trial_idled(const struct trial *trial, enum event event)
{
    return trial->watch.idled[event];
}

const char *trial_address(const struct trial *trial)
{
    return trial->launch.network ? NETWORK_GUEST : NULL;
}

const char *trial_interface(const struct trial *trial)
{
    return trial->launch.network ? NETWORK_INTERFACE : NULL;
}

bool trial_full(const struct trial *trial)
{
    return trial->setup->full;
}

pid_t trial_pid(const struct trial *trial)
{
    return trial->has_guest ? trial->guest.pid : 0;
}

static struct outcome *outcome_of(struct trial_report *report, const char *name)
{
    for (unsigned i = 0; i < report->count; i++)
        if (strcmp(report->outcomes[i].metric->name, name) == 0)
            return &report->outcomes[i];
    return NULL;
}

bool trial_expects(const struct trial *trial, const char *name)
{
    const struct outcome *outcome = outcome_of(trial->report, name);

    return outcome && outcome->expected;
}

void trial_record(struct trial *trial, const char *name, double value, const char *note)
{
    struct outcome *outcome = outcome_of(trial->report, name);

    if (!outcome || outcome->failure)
        return;
    outcome->recorded = true;
    outcome->value = value;
    outcome->note = note;
}

void trial_keep(struct trial *trial, const char *name, const char *field, cJSON *json)
{
    struct outcome *outcome = outcome_of(trial->report, name);

    if (!outcome) {
        cJSON_Delete(json);
        return;
    }
    if (!outcome->kept)
        outcome->kept = cJSON_CreateObject();
    cJSON_AddItemToObject(outcome->kept, field, json);
}

void trial_fail(struct trial *trial, const char *name, const struct error *why)
{
    struct outcome *outcome = outcome_of(trial->report, name);

    if (!outcome || outcome->recorded || outcome->failure)
        return;
    watch_read(&trial->watch, clock_now()); /* the last words are evidence */
    outcome->failure = strdup(why->text);
    outcome->console = strdup(trial->watch.console);
    if (!trial->report->error.text[0])
        fail(&trial->report->error, EIO, "%s: %s", name, why->text);
}

static bool is_expected(const struct trial_setup *setup, enum need needs)
{
    bool icount = setup->driver->is_vm && setup->launches->machine->icount, probed = false;

    for (unsigned i = 0; i < setup->count; i++)
        probed |= setup->launches[i].port != 0;
    switch (needs) {
    case NEEDS_NOTHING:
        return !icount;
    case NEEDS_EXIT_MARKER: /* one that starts by a marker also ends by one */
        return !icount && setup->ready->kind == READY_MARKER;
    case NEEDS_REPLY:
        return !icount && probed;
    case NEEDS_ICOUNT:
        return icount;
    case NEEDS_QUICK:
        return !icount && !setup->full;
    case NEEDS_FULL:
        return !icount && setup->full;
    default:
        return false;
    }
}

int trial_run(const struct trial_setup *setup, struct trial_report *report)
{
    struct trial trial = {.setup = setup, .report = report};
    struct error error = {0};
    int status;

    *report = (struct trial_report){0};
    for (const struct metric *metric = setup->scenario->metrics; metric->name; metric++)
        report->outcomes[report->count++] =
            (struct outcome){.metric = metric, .expected = is_expected(setup, metric->needs)};
    status = trial_boot(&trial, 0, &error);
    if (status == 0)
        status = setup->scenario->measure(&trial, &error);
    if (status < 0) {
        report->error = error;
        for (unsigned i = 0; i < report->count; i++)
            if (report->outcomes[i].expected)
                trial_fail(&trial, report->outcomes[i].metric->name, &error);
    }
    end_guest(&trial);
    return trial.broken < 0 ? trial.broken : status == -ECANCELED ? status : 0;
}

void trial_report_free(struct trial_report *report)
{
    for (unsigned i = 0; i < report->count; i++) {
        free(report->outcomes[i].failure);
        free(report->outcomes[i].console);
        cJSON_Delete(report->outcomes[i].kept);
    }
    for (unsigned i = 0; i < PROGRAMS_MAX; i++) {
        free(report->boots[i].xml);
        free(report->boots[i].argv);
    }
    *report = (struct trial_report){0};
}
