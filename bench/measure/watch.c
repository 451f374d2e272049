/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/watch.h"

static int interrupt_fd = -1;

void watch_interrupt_on(int fd)
{
    interrupt_fd = fd;
}

void watch_init(struct watch *watch, const struct ready *ready)
{
    *watch = (struct watch){.ready = ready, .latest = EVENT_RESUME, .early = EVENT_COUNT};
    for (int i = 0; i < EVENT_COUNT; i++)
        watch->stamps[i] = -1;
}

/* A blocking read would hold the stamps of all that happens meanwhile. */
static bool open_stream(int fd)
{
    return fd >= 0 && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

void watch_open(struct watch *watch, const struct guest *guest, struct probe *probe)
{
    watch->guest = guest;
    watch->probe = probe;
    watch->marker_open = open_stream(guest->marker_fd);
    watch->console_open = open_stream(guest->console_fd);
}

void watch_close(struct watch *watch)
{
    watch->guest = NULL;
    watch->probe = NULL;
    watch->marker_open = watch->console_open = false;
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
static uint64_t count_halts(const struct watch *watch)
{
    uint64_t halts = 0;
    int fd = watch->guest->halts ? open(watch->guest->halts, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0)
        return 0;
    if (read(fd, &halts, sizeof halts) != sizeof halts)
        halts = 0;
    close(fd);
    return halts;
}

/* Append what came to a text, without NULs: a terminal shows none, and they would hide what
 * follows. */
static size_t append(char *text, size_t used, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i])
            text[used++] = bytes[i];
    text[used] = '\0';
    return used;
}

/* Keep the latest CONSOLE_KEEP bytes. */
static void keep_console(struct watch *watch, const char *bytes, size_t count)
{
    if (count > CONSOLE_KEEP) {
        bytes += count - CONSOLE_KEEP;
        count = CONSOLE_KEEP;
    }
    if (watch->console_used + count > CONSOLE_KEEP) {
        size_t drop = watch->console_used + count - CONSOLE_KEEP;

        memmove(watch->console, watch->console + drop, watch->console_used - drop);
        watch->console_used -= drop;
    }
    watch->console_used = append(watch->console, watch->console_used, bytes, count);
}

static void take_line(struct watch *watch, const char *line, size_t length, int64_t stamp)
{
    if (watch->stamps[EVENT_READY] < 0 && ready_matches(watch->ready, line, length))
        watch->stamps[EVENT_READY] = stamp;
    if (!watch->rules)
        return;
    watch->succeeded |= pattern_matches(&watch->rules->success, line, length);
    if (!*watch->complaint && pattern_matches(&watch->rules->failure, line, length)) {
        size_t room = sizeof watch->complaint - 1;

        append(watch->complaint, 0, line, length < room ? length : room);
    }
}

/* Keep what a console said as evidence, and see whether it says that the program is ready: by the
 * stamp of the line's last byte. */
static void take_console(struct watch *watch, const char *bytes, size_t count, int64_t stamp)
{
    size_t length;

    keep_console(watch, bytes, count);
    for (size_t i = 0; i < count; i++)
        if (ready_line_feed(&watch->line, bytes[i], &length))
            take_line(watch, watch->line.bytes, length, stamp);
}

static void take_phase(struct watch *watch, const struct marker_record *record)
{
    if (record->status < PHASES && !watch->phases[record->status].seen)
        watch->phases[record->status] = (struct phase_mark){record->tsc, count_halts(watch), true};
}

/* A guest goes through its events in order and ends once: a later status must not be hidden behind
 * an earlier one. Main and ready may be told again, by another program that the payload starts; the
 * first counts. */
static bool in_order(struct watch *watch, enum event event)
{
    bool again = event == watch->latest && (event == EVENT_EXIT || event == EVENT_END);

    if (event < watch->latest || again) {
        if (watch->early == EVENT_COUNT)
            watch->early = event;
        return false;
    }
    watch->latest = event;
    return true;
}

static void take_markers(struct watch *watch, const char *bytes, size_t count, int64_t stamp)
{
    struct marker_record record;

    for (size_t i = 0; i < count; i++) {
        int got = marker_feed(&watch->stream, bytes[i], stamp, &record);
        enum event event;

        if (got < 0)
            watch->bad_markers++;
        if (got <= 0)
            continue;
        if (record.kind == MARKER_PHASE) {
            take_phase(watch, &record);
            continue;
        }
        event = event_of(record.kind);
        if (event == EVENT_READY && watch->ready->kind != READY_MARKER)
            continue; /* the rule tells that, and nothing else */
        if (!in_order(watch, event) || watch->stamps[event] >= 0)
            continue;
        watch->stamps[event] = record.stamp;
        if (event == EVENT_READY && watch->probe)
            probe_start(watch->probe);
        watch->tsc[event] = record.tsc;
        watch->status[event] = record.status;
        watch->idled[event] = count_halts(watch) > 0;
    }
}

