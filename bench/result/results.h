/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The result document for those who write it: loading and saving, its warnings,
 * and finding one's way in it. results/README.md defines every field,
 * results/schema.json its shape. Readers work on the model (model.h).
 */
#ifndef TARE_RESULTS_H
#define TARE_RESULTS_H

#include <cjson/cJSON.h>

#include "bench/base/error.h"
#include "bench/base/json.h"

/* Read the JSON document at `path`, unchecked (model.h checks it). What file_read() returns, or
 * -EINVAL where it is no JSON, with file and reason. The caller deletes *document. */
int results_load(const char *path, cJSON **document, struct error *error);

/* Where a result that is to be written to `path` goes: there, or where a symbolic link leads. Only
 * the place of a regular file will do, there already or not yet: a device or a pipe would be
 * replaced by a file. -EINVAL, -EISDIR and what looking can bring, with the reason; *place is the
 * caller's to free. */
int results_place(const char *path, char **place, struct error *error);

/* Write `document` to `path`: to a temporary name, synced, renamed, so that there is never half a
 * result. A negative errno on failure; the old file, if any, is then untouched and nothing else is
 * left. */
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

#endif
