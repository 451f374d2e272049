/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks and sleeping. */
#include "linux/time.h"
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "memory/copy.h"
#include "sched/thread.h"

#define SECOND 1000000000ll

enum { TIMER_ABSTIME = 1 };
enum { CPU_CLOCK_THREAD = 4, CPU_CLOCK_WHICH = 3 };

/* clock_getcpuclockid() and its like: the id is in the upper bits of a negative clock. */
static long read_cpu_clock(int clock, int64_t *now)
{
    int id = ~(clock >> 3);
    const struct thread *thread = id ? thread_find(id) : current;

    if ((clock & CPU_CLOCK_WHICH) == 3 || !thread)
        return -EINVAL;
    *now = clock & CPU_CLOCK_THREAD ? thread_time(thread) : process_time();
    return 0;
}

long time_clock(int clock, int64_t *now)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        *now = timer_boot_time() + timer_now();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *now = timer_now();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        *now = process_time();
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        *now = thread_time(current);
        return 0;
    default:
        return clock < 0 ? read_cpu_clock(clock, now) : -EINVAL;
    }
}

struct timespec time_of(int64_t ns)
{
    return (struct timespec){ns / SECOND, ns % SECOND};
}

long time_from(uint64_t address, int64_t *ns)
{
    struct timespec time;

    if (copy_from(&time, address, sizeof time) < 0)
        return -EFAULT;
    return time_valid(&time, ns);
}

long time_valid(const struct timespec *time, int64_t *ns)
{
    if (time->seconds < 0 || time->nanoseconds < 0 || time->nanoseconds >= SECOND)
        return -EINVAL;
    *ns =
        time->seconds > FOREVER / SECOND - 1 ? FOREVER : time->seconds * SECOND + time->nanoseconds;
    return 0;
}

int64_t time_after(int64_t ns)
{
    int64_t now = timer_now();

    return ns > FOREVER - now ? FOREVER : now + ns;
}

int64_t time_on(int clock, int64_t ns)
{
    int64_t ahead = 0;

    time_clock(clock, &ahead);
    ahead -= timer_now();
    return ahead < 0 && ns > FOREVER + ahead ? FOREVER : ns - ahead;
}

long sys_clock_gettime(int clock, uint64_t out)
{
    int64_t now;
    long status = time_clock(clock, &now);
    struct timespec time = time_of(now);

    return status < 0 ? status : copy_to(out, &time, sizeof time);
}

long sys_clock_settime(int clock)
{
    return clock == CLOCK_REALTIME ? -EPERM : -EINVAL;
}

long sys_clock_getres(int clock, uint64_t out)
{
    struct timespec one = {0, 1};
    int64_t now;
    long status = time_clock(clock, &now);

    if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
        one.nanoseconds = 4000000; /* as Linux with 250 ticks a second */
    return status < 0 || !out ? status : copy_to(out, &one, sizeof one);
}

long sys_gettimeofday(uint64_t out, uint64_t zone)
{
    static const int32_t utc[2];
    int64_t now = 0, time[2];

    time_clock(CLOCK_REALTIME, &now);
    time[0] = now / SECOND;
    time[1] = now % SECOND / 1000;
    if (out && copy_to(out, time, sizeof time) < 0)
        return -EFAULT;
    return zone ? copy_to(zone, utc, sizeof utc) : 0;
}

long sys_time(uint64_t out)
{
    int64_t now = 0;

    time_clock(CLOCK_REALTIME, &now);
    now /= SECOND;
    return out && copy_to(out, &now, sizeof now) < 0 ? -EFAULT : now;
}

long sys_times(uint64_t out)
{
    int64_t used = process_time() / 10000000, times[4] = {used, 0, 0, 0};

    if (out && copy_to(out, times, sizeof times) < 0)
        return -EFAULT;
    return timer_now() / 10000000;
}

static long sleep_until(int64_t deadline)
{
    long status;

    do
        status = thread_wait(deadline, true);
    while (status == 0);
    return status == -ETIMEDOUT ? 0 : -EINTR;
}

long sys_clock_nanosleep(int clock, int flags, uint64_t request, uint64_t remaining)
{
    int64_t now, ns, deadline;
    long status = time_clock(clock, &now);

    if (status < 0 || clock == CLOCK_THREAD_CPUTIME_ID)
        return -EINVAL;
    status = time_from(request, &ns);
    if (status < 0)
        return status;
    if (flags & TIMER_ABSTIME)
        ns = ns > now ? ns - now : 0;
    deadline = time_after(ns);
    status = sleep_until(deadline);
    if (status == -EINTR && remaining && !(flags & TIMER_ABSTIME)) {
        struct timespec left = time_of(deadline > timer_now() ? deadline - timer_now() : 0);

        if (copy_to(remaining, &left, sizeof left) < 0)
            return -EFAULT;
    }
    return status;
}

long sys_nanosleep(uint64_t request, uint64_t remaining)
{
    return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, request, remaining);
}
