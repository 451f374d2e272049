/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A timer that rings once or again and again: what timerfd, setitimer and timer_create share. As on
 * Linux it does not set itself anew: that is done when the program takes what the ringing told it,
 * and what was missed by then is counted. So a timer of 1 ns, or one that is years late, costs no
 * more than the program's own steps.
 */
#ifndef PITH_TICKER_H
#define PITH_TICKER_H

#include "linux/time.h"

struct ticker {
    struct alarm alarm;
    void (*ring)(struct ticker *ticker);
    int64_t at, every; /* when it rings, or rang; ns from one time to the next, 0: once */
    bool rung;         /* it rang, and was not set anew */
};

/* Before first use. */
void ticker_init(struct ticker *ticker, void (*ring)(struct ticker *ticker));

void ticker_set(struct ticker *ticker, int64_t at, int64_t every);
void ticker_stop(struct ticker *ticker);

/* Let the next time be one that is not over. How many were. */
int64_t ticker_forward(struct ticker *ticker);

/* Ring at that time, but `rest` ns from now at the soonest. */
void ticker_again(struct ticker *ticker, int64_t rest);
#define TICKER_REST 50000 /* that much the program gets in between */

/* What is left, as timer_gettime() tells it: while it is set never 0. */
struct interval ticker_left(const struct ticker *ticker);

#endif
