/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "bench/measure/markers.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static int fits(size_t position, char byte)
{
    if (position == 0)
        return byte != '\0' && strchr("KMRPXE", byte) != NULL;
    if (position == MARKER_SIZE - 1)
        return byte == '\n';
    return hex(byte) >= 0;
}

int marker_feed(struct marker_stream *stream, char byte, int64_t stamp, struct marker_record *out)
{
    if (!fits(stream->used, byte)) {
        stream->used = 0;
        return -EBADMSG;
    }
    if (stream->used == 0)
        stream->stamp = stamp;
    stream->bytes[stream->used++] = byte;
    if (stream->used < MARKER_SIZE)
        return 0;
    stream->used = 0;
    *out = (struct marker_record){.kind = stream->bytes[0], .stamp = stream->stamp};
    for (int i = 1; i <= 16; i++)
        out->tsc = out->tsc << 4 | (uint64_t)hex(stream->bytes[i]);
    out->status = (unsigned)(hex(stream->bytes[17]) << 4 | hex(stream->bytes[18]));
    return 1;
}
