/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the samples of a document to what they come to. */
#ifndef TARE_SUMMARISE_H
#define TARE_SUMMARISE_H

#include <cjson/cJSON.h>

#include "bench/base/error.h"

/* Complete a document that holds samples: metrics[].summary, ratios[] to the target of the best
 * baseline_rank, else to the first, warnings, and what its twins came to (twins.h).
 * Nothing but the document counts, its seed included. -EINVAL when a value is not
 * finite, -ENOMEM. */
int summarise(cJSON *document, struct error *error);

#endif
