/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/file.h"
#include "bench/result/results.h"
#include "bench/base/units.h"

void results_warn(cJSON *document, const char *code, const char *remedy, const char *format, ...)
{
    cJSON *warning = cJSON_CreateObject();
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cJSON_AddStringToObject(warning, "code", code);
    cJSON_AddStringToObject(warning, "text", text);
    cJSON_AddStringToObject(warning, "remedy", remedy);
    cJSON_AddItemToArray(json_field(document, "warnings"), warning);
}

cJSON *results_find(const cJSON *list, const char *scenario, const char *metric, const char *target)
{
    cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(json_text(item, "scenario"), scenario) == 0 &&
            strcmp(json_text(item, "metric"), metric) == 0 &&
            strcmp(json_text(item, "target"), target) == 0)
            return item;
    }
    return NULL;
}

cJSON *results_series(const cJSON *document, const char *scenario, const char *metric,
                      const char *target)
{
    return results_find(json_field(document, "metrics"), scenario, metric, target);
}

bool results_is_first(const cJSON *document, const cJSON *series)
{
    const cJSON *before = json_field(document, "metrics")->child;

    while (strcmp(json_text(before, "scenario"), json_text(series, "scenario")) != 0 ||
           strcmp(json_text(before, "metric"), json_text(series, "metric")) != 0)
        before = before->next;
    return before == series;
}

const char *results_unit(const cJSON *document, const char *scenario, const char *metric,
                         double *scale)
{
    const char *unit = "";
    const cJSON *series;
    double largest = 0;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (strcmp(json_text(series, "scenario"), scenario) != 0 ||
            strcmp(json_text(series, "metric"), metric) != 0)
            continue;
        unit = json_text(series, "unit");
        largest = fmax(largest, fabs(json_number(json_field(series, "summary"), "median")));
    }
    return unit_shown(unit, largest, scale);
}

cJSON *results_ratio(const cJSON *document, const char *scenario, const char *metric,
                     const char *target)
{
    return results_find(json_field(document, "ratios"), scenario, metric, target);
}

cJSON *results_target(const cJSON *document, const char *name)
{
    cJSON *target;

    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        if (strcmp(json_text(target, "name"), name) == 0)
            return target;
    }
    return NULL;
}

const char *results_twin_of(const cJSON *document, const char *name)
{
    return json_text(results_target(document, name), "twin_of");
}

const cJSON *results_value(const cJSON *series, double repetition)
{
    const cJSON *sample;

    cJSON_ArrayForEach(sample, json_field(series, "samples"))
    {
        if (json_number(sample, "repetition") == repetition)
            return json_field(sample, "value");
    }
    return NULL;
}

/* A field that must be there, with its type as cJSON tests it. */
struct expected {
    const char *name;
    cJSON_bool (*is)(const cJSON *item);
    const char *type;
};

static int check(const cJSON *object, const char *where, const struct expected *fields,
                 const char *path, struct error *error)
{
    if (!cJSON_IsObject(object))
        return fail(error, EINVAL, "%s: %s: must be an object", path, where);
    for (; fields->name; fields++) {
        const cJSON *item = json_field(object, fields->name);

        if (!item)
            return fail(error, EINVAL, "%s: %s: field \"%s\": missing", path, where, fields->name);
        if (!fields->is(item))
            return fail(error, EINVAL, "%s: %s: field \"%s\": must be %s", path, where,
                        fields->name, fields->type);
    }
    return 0;
}

static int check_samples(const cJSON *series, const char *where, const char *path,
                         struct error *error)
{
    static const struct expected fields[] = {{"order", cJSON_IsNumber, "a number"},
                                             {"repetition", cJSON_IsNumber, "a number"},
                                             {NULL, NULL, NULL}};
    const cJSON *sample;
    int index = 0;

    cJSON_ArrayForEach(sample, json_field(series, "samples"))
    {
        char place[128];
        int status;

        snprintf(place, sizeof place, "%s.samples[%d]", where, index++);
        status = check(sample, place, fields, path, error);
        if (status < 0)
            return status;
        if (!cJSON_IsNumber(json_field(sample, "value")) &&
            !cJSON_IsString(json_field(sample, "error")))
            return fail(error, EINVAL,
                        "%s: %s: has neither a number \"value\" nor a text \"error\"", path, place);
    }
    return 0;
}

static int check_document(const cJSON *document, const char *path, struct error *error)
{
    static const struct expected top[] = {{"run", cJSON_IsObject, "an object"},
                                          {"host", cJSON_IsObject, "an object"},
                                          {"targets", cJSON_IsArray, "an array"},
                                          {"metrics", cJSON_IsArray, "an array"},
                                          {"warnings", cJSON_IsArray, "an array"},
                                          {"ratios", cJSON_IsArray, "an array"},
                                          {NULL, NULL, NULL}};
    static const struct expected fields[] = {
        {"scenario", cJSON_IsString, "text"},     {"metric", cJSON_IsString, "text"},
        {"target", cJSON_IsString, "text"},       {"unit", cJSON_IsString, "text"},
        {"direction", cJSON_IsString, "text"},    {"samples", cJSON_IsArray, "an array"},
        {"summary", cJSON_IsObject, "an object"}, {NULL, NULL, NULL}};
    const cJSON *series;
    int status, index = 0;

    if (strcmp(json_text(document, "schema"), "tare/1") != 0)
        return fail(error, EINVAL,
                    "%s: field \"schema\": must be \"tare/1\"; is this a tare result?", path);
    status = check(document, "the document", top, path, error);
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        char where[64];

        snprintf(where, sizeof where, "metrics[%d]", index++);
        if (status == 0)
            status = check(series, where, fields, path, error);
        if (status == 0)
            status = check_samples(series, where, path, error);
    }
    return status;
}

int results_load(const char *path, cJSON **document, struct error *error)
{
    struct file file;
    int status = file_read(path, &file, error);

    *document = NULL;
    if (status == 0) {
        *document = cJSON_ParseWithLength(file.data, file.size);
        status = *document ? check_document(*document, path, error)
                           : fail(error, EINVAL, "%s: not valid JSON; truncated?", path);
    }
    file_free(&file);
    if (status < 0) {
        cJSON_Delete(*document);
        *document = NULL;
    }
    return status;
}

static int write_synced(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t done = write(fd, text, left);

        if (done < 0 && errno != EINTR)
            return -errno;
        if (done > 0) {
            text += done;
            left -= (size_t)done;
        }
    }
    return fsync(fd) < 0 ? -errno : 0;
}

int results_save(const char *path, const cJSON *document, struct error *error)
{
    char *text = cJSON_Print(document), *temporary = NULL;
    int fd = -1, status = 0;

    if (!text || asprintf(&temporary, "%s.%d.tmp", path, getpid()) < 0) {
        free(text);
        return fail(error, ENOMEM, "out of memory");
    }
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    status = fd < 0 ? -errno : write_synced(fd, text);
    if (fd >= 0 && close(fd) < 0 && status == 0)
        status = -errno;
    if (status == 0 && rename(temporary, path) < 0)
        status = -errno;
    if (status < 0) {
        if (fd >= 0)
            unlink(temporary);
        fail(error, -status, "%s: cannot be written: %s", path, strerror(-status));
    }
    free(temporary);
    free(text);
    return status;
}
