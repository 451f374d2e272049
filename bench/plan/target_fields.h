/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What target.json declares; for target.c. */
#ifndef TARE_TARGET_FIELDS_H
#define TARE_TARGET_FIELDS_H

#include <cjson/cJSON.h>

#include "bench/plan/target.h"

/* What is being read. */
struct reading {
    const cJSON *json; /* the fields; of a variant, its own before those of all */
    const char *path;  /* of the target.json */
    const struct images *images;
    struct target *target;
};

/* Parse the file at `path`; *json is the caller's. */
int target_parse_file(const char *path, cJSON **json, struct error *error);

/* Fill `target` from `json`, the file at `path`, as `name`; `variant` is one of its variants or
 * NULL. */
int target_fields(const cJSON *json, const char *path, const char *name, const char *variant,
                  const struct images *images, struct target *target, struct error *error);

/* The fields that name files: kernel, initrd, disks. One of the user's that is not there makes the
 * target absent. */
int target_files(const struct reading *reading, struct error *error);

/* -EINVAL: "FILE: field "FIELD": " and the rest. */
int target_fault(const struct reading *reading, struct error *error, const char *field,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Copy the text of `field`; "" if it is absent. */
int target_text(const struct reading *reading, const char *field, char **out, struct error *error);

/* The first member of `object` that is none of `known`, which end with NULL; or NULL. */
const char *target_unknown(const cJSON *object, const char *const *known);

/* The place of `item`'s text in `words`, which end with NULL; negative if it is none of them. */
int target_word(const struct reading *reading, const char *field, const cJSON *item,
                const char *const *words, struct error *error);

#endif
