/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers that send signals: alarm, setitimer, timer_create. */
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/signal.h"
#include "linux/ticker.h"
#include "memory/copy.h"

#define TIMERS 32
#define SECOND 1000000000ll
#define MICROSECOND 1000
#define TICK 4000000 /* ns: how often a timer rings at most whose signal is ignored */

enum { TIMER_ABSTIME = 1 };
enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID = 4 };

struct timer {
    struct ticker ticker;
    struct queued_signal signal; /* its own: one is in a queue at most, and always can be */
    bool used;
    int clock;
    int tid; /* 0: the process */
    bool silent;
    unsigned setting, rung_setting; /* of its settings: the last, and which one rang */
    int64_t overrun, last_overrun;  /* being counted, less one; and of the last signal taken */
};

static struct timer timers[TIMERS];
static struct ticker real; /* ITIMER_REAL's, and alarm's */

static void ring_real(struct ticker *ticker)
{
    (void)ticker;
    signal_send(NULL, &(struct siginfo){.signal = SIGALRM, .code = SI_KERNEL});
}

void timers_alarm_taken(void)
{
    if (!real.rung || !real.every)
        return;
    ticker_forward(&real);
    ticker_again(&real, TICKER_REST);
}

static struct ticker *real_timer(void)
{
    if (!real.ring)
        ticker_init(&real, ring_real);
    return &real;
}

long sys_alarm(unsigned seconds)
{
    struct timespec before = ticker_left(real_timer()).value;

    ticker_stop(&real);
    if (seconds)
        ticker_set(&real, time_after(seconds * SECOND), 0);
    /* Rounded: never 0 for one that was set. */
    return before.seconds +
           (before.nanoseconds >= SECOND / 2 || (!before.seconds && before.nanoseconds));
}

/* What is left, as struct itimerval, which counts in microseconds: never 0 for one that is set. */
static struct interval left_of_real(void)
{
    struct interval left = ticker_left(real_timer());

    if (!left.value.seconds && left.value.nanoseconds && left.value.nanoseconds < MICROSECOND)
        left.value.nanoseconds = MICROSECOND;
    left.interval.nanoseconds /= MICROSECOND;
    left.value.nanoseconds /= MICROSECOND;
    return left;
}

long sys_getitimer(int which, uint64_t out)
{
    struct interval now;

    if (which != 0)
        return which == 1 || which == 2 ? -ENOSYS : -EINVAL;
    now = left_of_real();
    return copy_to(out, &now, sizeof now);
}

long sys_setitimer(int which, uint64_t new, uint64_t old)
{
    struct interval before = left_of_real(), interval = {0};
    int64_t first, every;

    if (which != 0) /* ITIMER_VIRTUAL and ITIMER_PROF count CPU time */
        return which == 1 || which == 2 ? -ENOSYS : -EINVAL;
    if (new &&copy_from(&interval, new, sizeof interval) < 0)
        return -EFAULT;
    if (interval.interval.nanoseconds >= 1000000 || interval.value.nanoseconds >= 1000000)
        return -EINVAL;
    interval.interval.nanoseconds *= MICROSECOND;
    interval.value.nanoseconds *= MICROSECOND;
    if (time_valid(&interval.value, &first) < 0 || time_valid(&interval.interval, &every) < 0)
        return -EINVAL;
    ticker_stop(&real);
    if (first)
        ticker_set(&real, time_after(first), every);
    return old ? copy_to(old, &before, sizeof before) : 0;
}

/* A count of overruns less one, as timer_getoverrun() tells it. */
static int32_t told(int64_t overrun)
{
    return (int32_t)(overrun < INT32_MAX ? overrun : INT32_MAX);
}

/* The program takes the signal: the next time begins, unless it was set otherwise meanwhile. */
static void signal_taken(struct queued_signal *signal, struct siginfo *info)
{
    struct timer *timer = LIST_OF(signal, struct timer, signal);

    if (!timer->ticker.rung || !timer->ticker.every || timer->setting != timer->rung_setting)
        return;
    timer->last_overrun = timer->overrun + ticker_forward(&timer->ticker);
    timer->overrun = -1;
    info->timer.overrun = told(timer->last_overrun + info->timer.overrun);
    ticker_again(&timer->ticker, TICKER_REST);
}

static void ring(struct ticker *ticker)
{
    struct timer *timer = LIST_OF(ticker, struct timer, ticker);
    struct thread *thread = timer->tid ? thread_find(timer->tid) : NULL;

    timer->rung_setting = timer->setting;
    if (timer->tid && !thread)
        return;
    if (signal_send_own(thread, &timer->signal))
        return;
    if (ticker->every) { /* the signal is ignored, so nobody will take it */
        timer->overrun += ticker_forward(ticker);
        ticker_again(ticker, TICK);
    }
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
        .signal = {.info = {.signal = how.signal, .code = SI_TIMER, .timer = {id, 0, how.value}},
                   .taken = signal_taken},
    };
    list_init(&timers[id].signal.link);
    ticker_init(&timers[id].ticker, ring);
    return copy_to(out, &id, sizeof id);
}

static struct timer *timer_at(int id)
{
    return id >= 0 && id < TIMERS && timers[id].used ? &timers[id] : NULL;
}

/* Its times go on while the signal of the last waits, or where there is none at all. */
static struct interval left_of(struct timer *timer)
{
    struct ticker *ticker = &timer->ticker;
    bool waits = ticker->every && (ticker->rung || timer->silent);
    struct interval left = ticker_left(ticker);
    int64_t now;

    if (waits)
        timer->overrun += ticker_forward(ticker);
    if (waits || timer->silent) {
        now = timer_now();
        left.value = time_of(ticker->at > now ? ticker->at - now : !timer->silent);
    }
    return left;
}

long sys_timer_settime(int id, int flags, uint64_t new, uint64_t old)
{
    struct timer *timer = timer_at(id);
    struct interval before, interval;
    int64_t first, every, at;

    if (!timer)
        return -EINVAL;
    if (copy_from(&interval, new, sizeof interval) < 0)
        return -EFAULT;
    if (time_valid(&interval.value, &first) < 0 || time_valid(&interval.interval, &every) < 0)
        return -EINVAL;
    before = left_of(timer);
    at = flags & TIMER_ABSTIME ? time_on(timer->clock, first) : time_after(first);
    timer->setting++;
    timer->overrun = -1;
    timer->last_overrun = 0;
    ticker_stop(&timer->ticker);
    if (first)
        ticker_set(&timer->ticker, at, every);
    if (timer->silent)
        alarm_clear(&timer->ticker.alarm);
    return old ? copy_to(old, &before, sizeof before) : 0;
}

long sys_timer_gettime(int id, uint64_t out)
{
    struct timer *timer = timer_at(id);
    struct interval now;

    if (!timer)
        return -EINVAL;
    now = left_of(timer);
    return copy_to(out, &now, sizeof now);
}

long sys_timer_getoverrun(int id)
{
    return timer_at(id) ? told(timer_at(id)->last_overrun) : -EINVAL;
}

long sys_timer_delete(int id)
{
    struct timer *timer = timer_at(id);

    if (!timer)
        return -EINVAL;
    ticker_stop(&timer->ticker);
    signal_part(&timer->signal);
    timer->used = false;
    return 0;
}
