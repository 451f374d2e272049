/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "bench/base/json.h"

cJSON *json_field(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_text(const cJSON *object, const char *name)
{
    const cJSON *item = json_field(object, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

double json_number(const cJSON *object, const char *name)
{
    const cJSON *item = json_field(object, name);

    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

cJSON *json_find(const cJSON *list, const char *name, const char *value)
{
    cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(json_text(item, name), value) == 0)
            return item;
    }
    return NULL;
}

void json_replace(cJSON *object, const char *name, cJSON *value)
{
    if (!cJSON_ReplaceItemInObjectCaseSensitive(object, name, value))
        cJSON_AddItemToObject(object, name, value);
}
