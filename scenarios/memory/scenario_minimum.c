/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "minimum.h"

unsigned minimum_next(const struct minimum *minimum)
{
    unsigned next = minimum->bad ? 2 * minimum->bad : minimum->first;

    if (minimum->good)
        return minimum->good - minimum->bad > 1 ? (minimum->good + minimum->bad) / 2 : 0;
    if (minimum->bad >= minimum->high)
        return 0;
    return next < minimum->high ? next : minimum->high;
}

void minimum_tell(struct minimum *minimum, unsigned size, bool passed)
{
    if (passed)
        minimum->good = size;
    else
        minimum->bad = size;
}
