/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/file.h"
#include "bench/result/results.h"

void results_warn(cJSON *document, const char *code, const char *remedy, const char *format, ...)
{
    cJSON *warning = cJSON_CreateObject();
    char *text;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    cJSON_AddStringToObject(warning, "code", code);
    cJSON_AddStringToObject(warning, "text", text ? text : "out of memory");
    free(text);
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

cJSON *results_target(const cJSON *document, const char *name)
{
    return json_find(json_field(document, "targets"), "name", name);
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

int results_load(const char *path, cJSON **document, struct error *error)
{
    struct file file;
    int status = file_read(path, &file, error);

    *document = NULL;
    if (status == 0) {
        *document = cJSON_ParseWithLength(file.data, file.size);
        if (!*document)
            status = fail(error, EINVAL, "%s: not valid JSON; truncated?", path);
    }
    file_free(&file);
    return status;
}

int results_place(const char *path, char **place, struct error *error)
{
    size_t length = strlen(path);
    struct stat about;

    *place = NULL;
    if (length == 0)
        return fail(error, EINVAL, "the result's file has no name");
    if (path[length - 1] == '/' || (stat(path, &about) == 0 && S_ISDIR(about.st_mode)))
        return fail(error, EISDIR, "%s: a folder; name a file for the result", path);
    if (lstat(path, &about) < 0) {
        *place = strdup(path); /* what is wrong with its folder, opening tells */
        return *place ? 0 : fail(error, ENOMEM, "out of memory");
    }
    *place = realpath(path, NULL);
    if (!*place)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    if (stat(*place, &about) == 0 && S_ISREG(about.st_mode))
        return 0;
    free(*place);
    *place = NULL;
    return fail(error, EINVAL, "%s: not a regular file, which a result would replace", path);
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
