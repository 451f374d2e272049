/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/fixtures/result.json, a small run whose texts are hostile: three targets and repetitions of
 * boot.app, which has a title, and of net.tcp, which has none and holds intervals; linux failed
 * once in the one and always in the other.
 */
#ifndef TARE_TEST_DOCUMENT_H
#define TARE_TEST_DOCUMENT_H

#include "bench/base/file.h"
#include "bench/base/json.h"
#include "bench/result/model.h"
#include "bench/result/summarise.h"

/* As it is before summarise(). The caller deletes it. */
static inline cJSON *document_raw(void)
{
    struct error error = {0};
    struct file file;
    cJSON *document;

    assert_int_equal(file_read("tests/fixtures/result.json", &file, &error), 0);
    document = cJSON_Parse(file.data);
    assert_non_null(document);
    file_free(&file);
    return document;
}

static inline cJSON *document_complete(void)
{
    cJSON *document = document_raw();
    struct error error = {0};

    assert_int_equal(summarise(document, &error), 0);
    return document;
}

/* The part of `document` at `path`, as "metrics/0/summary"; "" is the document itself. */
static inline cJSON *document_at(cJSON *document, const char *path)
{
    char part[64];
    int length;

    for (; sscanf(path, "%63[^/]%n", part, &length) == 1;
         path += path[length] ? length + 1 : length)
        document = cJSON_IsArray(document) ? cJSON_GetArrayItem(document, atoi(part))
                                           : json_field(document, part);
    assert_non_null(document);
    return document;
}

/* Put what `json` says in the place of field `name` of the part at `path`; NULL: delete it. */
static inline void document_set(cJSON *document, const char *path, const char *name,
                                const char *json)
{
    cJSON *part = document_at(document, path);

    if (json)
        json_replace(part, name, cJSON_Parse(json));
    else
        cJSON_DeleteItemFromObjectCaseSensitive(part, name);
}

/* What `write` writes of the model of `document`, which is deleted. The caller frees it. */
static inline char *document_written(cJSON *document,
                                     void (*write)(const struct model *model, FILE *out))
{
    struct error error = {0};
    struct model model;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_int_equal(model_read(document, &model, &error), 0);
    write(&model, out);
    fclose(out);
    model_free(&model);
    cJSON_Delete(document);
    return text;
}

#endif
