/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of a document, each read and checked into the model that model.c
 * makes of all. Only model.c includes this.
 */
#ifndef TARE_PARTS_H
#define TARE_PARTS_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "bench/base/error.h"
#include "bench/result/fields.h"
#include "bench/result/model.h"

/* A piece of the model's memory. */
struct chunk {
    struct chunk *next;
    max_align_t data[];
};

/* What a document consists of, and what the model's lists are while they can be changed. */
struct reader {
    struct model *model;
    struct error *error;
    const cJSON *run, *host, *target_list, *series_list, *ratios, *warnings;
    const cJSON *noise, *comparisons, *skipped; /* NULL: none */
    struct model_target *targets;
    struct model_metric *metrics;
    struct model_series *series;
};

/* Zeroed room for `count` elements of `size` bytes, the model's; NULL with the error filled. */
void *parts_room(struct reader *reader, size_t count, size_t size);

/* Read each item of `list` (NULL: empty), which messages call `name`, by `fields` into an element
 * of `size` bytes of a new array, the model's. 0, -ENOMEM or -EINVAL with the error filled. */
int parts_list(struct reader *reader, const cJSON *list, const char *name,
               const struct field *fields, size_t size, const void **out, size_t *count);

/* Read the part into reader->model; targets before series. 0, -ENOMEM, or -EINVAL with place, field
 * and reason in reader->error. */
int parts_read_run(struct reader *reader);
int parts_read_host(struct reader *reader);
int parts_read_targets(struct reader *reader);
int parts_read_series(struct reader *reader);

#endif
