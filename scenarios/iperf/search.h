/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Searching for the highest rate that passes: doubled, or halved, until a rate that passes and one
 * that does not are known, then by bisection in the ratio between them. One that did not is tried
 * again, since the machine's other work can only make a rate fail: binary search with loss
 * verification, ETSI GS NFV-TST 009, 12.3.3, which RFC 9004, 6.2, recommends.
 */
#ifndef TARE_IPERF_SEARCH_H
#define TARE_IPERF_SEARCH_H

#include <stdbool.h>

struct search {
    double good, bad; /* the highest rate that passed, the lowest above it that did not; 0: none */
    double first;     /* where to begin */
    double low, high; /* no rate beyond these is tried */
    double ratio;     /* bad / good at which it is close enough, above 1 */
    unsigned tries;   /* so often a rate fails until it counts as bad */
    unsigned failed;  /* so often the next rate did already */
};

/* The rate to try next, or 0 when the search is over: search->good is then its result, 0 when
 * nothing passed. */
double search_next(const struct search *search);

/* Tell whether `rate` passed. */
void search_tell(struct search *search, double rate, bool passed);

#endif
