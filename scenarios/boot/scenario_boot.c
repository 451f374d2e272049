/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boot: how long from nothing to the program's main(), and from its exit to nothing again. */
#include <errno.h>
#include <stddef.h>

#include "../scenario.h"

#define HOST_CLOCK "host CLOCK_MONOTONIC"

static const struct metric metrics[] = {
    {.name = "create",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "create call (t0)",
     .stop = "resume call (t1)",
     .definition = "libvirt's and QEMU's part: from asking for the VM to it being ready to run"},
    {.name = "app",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "resume call (t1)",
     .stop = "payload main (t3)",
     .definition = "firmware, kernel and program start: from starting the vCPU to main()"},
    {.name = "total",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "create call (t0)",
     .stop = "payload main (t3)",
     .definition = "all of it: from asking for the VM to the program's main()"},
    {.name = "kernel",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "resume call (t1)",
     .stop = "kernel entry (t2)",
     .definition = "the firmware's part, where the kernel marks its entry",
     .needs = NEEDS_KERNEL_MARKER},
    {.name = "exit",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "payload's exit marker",
     .stop = "end of the guest's process (t6)",
     .definition = "from the program's exit to the VM being gone"},
    {.name = "virtual_ns",
     .unit = "ns",
     .clock = "guest TSC under -icount shift=0",
     .start = "reset",
     .stop = "payload main",
     .definition = "instructions of firmware, kernel and program start, 1 ns each; a sample noted "
                   "\"idle\" also holds time in which the vCPU waited",
     .needs = NEEDS_ICOUNT},
    {.name = NULL},
};

static double ms_between(const struct trial *trial, enum event from, enum event to)
{
    return (double)(trial_stamp(trial, to) - trial_stamp(trial, from)) / 1e6;
}

/* The guest must end, and end well, or the trial has failed. */
static int wait_for_end(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_GONE, error);

    if (status < 0)
        return status;
    if (trial_stamp(trial, EVENT_END) < 0)
        return fail(error, EPIPE, "the guest ended without reporting the payload's status");
    if (trial_status(trial, EVENT_END) != 0)
        return fail(error, EPIPE, "the payload ended with status %u",
                    trial_status(trial, EVENT_END));
    if (trial_stamp(trial, EVENT_EXIT) < 0)
        return fail(error, EPIPE, "the payload ended without its exit marker");
    return 0;
}

static int measure_virtual(struct trial *trial, struct error *error)
{
    int status = wait_for_end(trial, error);

    if (status == 0)
        trial_record(trial, "virtual_ns", (double)trial_tsc(trial, EVENT_MAIN),
                     trial_idled(trial, EVENT_MAIN) ? "idle" : NULL);
    return status;
}

static int measure(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_MAIN, error);

    if (status < 0)
        return status;
    if (trial_icount(trial)) /* wall time says nothing of a guest that lives in virtual time */
        return measure_virtual(trial, error);
    trial_record(trial, "create", ms_between(trial, EVENT_CREATE, EVENT_RESUME), NULL);
    trial_record(trial, "app", ms_between(trial, EVENT_RESUME, EVENT_MAIN), NULL);
    trial_record(trial, "total", ms_between(trial, EVENT_CREATE, EVENT_MAIN), NULL);
    if (trial_stamp(trial, EVENT_KERNEL) >= 0)
        trial_record(trial, "kernel", ms_between(trial, EVENT_RESUME, EVENT_KERNEL), NULL);
    status = wait_for_end(trial, error);
    if (status < 0)
        return status;
    trial_record(trial, "exit", ms_between(trial, EVENT_EXIT, EVENT_GONE), NULL);
    return 0;
}

const struct scenario scenario_boot = {
    .name = "boot",
    .summary = "time from asking for a VM to the program's main()",
    .payload = "noop",
    .metrics = metrics,
    .deadline_s = 60,
    .measure = measure,
};
