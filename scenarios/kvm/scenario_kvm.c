/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kvm: does KVM boot this target? bench/run/accel.c asks before any trial; the user cannot. */
#include <errno.h>
#include <stddef.h>

#include "../scenario.h"

/* With a working KVM the slowest kernel here reaches main() in well under a second. With a broken
 * one guests run at a hundredth of that speed in KVM's instruction emulator, or hang, some only at
 * their end. */
#define DEADLINE_S 5
#define PLAUSIBLE_MS 2000

static int measure(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_MAIN, error);
    double ms;

    if (status < 0)
        return status;
    ms = (double)(trial_stamp(trial, EVENT_MAIN) - trial_stamp(trial, EVENT_RESUME)) / 1e6;
    if (ms > PLAUSIBLE_MS)
        return fail(error, ETIMEDOUT, "main() after %.0f ms: too slow to be real KVM", ms);
    return trial_wait(trial, EVENT_GONE, error);
}

/* It is known to start at once. A user's program may not. */
static const struct program programs[] = {{.payload = "noop"}, {.payload = NULL}};
static const struct metric no_metrics[] = {{.name = NULL}};

const struct scenario scenario_kvm = {
    .name = "kvm",
    .summary = "whether KVM boots the target",
    .hidden = true,
    .programs = programs,
    .metrics = no_metrics,
    .deadline_s = DEADLINE_S,
    .measure = measure,
};
