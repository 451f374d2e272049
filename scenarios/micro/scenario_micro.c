/* SPDX-License-Identifier: GPL-3.0-or-later */
/* micro: what does one service of the kernel cost, without a network? */
#include <stddef.h>

#include "../scenario.h"
#include "bench/measure/phases.h"
#include "micro.h"

/* Every service twice: on the host's clock, and in virtual time, which is exact. */
#define SERVICE(which, what)                                                                       \
    {.name = which,                                                                                \
     .title = what,                                                                                \
     .unit = "ns",                                                                                 \
     .clock = "guest TSC",                                                                         \
     .start = "marker before the repetitions",                                                     \
     .stop = "marker after them",                                                                  \
     .definition = what ": the mean of one repetition",                                            \
     .leads = true},                                                                               \
    {                                                                                              \
        .name = which "_virtual", .title = what ", instructions", .unit = "ns",                    \
        .clock = VIRTUAL_CLOCK, .start = "marker before the repetitions",                          \
        .stop = "marker after them",                                                               \
        .definition = what ": instructions of one repetition on average, 1 ns each",               \
        .needs = NEEDS_ICOUNT                                                                      \
    }

static const struct metric metrics[] = {
    [2 * MICRO_SYSCALL] = SERVICE("syscall", "a system call that does nothing (getppid)"),
    [2 * MICRO_COPY] = SERVICE("copy", "32 KiB written to a pipe and read back"),
    [2 * MICRO_FAULT] = SERVICE("fault", "a page of fresh memory touched, and given back"),
    [2 * MICRO_OPEN] = SERVICE("open", "/dev/null opened and closed"),
    [2 * MICRO_SWITCH] = SERVICE("switch", "each of two threads yields once (sched_yield)"),
    [2 * MICRO_FUTEX] = SERVICE("futex", "a turn given to another thread and got back (futex)"),
    [2 * MICRO_SIGNAL] = SERVICE("signal", "a signal to oneself, handled"),
    [2 * MICRO_COUNT] = {.name = NULL},
};

static int measure(struct trial *trial, struct error *error)
{
    return phases_measure(trial, metrics, micro_repeat, MICRO_COUNT, error);
}

static const struct program programs[] = {{.payload = "micro"}, {.payload = NULL}};

const struct scenario scenario_micro = {
    .name = "micro",
    .summary = "what single services of the kernel cost: calls, copies, faults, switches, signals",
    .programs = programs,
    .needs_program = true,
    .metrics = metrics,
    .deadline_s = 60,
    .takes_s = {1.1, 1.1},
    .measure = measure,
};
