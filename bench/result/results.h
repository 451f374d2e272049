/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The result document: reading, completing and saving it. results/README.md
 * defines every field, results/schema.json its shape.
 */
#ifndef TARE_RESULTS_H
#define TARE_RESULTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "bench/base/error.h"
#include "bench/base/json.h"

/* Read the result at `path` and check what its readers rely on. -EINVAL with file, field and
 * reason. The caller deletes *document. */
int results_load(const char *path, cJSON **document, struct error *error);

/* Complete a document that holds samples: metrics[].summary, ratios[] against the strongest Linux
 * of the run (linux-tuned, else linux, else the first target), warnings; what twins came to
 * (compare.h). */
int results_complete(cJSON *document, struct error *error);

/* Write it to `path`: to a temporary name, synced, renamed, so that there is never half a result.
 * On failure the old file, if any, is untouched and nothing else is left. */
int results_save(const char *path, const cJSON *document, struct error *error);

/* Add a warning {code, text, remedy} to the document. */
void results_warn(cJSON *document, const char *code, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The first element of `list` for this scenario, metric and target, or NULL. */
cJSON *results_find(const cJSON *list, const char *scenario, const char *metric,
                    const char *target);

/* The target called `name`, or NULL; and the name of what it is the twin of, or "". */
cJSON *results_target(const cJSON *document, const char *name);
const char *results_twin_of(const cJSON *document, const char *name);

/* The value of the sample of this repetition, or NULL. */
const cJSON *results_value(const cJSON *series, double repetition);

/* The first series for this scenario, metric and target, or NULL. */
cJSON *results_series(const cJSON *document, const char *scenario, const char *metric,
                      const char *target);

/* Whether no series before `series` in the document is of the same scenario and metric. */
bool results_is_first(const cJSON *document, const cJSON *series);

/* The unit in which people are shown this metric, that of its largest median; *scale is what to
 * divide values by. */
const char *results_unit(const cJSON *document, const char *scenario, const char *metric,
                         double *scale);

/* The ratio of this scenario, metric and target, or NULL. */
cJSON *results_ratio(const cJSON *document, const char *scenario, const char *metric,
                     const char *target);

#endif
