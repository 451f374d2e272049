/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guests of a trial: how each comes to be and ends, and what was seen of it. */
#ifndef TARE_SLOTS_H
#define TARE_SLOTS_H

#include "bench/measure/trial.h"

/* One guest. */
struct slot {
    unsigned program;
    struct launch launch;
    struct guest guest;
    struct watch watch;
    struct probe *probe; /* where the guest is probed */
    bool has_guest;
    int memory_fd; /* the file that is the guest's memory, where the scenario weighs; else -1 */
};

struct slots {
    const struct trial_setup *setup;
    struct trial_report *report;
    struct caller *caller; /* the driver's calls */
    struct pulse *pulse;   /* what watches the trial, or NULL */
    struct slot **list;    /* indexed by the guests' instance numbers */
    struct watch **watches;
    unsigned count;
    unsigned memory_kib; /* of guests to boot; 0: the machine's */
    int broken;          /* the errno by which tare itself, not the guest, failed */
};

/* No guest yet. Free with slots_close(), also after a failure: it ends all guests. */
int slots_open(struct slots *slots, const struct trial_setup *setup, struct trial_report *report,
               struct error *error);
void slots_close(struct slots *slots);

/* Room for one more guest, which is not booted yet. */
int slots_add(struct slots *slots, struct error *error);

/* End guest `number`, if there is one, and boot another with `program`. From before its CPU is
 * started until that call has returned, all guests are watched. 0, or a negative errno with `error`
 * filled; then there is no guest. */
int slots_boot(struct slots *slots, unsigned number, unsigned program, struct error *error);

/* The events in words. */
extern const char *const event_names[EVENT_COUNT];

#endif
