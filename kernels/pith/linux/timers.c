/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers that send signals: alarm, setitimer, timer_create. */
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/signal.h"
#include "linux/time.h"
#include "memory/copy.h"

#define TIMERS 32
#define SECOND 1000000000ll

enum { TIMER_ABSTIME = 1 };
enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID = 4 };

struct timer {
    struct alarm alarm;
    bool used;
    int clock;
    int64_t interval;
    int tid; /* 0: the process */
    bool silent;
    struct siginfo info;
    int32_t overrun;
};

static struct timer timers[TIMERS], real; /* real: ITIMER_REAL's, and alarm's */

static void set(struct timer *timer, int64_t at, int64_t interval)
{
    timer->interval = interval;
    alarm_set(&timer->alarm, at);
}

static void ring(struct alarm *alarm)
{
    struct timer *timer = LIST_OF(alarm, struct timer, alarm);
    struct thread *thread = timer->tid ? thread_find(timer->tid) : NULL;
    int64_t now = timer_now();

    if (!timer->silent && (thread || !timer->tid))
        signal_send(thread, &timer->info);
    if (timer->interval) {
        int64_t next = alarm->at + timer->interval;

        while (next <= now) { /* what was missed counts as overrun */
            next += timer->interval;
            timer->overrun++;
        }
        alarm_set(alarm, next);
    }
}

static struct interval state_of(const struct timer *timer)
{
    return time_left(&timer->alarm, timer->interval);
}

static struct timer *real_timer(void)
{
    if (!real.used) {
        real.used = true;
        real.info = (struct siginfo){.signal = SIGALRM, .code = SI_KERNEL};
        alarm_init(&real.alarm, ring);
    }
    return &real;
}

long sys_alarm(unsigned seconds)
{
    struct timer *timer = real_timer();
    struct interval before = state_of(timer);

    alarm_clear(&timer->alarm);
    if (seconds)
        set(timer, time_after(seconds * SECOND), 0);
    /* Rounded: never 0 for one that was set. */
    return before.value.seconds + (before.value.nanoseconds >= SECOND / 2 ||
                                   (!before.value.seconds && before.value.nanoseconds));
}

/* struct itimerval counts in microseconds. */
static struct interval to_micro(struct interval interval)
{
    interval.interval.nanoseconds /= 1000;
    interval.value.nanoseconds /= 1000;
    return interval;
}

long sys_getitimer(int which, uint64_t out)
{
    struct interval now;

    if (which != 0)
        return which == 1 || which == 2 ? -ENOSYS : -EINVAL;
    now = to_micro(state_of(real_timer()));
    return copy_to(out, &now, sizeof now);
}

long sys_setitimer(int which, uint64_t new, uint64_t old)
{
    struct timer *timer = real_timer();
    struct interval before = to_micro(state_of(timer)), interval = {0};
    int64_t first, every;

    if (which != 0) /* ITIMER_VIRTUAL and ITIMER_PROF count CPU time */
        return which == 1 || which == 2 ? -ENOSYS : -EINVAL;
    if (new &&copy_from(&interval, new, sizeof interval) < 0)
        return -EFAULT;
    interval.interval.nanoseconds *= 1000;
    interval.value.nanoseconds *= 1000;
    if (time_valid(&interval.value, &first) < 0 || time_valid(&interval.interval, &every) < 0)
        return -EINVAL;
    alarm_clear(&timer->alarm);
    if (first)
        set(timer, time_after(first), every);
    return old ? copy_to(old, &before, sizeof before) : 0;
}

struct signal_event {
    uint64_t value;
    int32_t signal, notify, tid, padding[11];
};

long sys_timer_create(int clock, uint64_t event, uint64_t out)
{
    struct signal_event how = {.signal = SIGALRM, .notify = SIGEV_SIGNAL};
    int64_t now;
    int32_t id = 0;

    if (time_clock(clock, &now) < 0)
        return -EINVAL;
    if (event && copy_from(&how, event, sizeof how) < 0)
        return -EFAULT;
    if ((how.notify != SIGEV_SIGNAL && how.notify != SIGEV_NONE && how.notify != SIGEV_THREAD_ID) ||
        (how.notify != SIGEV_NONE && (how.signal < 1 || how.signal > SIGNALS)) ||
        (how.notify == SIGEV_THREAD_ID && !thread_find(how.tid)))
        return -EINVAL;
    while (id < TIMERS && timers[id].used)
        id++;
    if (id == TIMERS)
        return -EAGAIN;
    if (!event)
        how.value = (uint64_t)id;
    timers[id] = (struct timer){
        .used = true,
        .clock = clock,
        .tid = how.notify == SIGEV_THREAD_ID ? how.tid : 0,
        .silent = how.notify == SIGEV_NONE,
        .info = {.signal = how.signal, .code = SI_TIMER, .timer = {id, 0, how.value}},
    };
    alarm_init(&timers[id].alarm, ring);
    return copy_to(out, &id, sizeof id);
}

static struct timer *timer_at(int id)
{
    return id >= 0 && id < TIMERS && timers[id].used ? &timers[id] : NULL;
}

long sys_timer_settime(int id, int flags, uint64_t new, uint64_t old)
{
    struct timer *timer = timer_at(id);
    struct interval before, interval;
    int64_t first, every, now;

    if (!timer)
        return -EINVAL;
    if (copy_from(&interval, new, sizeof interval) < 0)
        return -EFAULT;
    if (time_valid(&interval.value, &first) < 0 || time_valid(&interval.interval, &every) < 0)
        return -EINVAL;
    before = state_of(timer);
    alarm_clear(&timer->alarm);
    timer->overrun = 0;
    time_clock(timer->clock, &now);
    if (first)
        set(timer, flags & TIMER_ABSTIME ? timer_now() + first - now : time_after(first), every);
    return old ? copy_to(old, &before, sizeof before) : 0;
}

long sys_timer_gettime(int id, uint64_t out)
{
    struct timer *timer = timer_at(id);
    struct interval now;

    if (!timer)
        return -EINVAL;
    now = state_of(timer);
    return copy_to(out, &now, sizeof now);
}

long sys_timer_getoverrun(int id)
{
    return timer_at(id) ? timer_at(id)->overrun : -EINVAL;
}

long sys_timer_delete(int id)
{
    struct timer *timer = timer_at(id);

    if (!timer)
        return -EINVAL;
    alarm_clear(&timer->alarm);
    timer->used = false;
    return 0;
}
