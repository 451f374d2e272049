/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kvm: does KVM boot this target? bench/run/accel.c asks before any trial; the user cannot. */
#include <stddef.h>

#include "../scenario.h"

/* That KVM is one has been proven before (bench/measure/kvm.h): then the slowest kernel here
 * reaches main() in well under a second. */
#define DEADLINE_S 5

static int measure(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_MAIN, error);

    return status < 0 ? status : trial_wait(trial, EVENT_GONE, error);
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
