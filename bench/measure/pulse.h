/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pulse of a trial: a thread that looks every PULSE_MS at what the guest, its client, the rest
 * of the sandbox and the machine have done, so that whatever disturbs a measurement leaves
 * evidence, seen by its effect. Whether a process is stopped it does not ask.
 */
#ifndef TARE_PULSE_H
#define TARE_PULSE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/base/error.h"

#define PULSE_MS 25

struct pulse;

/* Begin. 0, or a negative errno with `error` filled. End it with pulse_stop(), which takes NULL.
 * All others do nothing, or give NULL, for a pulse that is NULL. */
int pulse_start(struct pulse **pulse, struct error *error);
void pulse_stop(struct pulse *pulse);

/* From now on `pid` with its children is guest `number`, or the client; 0: there is none. */
void pulse_guest(struct pulse *pulse, unsigned number, pid_t pid);
void pulse_client(struct pulse *pulse, pid_t pid);

/* What happened between two moments, in ns of CLOCK_MONOTONIC: a sample's `evidence`
 * (results/README.md). `busy`: whether each guest had something to do all the time. The caller
 * deletes it. */
cJSON *pulse_evidence(struct pulse *pulse, int64_t from, int64_t to, bool busy);

#endif
