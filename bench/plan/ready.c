/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/ready.h"

const struct ready ready_by_marker = {.kind = READY_MARKER};

#define CONSOLE "console:"
#define TCP "tcp:"

static int parse_console(const char *text, struct ready *ready, struct error *error)
{
    int status = pattern_parse(text, &ready->pattern, error);

    if (status < 0) {
        error_prefix(error, "--ready " CONSOLE "%s", text);
        return status;
    }
    ready->kind = READY_CONSOLE;
    snprintf(ready->hint, sizeof ready->hint, "; no line of the console matched \"%.200s\"", text);
    return 0;
}

static int parse_tcp(const char *number, struct ready *ready, struct error *error)
{
    char *end;
    long port = strtol(number, &end, 10);

    if (*number < '0' || *number > '9' || *end || port < 1 || port > UINT16_MAX)
        return fail(error, EINVAL, "--ready " TCP "%s: must be a port from 1 to %d", number,
                    UINT16_MAX);
    ready->kind = READY_TCP;
    ready->port = (uint16_t)port;
    snprintf(ready->hint, sizeof ready->hint, "; nothing accepted a connection to TCP port %ld",
             port);
    return 0;
}

static int parse_ping(struct ready *ready)
{
    ready->kind = READY_PING;
    snprintf(ready->hint, sizeof ready->hint, "; nothing answered a ping");
    return 0;
}

bool ready_by_network(const struct ready *ready)
{
    return ready->kind == READY_TCP || ready->kind == READY_PING;
}

int ready_parse(const char *rule, struct ready *ready, struct error *error)
{
    *ready = (struct ready){.kind = READY_MARKER};
    if (strcmp(rule, "marker") == 0) {
        snprintf(ready->hint, sizeof ready->hint,
                 "; a program that writes no markers needs --ready " CONSOLE "REGEX or " TCP
                 "PORT");
        return 0;
    }
    if (strncmp(rule, CONSOLE, strlen(CONSOLE)) == 0)
        return parse_console(rule + strlen(CONSOLE), ready, error);
    if (strncmp(rule, TCP, strlen(TCP)) == 0)
        return parse_tcp(rule + strlen(TCP), ready, error);
    if (strcmp(rule, "ping") == 0)
        return parse_ping(ready);
    return fail(error, EINVAL, "--ready %s: is none of marker, " CONSOLE "REGEX, " TCP "PORT, ping",
                rule);
}

void ready_free(struct ready *ready)
{
    pattern_free(&ready->pattern);
    *ready = (struct ready){0};
}

static bool end_line(struct ready_line *line, size_t *length)
{
    *length = line->used;
    line->used = 0;
    if (*length > 0 && line->bytes[*length - 1] == '\r') /* a terminal's line ends */
        --*length;
    return true;
}

bool ready_line_feed(struct ready_line *line, char byte, size_t *length)
{
    unsigned char code = (unsigned char)byte;

    if (byte == '\n' || byte == '\x1b') {
        bool ends = byte == '\n';

        line->state = ends ? LINE_TEXT : LINE_ESCAPE;
        return ends && end_line(line, length);
    }
    if (line->state == LINE_ESCAPE) { /* ECMA-48 */
        line->state = byte == '[' ? LINE_SEQUENCE : LINE_TEXT;
        return false;
    }
    if (line->state == LINE_SEQUENCE) {
        if (code < 0x40 || code > 0x7e)
            return false;
        line->state = LINE_TEXT;
        return byte != 'm' && line->used > 0 && end_line(line, length);
    }
    if (line->used < sizeof line->bytes)
        line->bytes[line->used++] = byte;
    return false;
}

bool ready_matches(const struct ready *ready, const char *line, size_t length)
{
    return pattern_matches(&ready->pattern, line, length);
}
