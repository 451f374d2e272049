/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A QEMU's monitor: commands and their results as lines of JSON on a socket (QEMU manual, "QEMU
 * Machine Protocol").
 */
#ifndef TARE_QMP_H
#define TARE_QMP_H

#include <cjson/cJSON.h>

#include "bench/base/error.h"

/* Set `fd` to a connected socket, the rest to 0. */
struct qmp {
    int fd;
    char *text; /* what was read and belongs to no line yet */
    size_t size, room;
};

/* Have QEMU do `command`, one JSON object without a line feed, and wait for its result; events in
 * between are ignored. *result, if asked for, is the command's "return", for cJSON_Delete(). 0;
 * -EPIPE when QEMU has closed the monitor, as it does when it is killed; -EIO with QEMU's own
 * words. It waits for as long as QEMU lives. */
int qmp_execute(struct qmp *qmp, const char *command, cJSON **result, struct error *error);

/* Close the socket and free what was read. */
void qmp_close(struct qmp *qmp);

#endif
