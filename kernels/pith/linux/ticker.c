/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/ticker.h"
#include "cpu/timer.h"

static void on_alarm(struct alarm *alarm)
{
    struct ticker *ticker = LIST_OF(alarm, struct ticker, alarm);

    ticker->rung = true;
    ticker->ring(ticker);
}

void ticker_init(struct ticker *ticker, void (*ring)(struct ticker *ticker))
{
    *ticker = (struct ticker){.ring = ring};
    alarm_init(&ticker->alarm, on_alarm);
}

void ticker_set(struct ticker *ticker, int64_t at, int64_t every)
{
    ticker->at = at;
    ticker->every = every;
    ticker->rung = false;
    alarm_set(&ticker->alarm, at);
}

void ticker_stop(struct ticker *ticker)
{
    alarm_clear(&ticker->alarm);
    ticker->at = ticker->every = 0;
    ticker->rung = false;
}

int64_t ticker_forward(struct ticker *ticker)
{
    int64_t late = timer_now() - ticker->at;

    if (late < 0)
        return 0;
    ticker->at = time_after(ticker->every - late % ticker->every);
    return late / ticker->every + 1;
}

void ticker_again(struct ticker *ticker, int64_t rest)
{
    int64_t soonest = timer_now() + rest;

    ticker->rung = false;
    alarm_set(&ticker->alarm, ticker->at > soonest ? ticker->at : soonest);
}

struct interval ticker_left(const struct ticker *ticker)
{
    int64_t left = alarm_is_set(&ticker->alarm) ? ticker->at - timer_now() : 0;

    if (alarm_is_set(&ticker->alarm) && left < 1)
        left = 1;
    return (struct interval){time_of(ticker->every), time_of(left)};
}
