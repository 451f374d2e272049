/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/measure/http.h"

#define FNV_START 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

/* "HTTP/1.1 200 OK" */
static int take_status(struct http_reply *reply)
{
    const char *line = reply->line;

    if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) || line[8] != ' ' ||
        strspn(line + 9, "0123456789") != 3 || (line[12] && line[12] != ' '))
        return -EPROTO;
    reply->status = (unsigned)strtoul(line + 9, NULL, 10);
    reply->close = line[7] == '0';
    reply->hash = FNV_START;
    reply->state = HTTP_HEADER;
    return 0;
}

/* A whole number in `base`, and nothing else but spaces or, of a chunk's size, an extension. */
static int read_number(const char *text, int base, uint64_t *number)
{
    char *end;

    if (!isxdigit((unsigned char)*text))
        return -EPROTO;
    errno = 0;
    *number = strtoull(text, &end, base);
    end += strspn(end, " \t");
    return errno || (*end && *end != ';') ? -EPROTO : 0;
}

static int take_field(struct http_reply *reply, const char *name, const char *value)
{
    uint64_t number;

    if (strcasecmp(name, "Content-Length") == 0) {
        if (reply->sized || read_number(value, 10, &reply->left) < 0)
            return -EPROTO;
        reply->sized = true;
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        reply->chunked = strcasecmp(value, "chunked") == 0;
        return reply->chunked ? 0 : -EPROTO;
    } else if (strcasecmp(name, "Connection") == 0) {
        reply->close = strcasecmp(value, "close") == 0;
    } else if (strcasecmp(name, HTTP_SERVICE_HEADER) == 0) {
        if (read_number(value, 10, &number) < 0)
            return -EPROTO;
        reply->service_ns = (int64_t)number;
    }
    return 0;
}

/* The head has ended. An interim reply (1xx) is followed by the real one. */
static int end_head(struct http_reply *reply)
{
    if (reply->status / 100 == 1) {
        *reply = (struct http_reply){0};
        return 0;
    }
    if (reply->status == 204 || reply->status == 304)
        return 1;
    if (reply->chunked) {
        reply->state = HTTP_SIZE;
        return 0;
    }
    reply->state = HTTP_BODY;
    if (!reply->sized) {
        reply->close = true;
        reply->left = UINT64_MAX;
    }
    return reply->left == 0;
}

static int take_header(struct http_reply *reply)
{
    char *value = strchr(reply->line, ':');
    size_t length;

    if (reply->line_used == 0)
        return end_head(reply);
    if (!value)
        return -EPROTO;
    *value++ = '\0';
    value += strspn(value, " \t");
    for (length = strlen(value); length && strchr(" \t", value[length - 1]); length--)
        value[length - 1] = '\0';
    return take_field(reply, reply->line, value);
}

static int take_size(struct http_reply *reply)
{
    if (read_number(reply->line, 16, &reply->left) < 0)
        return -EPROTO;
    reply->state = reply->left ? HTTP_CHUNK : HTTP_TRAILER;
    return 0;
}

/* A line is whole, without its end. */
static int take_line(struct http_reply *reply)
{
    int status = 0;

    switch (reply->state) {
    case HTTP_STATUS:
        status = take_status(reply);
        break;
    case HTTP_HEADER:
        status = take_header(reply);
        break;
    case HTTP_SIZE:
        status = take_size(reply);
        break;
    case HTTP_END: /* of a chunk */
        status = reply->line_used ? -EPROTO : 0;
        reply->state = HTTP_SIZE;
        break;
    default: /* HTTP_TRAILER */
        status = reply->line_used == 0;
    }
    reply->line_used = 0;
    return status;
}

static int feed_line(struct http_reply *reply, char byte)
{
    if (byte == '\n') {
        if (reply->line_used && reply->line[reply->line_used - 1] == '\r')
            reply->line_used--;
        reply->line[reply->line_used] = '\0';
        return take_line(reply);
    }
    if (byte == '\0' || reply->line_used == HTTP_LINE_MAX - 1)
        return -EPROTO;
    reply->line[reply->line_used++] = byte;
    return 0;
}

/* Take what there is of the body, or of its chunk; returns how much. */
static size_t feed_body(struct http_reply *reply, const char *bytes, size_t size)
{
    uint64_t hash = reply->hash;

    if (size > reply->left)
        size = (size_t)reply->left;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * FNV_PRIME;
    reply->hash = hash;
    reply->left -= size;
    reply->length += size;
    return size;
}

int http_feed(struct http_reply *reply, const char *bytes, size_t size, size_t *used)
{
    int status = 0;

    for (*used = 0; *used < size && status == 0;) {
        if (reply->state != HTTP_BODY && reply->state != HTTP_CHUNK) {
            status = feed_line(reply, bytes[(*used)++]);
            continue;
        }
        *used += feed_body(reply, bytes + *used, size - *used);
        if (reply->left == 0 && reply->state == HTTP_CHUNK)
            reply->state = HTTP_END;
        else if (reply->left == 0)
            status = 1;
    }
    return status;
}

bool http_ends(const struct http_reply *reply)
{
    return reply->state == HTTP_BODY && !reply->sized;
}
