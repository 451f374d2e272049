/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run: the worker's way through a plan, trial after trial, each in the journal before the next
 * begins. docs/architecture.md draws the flow.
 */
#ifndef TARE_RUN_H
#define TARE_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/plan/plan.h"

#define DRIVERS_MAX 8

struct run;

#define NO_TRIAL UINT_MAX

/* Tells of planned trial `index`, which has just ended; `text` is why it failed, or NULL. With
 * NO_TRIAL it tells what is done before the first one, by `text`. */
typedef void progress_hook(const struct run *run, unsigned index, const char *text);

struct run {
    const struct plan *plan;
    struct machine machine;       /* as the plan asks, with what only the host could tell */
    bool accel_decided;           /* machine.accel holds the verdict */
    bool dropped[PLAN_NAMES_MAX]; /* target left out: --accel kvm was asked and KVM refuses it, or
                                     the plan says that it is absent: a file of it is missing, it
                                     needs more memory, or this run is for others */
    bool *done;                   /* per planned trial: already in the journal */
    unsigned stopped; /* --until ended the run after so many repetitions; 0: it has not */
    int journal_fd;
    int64_t start_ns;            /* CLOCK_MONOTONIC at the start of this part of the run, */
    int64_t first_ns;            /* and of its first trial */
    double elapsed_s;            /* of the parts before this one (--resume) */
    void *contexts[DRIVERS_MAX]; /* one per driver, indexed as drivers[] */
    bool opened[DRIVERS_MAX];
    progress_hook *progress;
};

/* Begin a run of `plan`, which outlives it, with nothing done. -ENOMEM with `error` filled. Free
 * with run_free(), also after a failure; it closes the journal. */
int run_init(struct run *run, const struct plan *plan, struct error *error);
void run_free(struct run *run);

/* Do the trials that are not done yet, appending each to the journal: the sandbox's work. Returns
 * -ECANCELED when the user interrupted; what was measured is in the journal. `data` is the run. */
int run_trials(void *data, struct error *error);

#endif
