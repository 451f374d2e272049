/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to change in a target.json, by how its guest behaved. */
#ifndef TARE_ADVICE_H
#define TARE_ADVICE_H

#include "bench/plan/target.h"

#define ADVICE_MAX 8

/* How one boot went. */
struct tried {
    const char *failure; /* why it failed; "" if it did not */
    const char *console; /* the end of what it said */
    bool watched;        /* its frames were counted: */
    unsigned frames;     /* all that came from it */
    unsigned answers;    /* in the end, when it was asked once more */
    const char
        *speaks; /* an address that it speaks of, other than the one that it was given; or "" */
    bool alive;  /* its process was there in the end */
};

struct advice {
    char text[400];
};

/* Fill `list` with what to change, the likeliest first; how much that is. */
unsigned advise(const struct target *target, const struct tried *tried,
                struct advice list[ADVICE_MAX]);

#endif
