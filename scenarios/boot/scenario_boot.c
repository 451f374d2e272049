/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boot: how long until the program runs, until a server replies, until all is gone? */
#include <errno.h>
#include <math.h>
#include <stddef.h>

#include "../scenario.h"
#include "listen.h"

#define HOST_CLOCK "host CLOCK_MONOTONIC"
#define STARTED "payload main (t3), or ready"

/* How long to watch a program that writes no markers after its start. */
#define LINGER_S 1.0

/* The slowest kernel listens after one second; a whole distribution takes longer, but not so many
 * times as long as it took to start another program. */
#define REPLY_S 10.0
#define REPLY_TIMES 3.0

enum { NOOP, LISTEN };

static const struct metric metrics[] = {
    {.name = "create",
     .title = "asking for the VM to a VM that can start",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "create call (t0)",
     .stop = "resume call (t1)",
     .definition =
         "QEMU's part, and libvirt's where it is the driver: from asking for the VM to it "
         "being ready to run"},
    {.name = "ask",
     .title = "asking for the VM to QEMU's exec",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "create call (t0)",
     .stop = "QEMU's exec",
     .definition = "the driver's part of create before there is a QEMU",
     .needs = NEEDS_MACHINE},
    {.name = "vmm",
     .title = "QEMU's exec to a VM that can start",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "QEMU's exec",
     .stop = "resume call (t1)",
     .definition =
         "QEMU's part of create, with what the driver asks QEMU before it is ready to run",
     .needs = NEEDS_MACHINE},
    {.name = "app",
     .title = "VM start to the program's main()",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "resume call (t1)",
     .stop = STARTED,
     .definition = "firmware, kernel and program start: from starting the vCPU to main(), or to "
                   "what --ready names",
     .leads = true},
    {.name = "total",
     .title = "asking for the VM to the program's main()",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "create call (t0)",
     .stop = STARTED,
     .definition = "all of it: from asking for the VM to the program's main(), or to what "
                   "--ready names",
     .leads = true},
    {.name = "kernel",
     .title = "VM start to the kernel's entry",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "resume call (t1)",
     .stop = "kernel entry (t2)",
     .definition = "the firmware's part, where the kernel marks its entry",
     .needs = NEEDS_KERNEL_MARKER},
    {.name = "exit",
     .title = "the program's exit to the end of the VM",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "payload's exit marker",
     .stop = "end of the guest's process (t6)",
     .definition = "from the program's exit to the VM being gone",
     .needs = NEEDS_EXIT_MARKER},
    {.name = "reply",
     .title = "VM start to the program's first reply by TCP",
     .unit = "ms",
     .clock = HOST_CLOCK,
     .start = "resume call (t1)",
     .stop = "first SYN-ACK on the wire (t5)",
     .definition =
         "until a program that listens takes connections, stamped by libpcap: a SYN is sent "
         "when it says that it listens, and again every 1 ms; with --ready tcp from t1 on, "
         "every 1 ms or 5 % of the time since, which then is the resolution",
     .needs = NEEDS_REPLY,
     .leads = true},
    {.name = "virtual_ns",
     .title = "instructions from reset to the program's main()",
     .unit = "ns",
     .clock = VIRTUAL_CLOCK,
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

/* Whether the payload, which has ended, succeeded. */
static int check_end(const struct trial *trial, struct error *error)
{
    if (trial_stamp(trial, EVENT_END) < 0)
        return fail(error, EPIPE, "the guest ended without reporting the payload's status");
    if (trial_status(trial, EVENT_END) != 0)
        return fail(error, EPIPE, "the payload ended with status %u",
                    trial_status(trial, EVENT_END));
    return 0;
}

/* The guest must end, and with success, or the trial has failed. */
static int wait_for_end(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_GONE, error);

    if (status == 0)
        status = check_end(trial, error);
    if (status < 0)
        return status;
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

/* The program may be a server, which never ends. It must not fail while it is watched; then tare
 * ends it. A program that ends by itself must succeed. */
static int watch(struct trial *trial, struct error *error)
{
    int status = trial_conclude(trial, LINGER_S, error);

    if (status < 0 || trial_is_judged(trial) ||
        (trial_stamp(trial, EVENT_END) < 0 && trial_stamp(trial, EVENT_GONE) < 0))
        return status;
    return check_end(trial, error);
}

static void record(struct trial *trial, const char *metric, enum event from, enum event to)
{
    trial_record(trial, metric, ms_between(trial, from, to), NULL);
    trial_observe(trial, metric, trial_stamp(trial, from), trial_stamp(trial, to), true);
}

static void record_start(struct trial *trial, enum event started)
{
    record(trial, "create", EVENT_CREATE, EVENT_RESUME);
    if (trial_stamp(trial, EVENT_EXEC) >= 0) {
        record(trial, "ask", EVENT_CREATE, EVENT_EXEC);
        record(trial, "vmm", EVENT_EXEC, EVENT_RESUME);
    }
    record(trial, "app", EVENT_RESUME, started);
    record(trial, "total", EVENT_CREATE, started);
    if (trial_stamp(trial, EVENT_KERNEL) >= 0)
        record(trial, "kernel", EVENT_RESUME, EVENT_KERNEL);
}

static int measure_start(struct trial *trial, struct error *error)
{
    enum event started = trial_started(trial);
    int status = trial_wait(trial, started, error);

    if (status < 0)
        return status;
    if (trial_icount(trial)) /* wall time means nothing for a guest in virtual time */
        return measure_virtual(trial, error);
    if (started != EVENT_MAIN) {
        status = watch(trial, error);
        if (status == 0)
            record_start(trial, started);
        return status;
    }
    status = wait_for_end(trial, error);
    record_start(trial, started); /* it takes time, in which the guest's end would have waited */
    if (status == 0)
        record(trial, "exit", EVENT_EXIT, EVENT_GONE);
    return status;
}

/* A user's program has replied by now, if it was asked. Otherwise boot one that listens. */
static int measure_reply(struct trial *trial, struct error *error)
{
    double start_s = ms_between(trial, EVENT_RESUME, trial_started(trial)) / 1e3;
    int status = 0;

    if (trial_stamp(trial, EVENT_REPLY) < 0) {
        status = trial_boot(trial, LISTEN, error);
        if (status == 0) {
            trial_allow(trial, fmax(REPLY_S, REPLY_TIMES * start_s));
            status = trial_wait(trial, EVENT_REPLY, error);
        }
    }
    if (status == 0)
        record(trial, "reply", EVENT_RESUME, EVENT_REPLY);
    return status;
}

static int measure(struct trial *trial, struct error *error)
{
    int status = measure_start(trial, error);

    return status == 0 && trial_expects(trial, "reply") ? measure_reply(trial, error) : status;
}

static const struct program programs[] = {
    [NOOP] = {.payload = "noop"},
    [LISTEN] = {.payload = "listen", .network = true, .port = LISTEN_PORT},
    {.payload = NULL},
};

const struct scenario scenario_boot = {
    .name = "boot",
    .summary = "time from asking for a VM to the program's main()",
    .programs = programs,
    .takes_payload = true,
    .metrics = metrics,
    .deadline_s = 60,
    .takes_s = {1.2, 1.2},
    .measure = measure,
};
