/* SPDX-License-Identifier: GPL-3.0-or-later */
/* micro: what does one service of the kernel cost, without a network? */
#include <errno.h>
#include <stddef.h>

#include "../scenario.h"
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

static int record(struct trial *trial, unsigned phase, struct error *error)
{
    bool virtual = trial_icount(trial);
    const struct metric *metric = &metrics[2 * phase + virtual];
    struct phase_mark begin, end;

    if (!trial_phase(trial, 2 * phase, &begin) || !trial_phase(trial, 2 * phase + 1, &end))
        return fail(error, EPIPE, "the payload did not mark phase %u (%s)", phase, metric->name);
    trial_record(trial, metric->name, trial_tsc_ns(trial, begin.tsc, end.tsc) / micro_repeat[phase],
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
    for (unsigned phase = 0; phase < MICRO_COUNT && status == 0; phase++)
        status = record(trial, phase, error);
    return status;
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
