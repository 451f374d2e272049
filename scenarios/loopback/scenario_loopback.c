/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loopback: what does a request cost, and a megabyte, without a wire? */
#include <errno.h>
#include <stddef.h>

#include "../scenario.h"
#include "loopback.h"

/* Everything twice: on the host's clock, and in virtual time, which is exact. */
#define COST(which, what)                                                                          \
    {.name = which,                                                                                \
     .title = what,                                                                                \
     .unit = "ns",                                                                                 \
     .clock = "guest TSC",                                                                         \
     .start = "marker before the repetitions",                                                     \
     .stop = "marker after them",                                                                  \
     .definition = what ", client and server together: the mean of one",                           \
     .leads = true},                                                                               \
    {                                                                                              \
        .name = which "_virtual", .title = what ", instructions", .unit = "ns",                    \
        .clock = VIRTUAL_CLOCK, .start = "marker before the repetitions",                          \
        .stop = "marker after them",                                                               \
        .definition = what ", client and server together: instructions of one on average, 1 ns "   \
                           "each",                                                                 \
        .needs = NEEDS_ICOUNT                                                                      \
    }

static const struct metric metrics[] = {
    [2 * LOOPBACK_REQUEST] = COST("request", "an HTTP request over loopback, keep-alive"),
    [2 * LOOPBACK_CONNECT] = COST("connect", "a connection and an HTTP request over loopback"),
    [2 * LOOPBACK_IN] = COST("in_mb", "10^6 bytes from the client to the server over loopback"),
    [2 * LOOPBACK_OUT] = COST("out_mb", "10^6 bytes from the server to the client over loopback"),
    [2 * LOOPBACK_COUNT] = {.name = NULL},
};

static int record(struct trial *trial, unsigned phase, struct error *error)
{
    bool virtual = trial_icount(trial);
    const struct metric *metric = &metrics[2 * phase + virtual];
    struct phase_mark begin, end;

    if (!trial_phase(trial, 2 * phase, &begin) || !trial_phase(trial, 2 * phase + 1, &end))
        return fail(error, EPIPE, "the payload did not mark phase %u (%s)", phase, metric->name);
    trial_record(trial, metric->name,
                 trial_tsc_ns(trial, begin.tsc, end.tsc) / loopback_repeat[phase],
                 virtual && end.halts != begin.halts ? "idle" : NULL);
    trial_observe(trial, metric->name, trial_stamp(trial, EVENT_MAIN),
                  trial_stamp(trial, EVENT_END), true);
    return 0;
}

static int measure(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_GONE, error);

    if (status < 0)
        return status;
    if (trial_stamp(trial, EVENT_END) < 0 || trial_status(trial, EVENT_END) != 0)
        return fail(error, EPIPE, "the payload ended with status %u: a bit for each failed phase",
                    trial_status(trial, EVENT_END));
    for (unsigned phase = 0; phase < LOOPBACK_COUNT && status == 0; phase++)
        status = record(trial, phase, error);
    return status;
}

static const struct program programs[] = {{.payload = "loopback"}, {.payload = NULL}};

const struct scenario scenario_loopback = {
    .name = "loopback",
    .summary = "what an HTTP request costs, and a megabyte, between two threads over loopback",
    .programs = programs,
    .needs_program = true,
    .metrics = metrics,
    .deadline_s = 60,
    .takes_s = {1.3, 1.3},
    .measure = measure,
};
