/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long to wait for something before it counts as failed. That is said for a host as fast as
 * expected. Where time has run out, the host's speed is measured, and on a slower one, by its
 * processor or by what else runs on it, the wait goes on accordingly.
 */
#ifndef TARE_PATIENCE_H
#define TARE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience {
    double seconds;   /* on a host as fast as expected */
    bool exact;       /* that is: however slow it is */
    double slowness;  /* how many times slower this one is; 1 until time has run out */
    int64_t begun_ns; /* CLOCK_MONOTONIC */
    int64_t deadline; /* likewise */
};

/* From now on there are `seconds`. */
void patience_begin(struct patience *patience, double seconds);

/* Time has run out: measure the host, which takes some 20 ms or more. True if there is more time,
 * with a new deadline: ten times as much at most. */
bool patience_extend(struct patience *patience);

/* How long it was, in words: "10 s", "35 s (10 s on a host 3.5 times as fast)". Static text, good
 * until the next call. */
const char *patience_text(const struct patience *patience);

#endif
