/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time as Linux's programs count it. */
#ifndef PITH_TIME_H
#define PITH_TIME_H

#include "sched/alarm.h"

struct timespec {
    int64_t seconds, nanoseconds;
};

struct interval { /* itimerspec: what comes after `value`, and the time until then */
    struct timespec interval, value;
};

enum {
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLOCK_PROCESS_CPUTIME_ID,
    CLOCK_THREAD_CPUTIME_ID,
    CLOCK_MONOTONIC_RAW,
    CLOCK_REALTIME_COARSE,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_BOOTTIME,
    CLOCK_TAI = 11,
};

/* A clock's reading in ns; ns of and to a timespec, checked; timer_now() in `ns`
 * from now. 0, -EINVAL, -EFAULT. */
long time_clock(int clock, int64_t *now);
struct timespec time_of(int64_t ns);
long time_from(uint64_t address, int64_t *ns);
long time_valid(const struct timespec *time, int64_t *ns);
int64_t time_after(int64_t ns);
/* When, by timer_now(), that clock will show `ns`. */
int64_t time_on(int clock, int64_t ns);

#endif
