/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a result is one: everything that follows from its samples is computed anew, and what the
 * schema cannot see is checked. results/README.md lists the checks.
 */
#ifndef TARE_VERIFY_H
#define TARE_VERIFY_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/base/error.h"

#define VERIFY_TOLD 40 /* of more faults only the number is known */

struct verify {
    size_t faults;
    char *told[VERIFY_TOLD]; /* each with its place */
    bool earlier; /* the intervals are those of an earlier version: only their place was checked */
};

/* Check `document`. 0, also when there are faults; -EINVAL where it cannot even be read as a result
 * (model_read()), -ENOMEM. The caller releases *verify with verify_free(), also after a failure. */
int verify_document(const cJSON *document, struct verify *verify, struct error *error);
void verify_free(struct verify *verify);

#endif
