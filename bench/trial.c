/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "markers.h"
#include "trial.h"

struct trial {
    const struct scenario *scenario;
    const struct launch *launch;
    const struct ready *ready;
    struct ready_line line;
    struct guest guest;
    struct marker_stream stream;
    int64_t stamps[EVENT_COUNT]; /* -1: not seen */
    uint64_t tsc[EVENT_COUNT];
    unsigned status[EVENT_COUNT];
    bool idled[EVENT_COUNT];
    struct phase_mark phases[PHASES];
    int64_t deadline;
    bool console_open, marker_open;
    unsigned bad_markers;
    size_t console_used;
    struct trial_report *report;
};

static const char *const event_names[EVENT_COUNT] = {
    [EVENT_CREATE] = "create",       [EVENT_RESUME] = "resume",
    [EVENT_KERNEL] = "kernel entry", [EVENT_MAIN] = "payload main",
    [EVENT_READY] = "payload ready", [EVENT_EXIT] = "payload exit",
    [EVENT_END] = "end of payload",  [EVENT_GONE] = "end of guest",
};

static int interrupt_fd = -1;

void trial_interrupt_on(int fd)
{
    interrupt_fd = fd;
}

int64_t clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static enum event event_of(char kind)
{
    switch (kind) {
    case MARKER_KERNEL:
        return EVENT_KERNEL;
    case MARKER_MAIN:
        return EVENT_MAIN;
    case MARKER_READY:
        return EVENT_READY;
    case MARKER_EXIT:
        return EVENT_EXIT;
    default:
        return EVENT_END;
    }
}

/* How often the vCPU has halted so far: the plugin counts in a file (drivers/halts.c). */
static uint64_t count_halts(const struct trial *trial)
{
    uint64_t halts = 0;
    int fd = trial->guest.halts ? open(trial->guest.halts, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return 0;
    if (read(fd, &halts, sizeof halts) != sizeof halts)
        halts = 0;
    close(fd);
    return halts;
}

/* Keep the latest CONSOLE_KEEP bytes. */
static void keep_console(struct trial *trial, const char *bytes, size_t count)
{
    char *kept = trial->report->console;

    if (count > CONSOLE_KEEP) {
        bytes += count - CONSOLE_KEEP;
        count = CONSOLE_KEEP;
    }
    if (trial->console_used + count > CONSOLE_KEEP) {
        size_t drop = trial->console_used + count - CONSOLE_KEEP;

        memmove(kept, kept + drop, trial->console_used - drop);
        trial->console_used -= drop;
    }
    memcpy(kept + trial->console_used, bytes, count);
    trial->console_used += count;
    kept[trial->console_used] = '\0';
}

/* Keep what a console said as evidence, and see whether it says that the program is ready: by the
 * stamp of the line's last byte. */
static void take_console(struct trial *trial, const char *bytes, size_t count, int64_t stamp)
{
    keep_console(trial, bytes, count);
    for (size_t i = 0; i < count && trial->stamps[EVENT_READY] < 0; i++)
        if (ready_feed(trial->ready, &trial->line, bytes[i]))
            trial->stamps[EVENT_READY] = stamp;
}

static void take_phase(struct trial *trial, const struct marker_record *record)
{
    if (record->status < PHASES && !trial->phases[record->status].seen)
        trial->phases[record->status] =
            (struct phase_mark){record->stamp, record->tsc, count_halts(trial), true};
}

static void take_markers(struct trial *trial, const char *bytes, size_t count, int64_t stamp)
{
    struct marker_record record;

    for (size_t i = 0; i < count; i++) {
        int got = marker_feed(&trial->stream, bytes[i], stamp, &record);
        enum event event;

        if (got < 0)
            trial->bad_markers++;
        if (got <= 0)
            continue;
        if (record.kind == MARKER_PHASE) {
            take_phase(trial, &record);
            continue;
        }
        event = event_of(record.kind);
        if (trial->stamps[event] >= 0)
            continue; /* the first of its kind counts */
        if (event == EVENT_READY && trial->ready->kind == READY_CONSOLE)
            continue; /* the console tells that, and nothing else */
        trial->stamps[event] = record.stamp;
        trial->tsc[event] = record.tsc;
        trial->status[event] = record.status;
        trial->idled[event] = count_halts(trial) > 0;
    }
}

/* Read what has come on `fd`; returns false at its end. */
static bool drain(struct trial *trial, int fd, bool is_marker, int64_t stamp)
{
    char bytes[4096];

    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        if (got <= 0)
            return false;
        if (is_marker)
            take_markers(trial, bytes, (size_t)got, stamp);
        else
            take_console(trial, bytes, (size_t)got, stamp);
        stamp = clock_now();
    }
}

