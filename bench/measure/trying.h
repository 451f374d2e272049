/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tare target try` wants to know of a guest beside its samples: which frames come from it,
 * and whether it still answers in the end. */
#ifndef TARE_TRYING_H
#define TARE_TRYING_H

#include "bench/measure/trial.h"

#define TRYING_ADDRESSES 4 /* of which it speaks, told */

struct trying;

/* Watch the guest that is prepared, and not there yet. NULL where it has no network, or when
 * nothing can be watched. */
struct trying *trying_begin(struct trial *trial);

/* Ask it once more and say what came: {"frames", "answers", "addresses"}; the caller deletes it.
 * NULL for NULL. */
struct cJSON *trying_end(struct trying *trying, struct trial *trial);

#endif
