/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a payload includes to announce its phases. The same code runs on every
 * target: it writes to the debug port, unless $TARE_MARKER_FD names a pipe.
 */
#ifndef TARE_PAYLOAD_H
#define TARE_PAYLOAD_H

#include <stdlib.h>
#include <unistd.h>

#include "marker.h"

/* Announce `kind`; `status` is the exit status for MARKER_EXIT, else 0. */
static inline void payload_mark(enum marker kind, unsigned status)
{
    const char *fd = getenv(MARKER_FD_ENV);
    char record[MARKER_SIZE];

    if (!fd) {
        marker_port(kind, status);
        return;
    }
    marker_format(record, kind, status);
    if (write(atoi(fd), record, MARKER_SIZE) != MARKER_SIZE)
        _exit(125); /* a lost marker must not look like a slow guest */
}

#endif
