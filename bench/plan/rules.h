/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a target.json says of a guest that knows nothing of tare: what it says when it is ready, has
 * succeeded or has failed, and how it ends.
 */
#ifndef TARE_RULES_H
#define TARE_RULES_H

#include "bench/plan/pattern.h"
#include "bench/plan/ready.h"

/* Which end of a guest is a good one. */
enum ending {
    END_MARKER,     /* its marker has the program's status: the default */
    END_POWER_OFF,  /* it ends its VM by power-off or reset */
    END_DEBUG_EXIT, /* it ends its VM by isa-debug-exit, with `status` */
    END_EXIT,       /* it is a process, and exits with `status` */
    END_HALT,       /* when its work is done it stands still, its VM there: tare ends it */
    END_NEVER,      /* it serves until tare ends it */
};

extern const char *const ending_names[]; /* ends with NULL */

struct rules {
    struct ready ready;
    struct pattern success; /* a good end needs such a line */
    struct pattern failure; /* such a line is a failure, however it ends */
    enum ending end;
    unsigned status; /* of END_DEBUG_EXIT and END_EXIT */
};

/* What programs of ours obey. */
extern const struct rules rules_by_marker;

void rules_free(struct rules *rules);

#endif
