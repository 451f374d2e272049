/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guests of a trial: how each comes to be and ends, and what was seen of it. */
#ifndef TARE_SLOTS_H
#define TARE_SLOTS_H

#include "bench/measure/caller.h"
#include "bench/measure/trial.h"

/* One guest. */
struct slot {
    unsigned program;
    struct caller *caller; /* whose thread makes the driver's calls about it */
    struct launch launch;
    struct guest guest;
    struct watch watch;
    struct probe *probe; /* where the guest is probed */
    bool prepared;       /* for a boot that has not begun */
    bool has_guest;
    int memory_fd; /* the file that is the guest's memory, where the scenario weighs; else -1 */
};

struct slots {
    const struct trial_setup *setup;
    struct trial_report *report;
    struct caller **callers; /* the driver's calls: the first, and those of a crowd (crowd.h) */
    unsigned caller_count;
    struct pulse *pulse; /* what watches the trial, or NULL */
    struct slot **list;  /* indexed by the guests' instance numbers */
    struct watch **watches;
    unsigned count;
    unsigned memory_kib; /* of guests to boot; 0: the machine's */
    int broken;          /* the errno by which tare itself, not the guest, failed */
};

/* No guest yet. Free with slots_close(), also after a failure: it ends all guests. */
int slots_open(struct slots *slots, const struct trial_setup *setup, struct trial_report *report,
               struct error *error);
void slots_close(struct slots *slots);

/* tare itself has failed with `status`; the first failure stays. */
void slots_break(struct slots *slots, int status);

/* Room for one more guest, which is not booted yet. */
int slots_add(struct slots *slots, struct error *error);

/* End guest `number`, if there is one, and boot another with `program`. From before its CPU is
 * started until that call has returned, all guests are watched. 0, or a negative errno with `error`
 * filled; then there is no guest. */
int slots_boot(struct slots *slots, unsigned number, unsigned program, struct error *error);

/* A guest's boot or its end, call by call into the driver: slots_boot() does one after the other,
 * crowd.h several at once. */
struct errand {
    struct slots *slots;
    struct slot *slot;
    enum { ERRAND_CREATE, ERRAND_START, ERRAND_DESTROY } step;
    struct call call; /* to be made by slot->caller */
    pid_t pid;        /* the guest's process; 0 before it is created */
    int status;       /* what the boot has come to */
    struct error error;
};

/* Make what guest `number`, which is not there, will be started and connected by; or take it away
 * again. If that fails, it is tare's failure, not the guest's. */
int slots_prepare(struct slots *slots, unsigned number, unsigned program, struct error *error);
void slots_unprepare(struct slots *slots, unsigned number);

/* Begin the boot of guest `number`, preparing it if need be, or its end. 1: errand->call is to be
 * made; 0: there is nothing to do; or a negative errno with `error` filled: it could not be
 * prepared. The errand stays where it is. */
int errand_boot(struct errand *errand, struct slots *slots, unsigned number, unsigned program,
                struct error *error);
int errand_end(struct errand *errand, struct slots *slots, unsigned number);

/* What the call came to. 1: errand->call is the next; 0: done; or a negative errno with
 * errand->error filled: then there is no guest. */
int errand_next(struct errand *errand, int status, const struct error *why);

/* The events in words. */
extern const char *const event_names[EVENT_COUNT];

#endif
