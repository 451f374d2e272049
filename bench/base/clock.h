/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one clock of all stamps: the host's CLOCK_MONOTONIC.
 */
#ifndef TARE_CLOCK_H
#define TARE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);

#endif
