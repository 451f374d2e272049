/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "search.h"

double search_next(const struct search *search)
{
    double good = search->good, bad = search->bad;

    if (good == 0 && bad == 0)
        return search->first;
    if (good == 0)
        return bad > search->low ? fmax(bad / 2, search->low) : 0;
    if (bad == 0)
        return good < search->high ? fmin(good * 2, search->high) : 0;
    return bad / good > search->ratio ? sqrt(good * bad) : 0;
}

void search_tell(struct search *search, double rate, bool passed)
{
    if (!passed && ++search->failed < search->tries)
        return;
    search->failed = 0;
    *(passed ? &search->good : &search->bad) = rate;
}
