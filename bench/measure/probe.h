/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking a guest whether it serves: SYNs, each from a new source port, and the stamp of the first
 * SYN-ACK that comes back. A RST is no reply. Or whether it is there at all: ICMP echo.
 *
 * To be asked costs a guest: docs/method.md has how much. So a program that marks when it listens
 * is asked only then. One that does not is asked from t1 on, each time after PROBE_MS or, if that
 * is more, a PROBE_PARTth of the time since: which is the resolution of what is measured.
 */
#ifndef TARE_PROBE_H
#define TARE_PROBE_H

#include <stdint.h>

#include "bench/base/error.h"
#include "drivers/instance.h"

#define PROBE_MS 1
#define PROBE_PART 20

struct probe;

/* Prepare to ask for TCP port `port` of the guest `instance`, or with 0 to ping it, before it is
 * created: opens the capture. Free with probe_close(). */
int probe_open(const struct instance *instance, uint16_t port, struct probe **out,
               struct error *error);
void probe_close(struct probe *probe); /* NULL is allowed */

/* Begin to ask, the first time at once. A thread does it, since starting a guest's CPU is a call
 * that outlasts the boot of a fast guest. */
void probe_start(struct probe *probe);

/* A descriptor that is readable when there may be an answer. */
int probe_fd(const struct probe *probe);

/* Look for the answer: 1 with its stamp, in ns of CLOCK_MONOTONIC, and then no more is asked; 0
 * when there is none yet; a negative errno. */
int probe_take(struct probe *probe, int64_t *stamp, struct error *error);

/* 0, or a negative errno with `error` filled when asking has come to an end by itself. */
int probe_check(const struct probe *probe, struct error *error);

#endif
