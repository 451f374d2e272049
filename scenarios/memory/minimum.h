/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A search for the smallest memory that passes, in steps. It doubles the size until one passes,
 * then bisects between that and the largest that failed. From below, because most sizes of a VM
 * pass by far and each that passes takes three boots.
 */
#ifndef TARE_MEMORY_MINIMUM_H
#define TARE_MEMORY_MINIMUM_H

#include <stdbool.h>

struct minimum {
    unsigned good,
        bad;        /* the smallest size that passed, the largest below it that failed; 0: none */
    unsigned first; /* where to begin, at least 1 */
    unsigned high;  /* no larger one is tried */
};

/* The size to try next, or 0 at the end of the search: minimum->good is then the result, 0 if
 * nothing passed. */
unsigned minimum_next(const struct minimum *minimum);

/* Tell whether `size` passed. */
void minimum_tell(struct minimum *minimum, unsigned size, bool passed);

#endif
