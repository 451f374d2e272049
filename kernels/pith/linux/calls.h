/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls, and what they have in common: time. */
#ifndef PITH_CALLS_H
#define PITH_CALLS_H

#include "cpu/cpu.h"
#include "sched/alarm.h"

#define AT_FDCWD (-100)

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

/* Time (time.c): a clock's reading in ns; ns of and to a timespec, checked; timer_now() in `ns`
 * from now. 0, -EINVAL, -EFAULT. */
long time_clock(int clock, int64_t *now);
struct timespec time_of(int64_t ns);
long time_from(uint64_t address, int64_t *ns);
long time_valid(const struct timespec *time, int64_t *ns);
int64_t time_after(int64_t ns);

/* What is left of a timer that goes off by `alarm` and then every `every` ns: never 0 while set. */
struct interval time_left(const struct alarm *alarm, int64_t every);

/* sys_read() and its kin: calls.def. */
#define CALL(number, name, arguments) long sys_##name arguments;
#define ALSO(number, name, other)
#include "linux/calls.def"
#undef CALL
#undef ALSO

/* What many of them come to. */
long sys_zero(void);
long sys_no_processes(void);

#endif
