/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loopback: what does a request cost, and a megabyte, without a wire? */
#include <stddef.h>

#include "../scenario.h"
#include "bench/measure/phases.h"
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

static int measure(struct trial *trial, struct error *error)
{
    return phases_measure(trial, metrics, loopback_repeat, LOOPBACK_COUNT, error);
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
