/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One planned trial, made: driver opened, files staged, measured.
 */
#ifndef TARE_ATTEMPT_H
#define TARE_ATTEMPT_H

#include "bench/measure/trial.h"
#include "bench/run/run.h"

/* Do what `planned` says. `report`, always filled, is released with trial_report_free(). 0, also
 * when the guest failed, which the report tells; -ECANCELED, or another errno when tare itself
 * failed. Not counted and not recorded: that is the caller's. */
int attempt_trial(struct run *run, const struct planned *planned, struct trial_report *report);

/* Close the drivers that attempts have opened. */
void attempt_close(struct run *run);

#endif
