/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Twins (plan/twin.c): is B different from A, and how small a difference would
 * this host have shown? docs/method.md names the statistics.
 */
#ifndef TARE_TWINS_H
#define TARE_TWINS_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "bench/base/error.h"

/* Fill comparisons[] of a document that holds twins, and, where they are alike (--aa), noise[],
 * with warnings. Nothing where there are no twins. 0, or -EINVAL when a value is not finite,
 * -ENOMEM. */
int twins_complete(cJSON *document);

/* Read the result of an A/A run at `path` and work out the noise of a run of `n` repetitions from
 * its samples: *noise is an object with the fields "noise" and "noise_from" for a new document,
 * deleted by the caller. What model_load() returns; -EINVAL also when the file is no A/A run's or
 * holds too few pairs. */
int twins_read_noise(const char *path, unsigned n, uint64_t seed, cJSON **noise,
                     struct error *error);

#endif
