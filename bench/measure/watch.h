/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happens on a guest's descriptors, stamped: markers, console, the end of its process; and its
 * reply on the wire, where it is probed.
 */
#ifndef TARE_WATCH_H
#define TARE_WATCH_H

#include <poll.h>

#include "drivers/driver.h"
#include "scenarios/scenario.h"
#include "bench/measure/markers.h"
#include "bench/measure/probe.h"
#include "bench/plan/ready.h"
#include "bench/plan/rules.h"

#define CONSOLE_KEEP 4096 /* bytes of console kept for evidence, the latest */

struct watch {
    const struct ready *ready;
    const struct rules *rules;   /* patterns that its console is looked through for; or NULL */
    const struct guest *guest;   /* NULL: none yet, or none any more */
    struct probe *probe;         /* asks for the reply on the wire; NULL: nothing does */
    int64_t stamps[EVENT_COUNT]; /* ns of CLOCK_MONOTONIC; -1: not seen */
    uint64_t tsc[EVENT_COUNT];
    unsigned status[EVENT_COUNT];
    bool idled[EVENT_COUNT];
    struct phase_mark phases[PHASES];
    struct marker_stream stream;
    struct ready_line line;
    bool succeeded;      /* a line said so: rules->success */
    char complaint[200]; /* the first line of the console that rules->failure matches; else "" */
    bool console_open, marker_open;
    unsigned bad_markers; /* bytes that belong to no marker */
    enum event latest;    /* of those that markers told */
    enum event early;     /* was marked after `latest`, or a second time; EVENT_COUNT: none was */
    char console[CONSOLE_KEEP + 1];
    size_t console_used;
};

/* Nothing seen yet; the program will count as ready by `ready`. */
void watch_init(struct watch *watch, const struct ready *ready);

/* Watch `guest` and what `probe`, if not NULL, asks of it, which both outlive the watching. */
void watch_open(struct watch *watch, const struct guest *guest, struct probe *probe);
void watch_close(struct watch *watch);

/* Take in what has come so far. `stamp` is when the caller learned that there is something. */
void watch_read(struct watch *watch, int64_t stamp);

/* Wait until something happens to any of `count` guests that are watched, and stamp it; `other` (or
 * NULL) is one more descriptor to wait for. 0, -ETIMEDOUT past `deadline` (CLOCK_MONOTONIC),
 * -ECANCELED when the user interrupted, or what probing says, with `error` filled. */
int watch_step(struct watch *const *watches, unsigned count, int64_t deadline, struct pollfd *other,
               struct error *error);

/* Take in what has happened to all of them, without waiting. 0, or as watch_step(). */
int watch_look(struct watch *const *watches, unsigned count, struct error *error);

/* Let `fd` becoming readable interrupt any step (a signalfd); -1 for none. */
void watch_interrupt_on(int fd);

#endif
