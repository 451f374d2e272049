/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/json.h"
#include "qmp.h"

#define CHUNK 4096

static int fill(struct qmp *qmp, struct error *error)
{
    ssize_t got;

    if (qmp->room - qmp->size < CHUNK) {
        char *larger = realloc(qmp->text, 2 * qmp->room + CHUNK);

        if (!larger)
            return fail(error, ENOMEM, "out of memory");
        qmp->text = larger;
        qmp->room = 2 * qmp->room + CHUNK;
    }
    got = read(qmp->fd, qmp->text + qmp->size, qmp->room - qmp->size);
    if (got > 0)
        qmp->size += (size_t)got;
    else if (got == 0 || errno != EINTR)
        return fail(error, EPIPE, "QEMU has closed its monitor");
    return 0;
}

/* The next line, parsed; NULL in *line if it is no JSON. */
static int next_line(struct qmp *qmp, cJSON **line, struct error *error)
{
    char *end;

    while (!qmp->size || !(end = memchr(qmp->text, '\n', qmp->size))) {
        int status = fill(qmp, error);

        if (status < 0)
            return status;
    }
    *line = cJSON_ParseWithLength(qmp->text, (size_t)(end - qmp->text));
    qmp->size -= (size_t)(end + 1 - qmp->text);
    memmove(qmp->text, end + 1, qmp->size);
    return 0;
}

static int send_line(struct qmp *qmp, const char *command, struct error *error)
{
    struct iovec parts[] = {{(void *)command, strlen(command)}, {(void *)"\n", 1}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    /* The socket's buffer has room for any command of ours. */
    if (sendmsg(qmp->fd, &message, MSG_NOSIGNAL) != (ssize_t)(parts[0].iov_len + 1))
        return fail(error, EPIPE, "QEMU has closed its monitor");
    return 0;
}

int qmp_execute(struct qmp *qmp, const char *command, cJSON **result, struct error *error)
{
    int status = send_line(qmp, command, error);

    while (status == 0) {
        cJSON *line, *value;

        status = next_line(qmp, &line, error);
        if (status < 0)
            break;
        value = cJSON_DetachItemFromObjectCaseSensitive(line, "return");
        if (!value && json_field(line, "error"))
            status = fail(error, EIO, "QEMU refuses %s: %s", command,
                          json_text(json_field(line, "error"), "desc"));
        cJSON_Delete(line);
        if (value && result)
            *result = value;
        else
            cJSON_Delete(value);
        if (value)
            break;
    }
    return status;
}

void qmp_close(struct qmp *qmp)
{
    close(qmp->fd);
    free(qmp->text);
    *qmp = (struct qmp){.fd = -1};
}
