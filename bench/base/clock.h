/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one clock of all stamps: the host's CLOCK_MONOTONIC. And others, for what is no stamp.
 */
#ifndef TARE_CLOCK_H
#define TARE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);

/* Nanoseconds of `clock` (clock_gettime(2)); -1 where there is none, as of a process that has
 * ended. */
int64_t clock_read(clockid_t clock);

#endif