static void read_streams(struct trial *trial, int64_t stamp)
{
    if (trial->marker_open)
        trial->marker_open = drain(trial, trial->guest.marker_fd, true, stamp);
    if (trial->console_open)
        trial->console_open = drain(trial, trial->guest.console_fd, false, stamp);
}

/* Wait for the next thing to happen and stamp it. 0 or a negative errno. */
static int step(struct trial *trial)
{
    struct pollfd fds[] = {
        {.fd = trial->marker_open ? trial->guest.marker_fd : -1, .events = POLLIN},
        {.fd = trial->console_open ? trial->guest.console_fd : -1, .events = POLLIN},
        {.fd = trial->guest.exit_fd, .events = POLLIN},
        {.fd = interrupt_fd, .events = POLLIN},
    };
    int64_t left = trial->deadline - clock_now(), stamp;
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    int ready;

    if (left <= 0)
        return -ETIMEDOUT;
    ready = ppoll(fds, 4, &timeout, NULL);
    stamp = clock_now();
    if (ready == 0)
        return -ETIMEDOUT;
    if (ready < 0)
        return errno == EINTR ? 0 : -errno;
    if (fds[3].revents)
        return -ECANCELED;
    read_streams(trial, stamp);
    if (fds[2].revents) /* after the markers read just now, which came before it */
        trial->stamps[EVENT_GONE] = clock_now();
    return 0;
}

static int explain(struct trial *trial, int code, enum event event, struct error *error)
{
    const char *hint = event == trial_started(trial) ? trial->ready->hint : "";
    const char *seen = "nothing";

    for (int i = 0; i < EVENT_COUNT; i++)
        if (trial->stamps[i] >= 0)
            seen = event_names[i];
    if (code == -ETIMEDOUT)
        return fail(error, ETIMEDOUT, "no %s within %g s (last seen: %s)%s", event_names[event],
                    trial->scenario->deadline_s, seen, hint);
    if (code == -EPIPE && trial->stamps[EVENT_END] >= 0)
        return fail(error, EPIPE, "the payload ended with status %u before %s%s",
                    trial->status[EVENT_END], event_names[event], hint);
    if (code == -EPIPE)
        return fail(error, EPIPE, "the guest's process was gone before %s%s", event_names[event],
                    hint);
    return fail(error, -code, "%s", strerror(-code));
}

int trial_wait(struct trial *trial, enum event event, struct error *error)
{
    int status = 0;

    while (trial->stamps[event] < 0 && status == 0) {
        if (trial->stamps[EVENT_GONE] >= 0)
            return explain(trial, -EPIPE, event, error);
        status = step(trial);
    }
    return status < 0 ? explain(trial, status, event, error) : 0;
}

int trial_linger(struct trial *trial, double seconds, struct error *error)
{
    int64_t deadline = trial->deadline;
    int status = 0;

    trial->deadline = clock_now() + (int64_t)(seconds * 1e9);
    while (trial->stamps[EVENT_END] < 0 && trial->stamps[EVENT_GONE] < 0 && status == 0)
        status = step(trial);
    trial->deadline = deadline;
    if (status == 0 || status == -ETIMEDOUT)
        return 0;
    return explain(trial, status, EVENT_END, error);
}

enum event trial_started(const struct trial *trial)
{
    return trial->ready->kind == READY_CONSOLE ? EVENT_READY : EVENT_MAIN;
}

int64_t trial_stamp(const struct trial *trial, enum event event)
{
    return trial->stamps[event];
}

