/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many guests at once: a pool of callers boots them, or ends them, several at a time. */
#ifndef TARE_CROWD_H
#define TARE_CROWD_H

#include "bench/measure/slots.h"

/* How many guests one errand of the pool is about: from number `first` on. */
struct crowd_range {
    unsigned first, count;
};

/* Have the callers of a pool. */
int crowd_open(struct slots *slots, struct error *error);

/* Boot the guests of `range`, which are not there, with `program`, by all callers at once, while
 * all guests are watched. Before each boot `may_go_on` is asked: once it says no, those that are
 * not begun are left out. A guest whose boot fails is counted, the others go on. 0; -ECANCELED
 * when the user interrupted; or another negative errno when tare itself failed: if that is because
 * it cannot prepare one of them, none is booted. */
int crowd_boot(struct slots *slots, struct crowd_range range, unsigned program,
               bool (*may_go_on)(void *data), void *data, struct crowd *crowd, struct error *error);

/* End the guests of `range`, each by its caller. */
void crowd_end(struct slots *slots, struct crowd_range range);

/* How many more guests this process and its network can hold, and by which limit. */
unsigned crowd_room(const struct slots *slots, const char **limit);

#endif
