/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Comparing twins (twin.c): is B different from A, and how small a difference
 * would this host have shown? docs/method.md names the statistics.
 */
#ifndef TARE_COMPARE_H
#define TARE_COMPARE_H

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/base/error.h"

/* Fill comparisons[] of a document that holds twins, and, where they are equal (--aa), noise[].
 * 0 or a negative errno. */
int compare_complete(cJSON *document);

/* Read the result of an A/A run at `path` and work out the noise of a run of `n` repetitions from
 * its samples: *noise is an object with the fields "noise" and "noise_from" for a new document,
 * deleted by the caller. */
int compare_read_noise(const char *path, unsigned n, uint64_t seed, cJSON **noise,
                       struct error *error);

/* The entry of noise[] for this scenario, metric and target or its twin, or NULL. */
cJSON *compare_noise_of(const cJSON *document, const char *scenario, const char *metric,
                        const char *target);

/* Print the verdicts, a line per metric. Nothing where there are no twins. */
void compare_print(const cJSON *document, FILE *out);

#endif
