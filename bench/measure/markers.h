/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads the marker stream of a guest (scenarios/marker.h): pure, incremental,
 * suspicious, since the bytes come from a guest.
 */
#ifndef TARE_MARKERS_H
#define TARE_MARKERS_H

#include <stddef.h>
#include <stdint.h>

#include "scenarios/marker.h"

struct marker_record {
    char kind;
    unsigned status;
    uint64_t tsc;
    int64_t stamp; /* when its first byte arrived */
};

struct marker_stream {
    char bytes[MARKER_SIZE];
    size_t used;
    int64_t stamp;
};

/* Take one byte that arrived at `stamp` (ns, CLOCK_MONOTONIC). Returns 1 when it completes a
 * record (`out` filled), 0 when more bytes are needed, -EBADMSG when it cannot belong to a
 * record: the stream then starts afresh with the next byte. */
int marker_feed(struct marker_stream *stream, char byte, int64_t stamp, struct marker_record *out);

#endif
