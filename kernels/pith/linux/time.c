/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks and sleeping. */
#include "../cpu/timer.h"
#include "../memory/copy.h"
#include "errno.h"
#include "syscall.h"

#define SECOND 1000000000ll

enum {
    CLOCK_REALTIME,
    CLOCK_MONOTONIC,
    CLOCK_PROCESS,
    CLOCK_THREAD,
    CLOCK_MONOTONIC_RAW,
    CLOCK_REALTIME_COARSE,
    CLOCK_MONOTONIC_COARSE,
    CLOCK_BOOTTIME
};
enum { TIMER_ABSTIME = 1 };

/* The clock's reading in ns, or -EINVAL. */
static int64_t read_clock(long clock)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return timer_boot_time() * SECOND + timer_now();
    case CLOCK_MONOTONIC:
    case CLOCK_PROCESS: /* the one process has the CPU from boot on */
    case CLOCK_THREAD:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        return timer_now();
    default:
        return -EINVAL;
    }
}

static struct timespec from_ns(int64_t ns)
{
    return (struct timespec){ns / SECOND, ns % SECOND};
}

static long get_ns(uint64_t address, int64_t *ns)
{
    struct timespec time;

    if (copy_from(&time, address, sizeof time) < 0)
        return -EFAULT;
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= SECOND)
        return -EINVAL;
    *ns = time.seconds > INT64_MAX / SECOND - 1 ? INT64_MAX
                                                : time.seconds * SECOND + time.nanoseconds;
    return 0;
}

long sys_clock_gettime(long clock, long out, long c, long d, long e, long f)
{
    int64_t now = read_clock(clock);
    struct timespec time = from_ns(now);

    (void)c, (void)d, (void)e, (void)f;
    return now < 0 ? -EINVAL : copy_to((uint64_t)out, &time, sizeof time);
}

long sys_clock_getres(long clock, long out, long c, long d, long e, long f)
{
    struct timespec one = {0, 1};

    (void)c, (void)d, (void)e, (void)f;
    if (clock < 0 || clock > CLOCK_BOOTTIME)
        return -EINVAL;
    return out ? copy_to((uint64_t)out, &one, sizeof one) : 0;
}

long sys_gettimeofday(long out, long zone, long c, long d, long e, long f)
{
    int64_t now = read_clock(CLOCK_REALTIME);
    int64_t time[2] = {now / SECOND, now % SECOND / 1000};
    static const int32_t utc[2];

    (void)c, (void)d, (void)e, (void)f;
    if (out && copy_to((uint64_t)out, time, sizeof time) < 0)
        return -EFAULT;
    return zone ? copy_to((uint64_t)zone, utc, sizeof utc) : 0;
}

long sys_time(long out, long b, long c, long d, long e, long f)
{
    int64_t now = read_clock(CLOCK_REALTIME) / SECOND;

    (void)b, (void)c, (void)d, (void)e, (void)f;
    if (out && copy_to((uint64_t)out, &now, sizeof now) < 0)
        return -EFAULT;
    return now;
}

long sys_clock_nanosleep(long clock, long flags, long request, long remaining, long e, long f)
{
    int64_t now = read_clock(clock), ns;
    long status;

    (void)remaining, (void)e, (void)f;
    if (now < 0)
        return -EINVAL;
    status = get_ns((uint64_t)request, &ns);
    if (status < 0)
        return status;
    if (flags & TIMER_ABSTIME)
        ns = ns > now ? ns - now : 0;
    timer_sleep(ns);
    return 0;
}

long sys_nanosleep(long request, long remaining, long c, long d, long e, long f)
{
    (void)c, (void)d;
    return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, request, remaining, e, f);
}
