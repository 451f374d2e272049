/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/file.h"
#include "bench/run/journal.h"
#include "bench/run/record.h"

static int put(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, text, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        text += done;
        size -= (size_t)done;
    }
    return fdatasync(fd) < 0 ? -errno : 0;
}

int journal_append(int fd, cJSON *line, struct error *error)
{
    char *text = line ? cJSON_PrintUnformatted(line) : NULL;
    int status;

    cJSON_Delete(line);
    if (!text)
        return fail(error, ENOMEM, "out of memory");
    size_t length = strlen(text);
    text[length] = '\n'; /* over the NUL: one write, so that a line is not cut by another's */
    status = put(fd, text, length + 1);
    free(text);
    if (status < 0)
        return fail(error, -status, "journal: %s; make room and finish with --resume",
                    strerror(-status));
    return 0;
}

int journal_read(const char *path, cJSON **document, long *length, struct error *error)
{
    struct file file;
    unsigned number = 0;
    int status = file_read(path, &file, error);
    char *line = file.data;

    *document = NULL;
    *length = 0;
    while (status == 0) {
        char *end = strchr(line, '\n');
        cJSON *json;

        if (!end)
            break; /* the end, or a line cut short */
        number++;
        json = cJSON_ParseWithLength(line, (size_t)(end - line));
        if (!json) {
            status = fail(error, EINVAL, "%s:%u: not valid JSON", path, number);
        } else if (number == 1) {
            *document = json;
        } else {
            status = record_apply(*document, json, error);
            cJSON_Delete(json);
            if (status < 0)
                error_prefix(error, "%s:%u", path, number);
        }
        line = end + 1;
        *length = line - file.data;
    }
    file_free(&file);
    if (status == 0 && !*document)
        status = fail(error, EINVAL, "%s: holds no run", path);
    if (status < 0) {
        cJSON_Delete(*document);
        *document = NULL;
    }
    return status;
}
