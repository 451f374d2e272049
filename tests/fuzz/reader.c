/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever a result file holds, its readers say so or show it: the model, the table, every export,
 * the page, verdicts. What they write is looked at too: no control character but tab and newline,
 * no markup of the file's.
 *
 * Random bytes are hardly ever a result. So a mutation changes the document's tree: it begins with
 * tests/fixtures/result.json, and replaces, removes, doubles or renames what it finds.
 */
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/file.h"
#include "bench/report/comparison.h"
#include "bench/report/export.h"
#include "bench/report/page.h"
#include "bench/report/table.h"
#include "bench/result/compare.h"
#include "bench/result/summarise.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

/* What the file is made to hold, and what must never be seen of it as it is. */
#define MARKUP "<b onload=\"x\">&\033[31m\x01"
#define SEEN "<b onload"

static FILE *begin(char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);

    if (!out)
        abort();
    return out;
}

/* Written text that people see is safe. */
static void check(FILE *out, char **text, const size_t *size, bool markup)
{
    fclose(out);
    for (size_t i = 0; i < *size; i++)
        if ((unsigned char)(*text)[i] < ' ' && (*text)[i] != '\n' && (*text)[i] != '\t')
            abort();
    if (markup && strstr(*text, SEEN))
        abort();
    free(*text);
}

static void judge(const struct model *model)
{
    static const struct compare_rules rules = {0.05, 0.001, NULL, 1};
    struct comparisons list = {0};
    size_t size;
    char *text;
    FILE *out;

    if (compare_runs(model, model, "", &rules, &list) == 0 && compare_judge(&list) == 0) {
        out = begin(&text, &size);
        comparison_table(&list, out);
        comparison_markdown(&list, out);
        check(out, &text, &size, false);
    }
    compare_free(&list);
}

static void show(struct model *model)
{
    struct error error = {0};
    size_t size;
    char *text;
    FILE *out = begin(&text, &size);

    table_print(model, out, false);
    check(out, &text, &size, false);
    out = begin(&text, &size);
    page_write(model, "/nonexistent", out, &error);
    check(out, &text, &size, true);
    for (const struct exporter *exporter = exporters; exporter->name; exporter++) {
        out = begin(&text, &size);
        exporter->write(model, out);
        fclose(out);
        free(text);
    }
    judge(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cJSON *document = cJSON_ParseWithLength((const char *)data, size);
    struct error error = {0};
    struct model model;

    if (document && model_read(document, &model, &error) == 0) {
        model.document = document; /* which is freed with it */
        show(&model);
        model_free(&model);
    } else {
        cJSON_Delete(document);
    }
    return 0;
}

static unsigned next(unsigned *state)
{
    *state = *state * 1103515245 + 12345;
    return *state >> 16;
}

/* The `index`th node of the tree below `node`, counted down to 0. */
static cJSON *find(cJSON *node, unsigned *index)
{
    for (cJSON *child = node->child; child; child = child->next) {
        cJSON *found;

        if ((*index)-- == 0)
            return child;
        found = find(child, index);
        if (found)
            return found;
    }
    return NULL;
}

static unsigned count(const cJSON *node)
{
    unsigned sum = 0;

    for (const cJSON *child = node->child; child; child = child->next)
        sum += 1 + count(child);
    return sum;
}

static cJSON *any_value(unsigned *state)
{
    static const double numbers[] = {0,  -1, 1, 1e308, -1e308, 5e-324, 0.5, 18446744073709551616.0,
                                     1e9};
    static const char *const texts[] = {"", MARKUP, "tare/1", "../../x", "lower", "pith", "%s%n"};

    switch (next(state) % 6) {
    case 0:
        return cJSON_CreateNull();
    case 1:
        return cJSON_CreateArray();
    case 2:
        return cJSON_CreateObject();
    case 3:
        return cJSON_CreateString(texts[next(state) % (sizeof texts / sizeof *texts)]);
    case 4:
        return cJSON_CreateBool(next(state) % 2);
    default:
        return cJSON_CreateNumber(numbers[next(state) % (sizeof numbers / sizeof *numbers)]);
    }
}

static void change(cJSON *document, unsigned *state)
{
    unsigned index = next(state) % (count(document) + 1);
    cJSON *node = find(document, &index), *other, copy;

    if (!node)
        return;
    switch (next(state) % 3) {
    case 0: /* another value in its place */
        other = any_value(state);
        copy = *node;
        node->child = other->child;
        node->type = other->type;
        node->valuestring = other->valuestring;
        node->valueint = other->valueint;
        node->valuedouble = other->valuedouble;
        other->child = copy.child;
        other->valuestring = copy.valuestring;
        other->type = copy.type & 0xff;
        cJSON_Delete(other);
        break;
    case 1: /* what it holds, twice */
        if (node->child && cJSON_IsArray(node))
            cJSON_AddItemToArray(node, cJSON_Duplicate(node->child, true));
        break;
    default: /* nothing in it */
        if (node->child)
            cJSON_Delete(cJSON_DetachItemViaPointer(node, node->child));
        break;
    }
}

static cJSON *original(void)
{
    struct error error = {0};
    struct file file;
    cJSON *document;

    if (file_read("tests/fixtures/result.json", &file, &error) < 0)
        abort();
    document = cJSON_ParseWithLength(file.data, file.size);
    file_free(&file);
    if (summarise(document, &error) < 0)
        abort();
    return document;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    cJSON *document;
    char *text;

    if (seed % 16 == 0)
        return LLVMFuzzerMutate(data, size, max);
    document = seed % 4 ? cJSON_ParseWithLength((const char *)data, size) : NULL;
    if (!document)
        document = original();
    for (unsigned i = next(&seed) % 4 + 1; i > 0; i--)
        change(document, &seed);
    text = cJSON_PrintUnformatted(document);
    cJSON_Delete(document);
    if (!text)
        return 0;
    size = strlen(text) < max ? strlen(text) : max;
    memcpy(data, text, size);
    free(text);
    return size;
}
