/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is recorded: the result document (results/README.md) before any sample,
 * and the journal lines that fill it.
 */
#ifndef TARE_RECORD_H
#define TARE_RECORD_H

#include <cjson/cJSON.h>

#include "bench/measure/trial.h"
#include "bench/run/run.h"

/* The document of a run of `plan` on `host` (host_describe(), or NULL), without samples. NULL when
 * out of memory. The caller deletes it. */
cJSON *record_begin(const struct plan *plan, const cJSON *host);

/* The journal lines. NULL when out of memory. */
cJSON *record_accel(enum accel accel, const char *reason);
cJSON *record_dropped(const char *target, const char *reason);
cJSON *record_stopped(unsigned rounds, const char *ended); /* by --until; "narrow", "minutes" */
cJSON *record_launch(const struct run *run, const struct planned *planned, unsigned program,
                     const struct boot_report *report);
cJSON *record_trial(const struct plan *plan, unsigned order, double t,
                    const struct trial_report *report);

/* Apply one journal line to the document. -EINVAL with the reason when it does not fit. */
int record_apply(cJSON *document, const cJSON *line, struct error *error);

/* The element of launches[] or payloads[] about `scenario` and, of its programs, `payload`; or
 * NULL. */
cJSON *record_find_program(const cJSON *list, const char *scenario, const char *payload);

#endif
