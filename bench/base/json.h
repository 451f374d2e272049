/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Read a JSON object field by field. An absent field is no error.
 */
#ifndef TARE_JSON_H
#define TARE_JSON_H

#include <cjson/cJSON.h>

/* The field `name` of `object`, or NULL; `object` may be NULL. It stays the object's. */
cJSON *json_field(const cJSON *object, const char *name);

/* The text or number in field `name`; "" or 0 if it is absent or of another type. */
const char *json_text(const cJSON *object, const char *name);
double json_number(const cJSON *object, const char *name);

/* The element of the array `list` whose text field `name` is `value`, or NULL. */
cJSON *json_find(const cJSON *list, const char *name, const char *value);

/* Set field `name`, which may be absent, to `value`. Takes ownership of `value`. */
void json_replace(cJSON *object, const char *name, cJSON *value);

#endif
