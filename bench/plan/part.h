/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which targets take part in which scenarios. */
#ifndef TARE_PART_H
#define TARE_PART_H

#include <stddef.h>

#include "bench/plan/target.h"
#include "scenarios/scenario.h"

/* What `scenario` measures of the program that `target` brings: the first of its protocols that is
 * offered. NULL: nothing, or the program is another. */
const struct offer *part_offer(const struct scenario *scenario, const struct target *target);

/* Whether `target` takes part in `scenario`; if not, `why` says why. */
bool part_taken(const struct scenario *scenario, const struct target *target, char *why,
                size_t size);

#endif
