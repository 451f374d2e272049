/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A trial: one (target, scenario, repetition). It creates the guest, stamps
 * what happens on its descriptors, lets the scenario measure, ends the guest.
 */
#ifndef TARE_TRIAL_H
#define TARE_TRIAL_H

#include "../drivers/driver.h"
#include "../scenarios/scenario.h"
#include "ready.h"

#define CONSOLE_KEEP 4096 /* bytes of console kept for evidence, the latest */
#define METRICS_MAX 32

struct outcome {
    const struct metric *metric;
    bool expected; /* whether its absence is a failure */
    bool recorded; /* a value; else, where expected, a failure with `error`'s text */
    double value;
    const char *note; /* static text, or NULL */
};

struct trial_report {
    struct outcome outcomes[METRICS_MAX];
    unsigned count;
    struct error error; /* why what is not recorded failed; empty when all is */
    char *xml;          /* what the driver described the machine by; NULL if none */
    char *argv;
    size_t argv_len;
    char console[CONSOLE_KEEP + 1];
};

/* Run one trial of `scenario` with `launch` under `driver`; its program counts as started by
 * `ready`. Always fills `report`, which the caller releases with trial_report_free(); failures of
 * the guest are in there. Returns 0, -ECANCELED when the user interrupted (the trial then counts
 * for nothing). */
int trial_run(const struct scenario *scenario, const struct driver *driver, void *context,
              const struct launch *launch, const struct ready *ready, struct trial_report *report);
void trial_report_free(struct trial_report *report);

/* Let `fd` becoming readable interrupt any trial (a signalfd); -1 for none. */
void trial_interrupt_on(int fd);

/* ns of CLOCK_MONOTONIC. */
int64_t clock_now(void);

#endif
