/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a JSON object field by field, where an absent field is nothing special.
 */
#ifndef TARE_JSON_H
#define TARE_JSON_H

#include <cjson/cJSON.h>

/* The field `name` of `object`, or NULL; `object` may be NULL. It stays the object's. */
cJSON *json_field(const cJSON *object, const char *name);

/* The text or number in field `name`; "" and 0 where it is absent or of another type. */
const char *json_text(const cJSON *object, const char *name);
double json_number(const cJSON *object, const char *name);

/* The element of the array `list` whose text field `name` is `value`, or NULL. */
cJSON *json_find(const cJSON *list, const char *name, const char *value);

/* Put `value`, which is taken over, in the place of field `name`, which may be absent. */
void json_replace(cJSON *object, const char *name, cJSON *value);

#endif
