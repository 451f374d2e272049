/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A search for the highest rate that passes. It doubles or halves the rate until it knows one that
 * passes and one that fails, then bisects the ratio between them. It tries a rate that failed once
 * more, because the machine's other work can only make a rate fail: binary search with loss
 * verification, ETSI GS NFV-TST 009, 12.3.3, which RFC 9004, 6.2, recommends.
 */
#ifndef TARE_IPERF_SEARCH_H
#define TARE_IPERF_SEARCH_H

#include <stdbool.h>

struct search {
    double good, bad; /* the highest rate that passed, the lowest above it that failed; 0: none */
    double first;     /* where to begin */
    double low, high; /* no rate beyond these is tried */
    double ratio;     /* the search ends at this bad / good, above 1 */
    unsigned tries;   /* a rate that fails so often counts as bad */
    unsigned failed;  /* how often the next rate has failed */
};

/* The rate to try next, or 0 at the end of the search: search->good is then the result, 0 if
 * nothing passed. */
double search_next(const struct search *search);

/* Tell whether `rate` passed. */
void search_tell(struct search *search, double rate, bool passed);

#endif
