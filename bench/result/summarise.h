/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the samples of a document to what they come to. */
#ifndef TARE_SUMMARISE_H
#define TARE_SUMMARISE_H

#include <cjson/cJSON.h>

#include "bench/base/error.h"
#include "bench/result/stats.h"

/* Complete a document that holds samples: metrics[].summary, ratios[] to the target of the best
 * baseline_rank, else to the first, warnings, and what its twins came to (twins.h).
 * Nothing but the document counts, its seed included. -EINVAL when a value is not
 * finite, -ENOMEM. */
int summarise(cJSON *document, struct error *error);

/* The ratio of `series` to its original, where it is a twin's, else to its target's base, by the
 * repetitions up to `last`. *base is the name of the divisor; NULL: the series has no ratio. Its
 * `n` is 0 where there is no pair, or a divisor is 0. -EINVAL, -ENOMEM. */
int summarise_ratio(const cJSON *document, const cJSON *series, double last, const char **base,
                    struct summary *ratio);

#endif
