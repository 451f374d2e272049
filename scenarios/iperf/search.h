/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Searching for the highest rate that passes: doubled, or halved, until a rate that passes and one
 * that does not are known, then by bisection in the ratio between them.
 */
#ifndef TARE_IPERF_SEARCH_H
#define TARE_IPERF_SEARCH_H

#include <stdbool.h>

struct search {
    double good, bad; /* the highest rate that passed, the lowest above it that did not; 0: none */
    double first;     /* where to begin */
    double low, high; /* no rate beyond these is tried */
    double ratio;     /* bad / good at which it is close enough, above 1 */
};

/* The rate to try next, or 0 when the search is over: search->good is then its result, 0 when
 * nothing passed. */
double search_next(const struct search *search);

/* Tell whether `rate` passed. */
void search_tell(struct search *search, double rate, bool passed);

#endif
