/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --ready: when a program counts as started. A payload of ours says so itself, by a marker; of a
 * user's program, which knows nothing of tare, a line on the console or an answer on the wire must
 * do.
 */
#ifndef TARE_READY_H
#define TARE_READY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/plan/pattern.h"

#define READY_LINE_MAX 1024 /* of a longer line the rest is not looked at */

enum ready_kind {
    READY_MARKER,  /* the marker of main(): EVENT_MAIN */
    READY_CONSOLE, /* a line of the console matches: EVENT_READY */
    READY_TCP,     /* a SYN-ACK comes from a port: EVENT_READY, as EVENT_REPLY */
    READY_PING,    /* an echo reply comes: likewise */
};

struct ready {
    enum ready_kind kind;
    struct pattern pattern; /* of READY_CONSOLE */
    uint16_t port;          /* of READY_TCP */
    char hint[300]; /* what to add to the message when the start was not seen; may be empty */
};

extern const struct ready ready_by_marker; /* as programs of ours do */

/* A console's unfinished line. Start with zeros. */
struct ready_line {
    char bytes[READY_LINE_MAX];
    size_t used;
    enum { LINE_TEXT, LINE_ESCAPE, LINE_SEQUENCE } state;
};

/* Whether the guest is asked over the network. */
bool ready_by_network(const struct ready *ready);

/* Read a rule: "marker", "console:REGEX" (POSIX extended), "tcp:PORT" or "ping". Free with
 * ready_free(), also after a failure. */
int ready_parse(const char *rule, struct ready *ready, struct error *error);
void ready_free(struct ready *ready);

/* Take a console's next byte; whether it ends a line, which is then in `line`, `length` bytes of it
 * kept. A CR before its end is none of them, nor are colours. Where a terminal's cursor is moved, a
 * line ends, too: programs that draw a screen write no other. */
bool ready_line_feed(struct ready_line *line, char byte, size_t *length);

/* Whether a line is the one waited for. */
bool ready_matches(const struct ready *ready, const char *line, size_t length);

#endif
