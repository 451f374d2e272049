/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/base/name.h"
#include "bench/result/fields.h"

#define COUNT_MAX 0x1p53 /* up to here a double holds every whole number */

static const char *const must_be[] = {
    [FIELD_TEXT] = "text",          [FIELD_NAME] = ("a name: " NAME_RULE),
    [FIELD_NUMBER] = "a number",    [FIELD_COUNT] = "a whole number from 0 on",
    [FIELD_FLAG] = "true or false", [FIELD_WORD] = "one of the words that are defined",
    [FIELD_PAIR] = "two numbers",   [FIELD_LIST] = "an array",
    [FIELD_OBJECT] = "an object",
};

static bool is_finite(const cJSON *item)
{
    return cJSON_IsNumber(item) && isfinite(item->valuedouble);
}

static bool read_count(const cJSON *item, size_t *out)
{
    double value = item->valuedouble;

    if (!is_finite(item) || value < 0 || value > COUNT_MAX || value != floor(value))
        return false;
    *out = (size_t)value;
    return true;
}

static bool read_word(const cJSON *item, const char *const *words, unsigned *out)
{
    if (!cJSON_IsString(item))
        return false;
    for (*out = 0; words[*out]; ++*out)
        if (strcmp(words[*out], item->valuestring) == 0)
            return true;
    return false;
}

static bool read_pair(const cJSON *item, double out[2])
{
    if (cJSON_GetArraySize(item) != 2 || !is_finite(item->child) || !is_finite(item->child->next))
        return false;
    out[0] = item->child->valuedouble;
    out[1] = item->child->next->valuedouble;
    return true;
}

/* Put `item` into the member at `out`; false when it is not of the kind. */
static bool read_item(const cJSON *item, const struct field *field, void *out)
{
    switch (field->kind) {
    case FIELD_TEXT:
        *(const char **)out = item->valuestring;
        return cJSON_IsString(item);
    case FIELD_NAME:
        *(const char **)out = item->valuestring;
        return cJSON_IsString(item) && name_is_valid(item->valuestring);
    case FIELD_NUMBER:
        *(double *)out = item->valuedouble;
        return is_finite(item);
    case FIELD_COUNT:
        return read_count(item, out);
    case FIELD_FLAG:
        *(bool *)out = cJSON_IsTrue(item);
        return cJSON_IsBool(item);
    case FIELD_WORD:
        return read_word(item, field->words, out);
    case FIELD_PAIR:
        return read_pair(item, out);
    case FIELD_LIST:
        *(const cJSON **)out = item;
        return cJSON_IsArray(item);
    case FIELD_OBJECT:
        *(const cJSON **)out = item;
        return cJSON_IsObject(item);
    }
    return false;
}

int fields_read(const cJSON *object, const char *where, const struct field *fields, void *out,
                struct error *error)
{
    if (!cJSON_IsObject(object))
        return fail(error, EINVAL, "%s: must be an object", where);
    for (; fields->name; fields++) {
        const cJSON *item = json_field(object, fields->name);
        void *member = (char *)out + fields->offset;

        if (fields->optional && (!item || cJSON_IsNull(item))) {
            if (fields->kind == FIELD_TEXT || fields->kind == FIELD_NAME)
                *(const char **)member = "";
            continue;
        }
        if (!item)
            return fail(error, EINVAL, "%s: field \"%s\": missing", where, fields->name);
        if (!read_item(item, fields, member))
            return fail(error, EINVAL, "%s: field \"%s\": must be %s", where, fields->name,
                        must_be[fields->kind]);
    }
    return 0;
}