/* Read what has come on `fd`; returns false at its end. */
static bool drain(struct watch *watch, int fd, bool is_marker, int64_t stamp)
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
            take_markers(watch, bytes, (size_t)got, stamp);
        else
            take_console(watch, bytes, (size_t)got, stamp);
        stamp = clock_now();
    }
}

void watch_read(struct watch *watch, int64_t stamp)
{
    if (watch->marker_open)
        watch->marker_open = drain(watch, watch->guest->marker_fd, true, stamp);
    if (watch->console_open)
        watch->console_open = drain(watch, watch->guest->console_fd, false, stamp);
}

static int take_reply(struct watch *watch, struct error *error)
{
    int64_t stamp;
    int got = probe_take(watch->probe, &stamp, error);

    if (got <= 0)
        return got;
    watch->stamps[EVENT_REPLY] = stamp;
    if (ready_by_network(watch->ready))
        watch->stamps[EVENT_READY] = stamp;
    watch->probe = NULL;
    return 0;
}

/* Nothing has happened in time. If somebody was not asked any more, that is why. */
static int time_out(struct watch *const *watches, unsigned count, struct error *error)
{
    for (unsigned i = 0; i < count; i++) {
        int status = watches[i]->probe ? probe_check(watches[i]->probe, error) : 0;

        if (status < 0)
            return status;
    }
    return -ETIMEDOUT;
}

/* What can happen to one guest. A process that is gone stays readable. */
enum { MARKER, CONSOLE, EXIT, REPLY, SOURCES };

static void add_sources(const struct watch *watch, struct pollfd fds[SOURCES])
{
    bool gone = watch->stamps[EVENT_GONE] >= 0;

    fds[MARKER].fd = watch->marker_open ? watch->guest->marker_fd : -1;
    fds[CONSOLE].fd = watch->console_open ? watch->guest->console_fd : -1;
    fds[EXIT].fd = watch->guest && !gone ? watch->guest->exit_fd : -1;
    fds[REPLY].fd = watch->probe ? probe_fd(watch->probe) : -1;
    for (int i = 0; i < SOURCES; i++)
        fds[i].events = POLLIN;
}

static int take_all(struct watch *watch, const struct pollfd fds[SOURCES], int64_t stamp,
                    struct error *error)
{
    bool gone = fds[EXIT].revents;

    if (gone || fds[MARKER].revents || fds[CONSOLE].revents)
        watch_read(watch, stamp);
    if (gone) /* after the markers read just now, which came before it */
        watch->stamps[EVENT_GONE] = clock_now();
    return fds[REPLY].revents ? take_reply(watch, error) : 0;
}

/* Take what there is, or comes within `timeout`: 0 when nothing did, 1, or a negative errno. */
static int take_within(struct watch *const *watches, unsigned count, const struct timespec *timeout,
                       struct pollfd *other, struct error *error)
{
    enum { INTERRUPT, OTHER, FIRST };
    struct pollfd fds[FIRST + SOURCES * count];
    int ready, status = 0;
    int64_t stamp;

    fds[INTERRUPT] = (struct pollfd){.fd = interrupt_fd, .events = POLLIN};
    fds[OTHER] = other ? *other : (struct pollfd){.fd = -1};
    for (unsigned i = 0; i < count; i++)
        add_sources(watches[i], &fds[FIRST + SOURCES * i]);
    ready = ppoll(fds, FIRST + SOURCES * count, timeout, NULL);
    stamp = clock_now();
    if (other)
        other->revents = ready > 0 ? fds[OTHER].revents : (short)0;
    if (ready == 0)
        return 0;
    if (ready < 0)
        return errno == EINTR ? 1 : -errno;
    if (fds[INTERRUPT].revents)
        return -ECANCELED;
    for (unsigned i = 0; i < count && status == 0; i++)
        status = take_all(watches[i], &fds[FIRST + SOURCES * i], stamp, error);
    return status < 0 ? status : 1;
}

int watch_step(struct watch *const *watches, unsigned count, int64_t deadline, struct pollfd *other,
               struct error *error)
{
    int64_t left = deadline - clock_now();
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    int status = left > 0 ? take_within(watches, count, &timeout, other, error) : 0;

    return status == 0 ? time_out(watches, count, error) : status < 0 ? status : 0;
}

int watch_look(struct watch *const *watches, unsigned count, struct error *error)
{
    int status = take_within(watches, count, &(struct timespec){0, 0}, NULL, error);

    return status < 0 ? status : 0;
}