uint64_t trial_tsc(const struct trial *trial, enum event event)
{
    return trial->tsc[event];
}

unsigned trial_status(const struct trial *trial, enum event event)
{
    return trial->status[event];
}

bool trial_phase(const struct trial *trial, unsigned number, struct phase_mark *mark)
{
    if (number >= PHASES || !trial->phases[number].seen)
        return false;
    *mark = trial->phases[number];
    return true;
}

double trial_tsc_ns(const struct trial *trial, uint64_t from, uint64_t to)
{
    return (double)(to - from) * 1e6 / trial->launch->machine->tsc_khz;
}

bool trial_icount(const struct trial *trial)
{
    return trial->launch->machine->icount && trial->guest.halts;
}

bool trial_idled(const struct trial *trial, enum event event)
{
    return trial->idled[event];
}

void trial_record(struct trial *trial, const char *name, double value, const char *note)
{
    for (unsigned i = 0; i < trial->report->count; i++) {
        struct outcome *outcome = &trial->report->outcomes[i];

        if (strcmp(outcome->metric->name, name) == 0) {
            outcome->recorded = true;
            outcome->value = value;
            outcome->note = note;
        }
    }
}

static bool is_expected(const struct trial *trial, enum need needs, enum need wanted)
{
    if (needs == NEEDS_EXIT_MARKER) /* one that starts by a marker also ends by one */
        return wanted == NEEDS_NOTHING && trial->ready->kind == READY_MARKER;
    return needs == wanted;
}

static void prepare(struct trial *trial, const struct scenario *scenario,
                    const struct driver *driver, const struct launch *launch,
                    const struct ready *ready, struct trial_report *report)
{
    enum need wanted = driver->is_vm && launch->machine->icount ? NEEDS_ICOUNT : NEEDS_NOTHING;

    *trial =
        (struct trial){.scenario = scenario, .launch = launch, .ready = ready, .report = report};
    *report = (struct trial_report){0};
    for (int i = 0; i < EVENT_COUNT; i++)
        trial->stamps[i] = -1;
    for (const struct metric *metric = scenario->metrics; metric->name; metric++)
        report->outcomes[report->count++] = (struct outcome){
            .metric = metric,
            .expected = is_expected(trial, metric->needs, wanted),
        };
    guest_init(&trial->guest);
}

/* A blocking read would hold the stamps of all that happens meanwhile. */
static bool open_stream(int fd)
{
    return fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

/* Take the descriptions out of the guest before destroy frees them. */
static void take_evidence(struct trial *trial)
{
    struct trial_report *report = trial->report;

    report->xml = trial->guest.xml;
    report->argv = trial->guest.argv;
    report->argv_len = trial->guest.argv_len;
    trial->guest.xml = trial->guest.argv = NULL;
}

int trial_run(const struct scenario *scenario, const struct driver *driver, void *context,
              const struct launch *launch, const struct ready *ready, struct trial_report *report)
{
    struct trial trial;
    int status;

    prepare(&trial, scenario, driver, launch, ready, report);
    trial.stamps[EVENT_CREATE] = clock_now();
    status = driver->create(context, launch, &trial.guest, &report->error);
    if (status < 0)
        return status == -ECANCELED ? status : 0;
    trial.marker_open = open_stream(trial.guest.marker_fd);
    trial.console_open = open_stream(trial.guest.console_fd);
    /* The first marker can come before resume returns, so t1 is stamped before the call. */
    trial.stamps[EVENT_RESUME] = clock_now();
    trial.deadline = trial.stamps[EVENT_RESUME] + (int64_t)(scenario->deadline_s * 1e9);
    status = driver->resume(context, &trial.guest, &report->error);
    if (status == 0)
        status = scenario->measure(&trial, &report->error);
    read_streams(&trial, clock_now()); /* the last words are evidence */
    take_evidence(&trial);
    driver->destroy(context, &trial.guest);
    return status == -ECANCELED ? status : 0;
}

void trial_report_free(struct trial_report *report)
{
    free(report->xml);
    free(report->argv);
    report->xml = report->argv = NULL;
}
