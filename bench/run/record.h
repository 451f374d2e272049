/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is recorded: the result document (results/README.md) before any sample,
 * and the journal lines that fill it.
 */
#ifndef TARE_RECORD_H
#define TARE_RECORD_H

#include <cjson/cJSON.h>

#include "bench/run/run.h"
#include "bench/measure/trial.h"

/* The document of `run` without samples. NULL when out of memory. The caller deletes it. */
cJSON *record_begin(const struct run *run);

/* The journal lines. NULL when out of memory. */
cJSON *record_accel(enum accel accel, const char *reason);
cJSON *record_launch(const struct run *run, const struct planned *planned, unsigned program,
                     const struct launch *launch, const struct boot_report *report);
cJSON *record_trial(const struct run *run, unsigned order, double t,
                    const struct trial_report *report);

/* Apply one journal line to the document. -EINVAL with the reason when it does not fit. */
int record_apply(cJSON *document, const cJSON *line, struct error *error);

/* Restore options and progress of a cut run from its document: which trials are done, the
 * verdict on the accelerator. `run` must have been prepared from record_options(). -ESTALE when
 * kernels or payloads are no longer the ones that the run began with. */
int record_resume(const cJSON *document, struct run *run, struct error *error);

/* Fill `options` from a document, as the cut run had them; strings point into the document or
 * are owned by it. */
int record_options(cJSON *document, struct run_options *options, struct error *error);

#endif
