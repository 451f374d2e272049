/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One reply of an HTTP/1.1 server (RFC 9112), read as its bytes come: enough of it to tell whether
 * it is whole and what was asked. It must say how long it is: by Content-Length or in chunks.
 */
#ifndef TARE_HTTP_H
#define TARE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX 1024 /* bytes of a line of the head */

/* The header by which a server says how long it took itself, in ns; `httpd` can. */
#define HTTP_SERVICE_HEADER "X-Service-Ns"

enum http_state {
    HTTP_STATUS,
    HTTP_HEADER,
    HTTP_BODY,
    HTTP_SIZE,
    HTTP_CHUNK,
    HTTP_END,
    HTTP_TRAILER
};

/* Start with zeros. */
struct http_reply {
    enum http_state state;
    unsigned status;     /* 200, 503 */
    bool close;          /* the server will close the connection */
    bool chunked, sized; /* how it says its length; neither: by the connection's end */
    uint64_t left;       /* bytes of the body, or of the chunk, that are still to come */
    uint64_t length;     /* bytes of the body so far */
    uint64_t hash;       /* of them: FNV-1a, 64 bits */
    int64_t service_ns;  /* by the header above; 0: not said */
    char line[HTTP_LINE_MAX];
    size_t line_used;
};

/* Take the next `size` bytes. 1 when the reply is whole, and *used says how many of them it took; 0
 * when more must come; -EPROTO when this is no such reply. */
int http_feed(struct http_reply *reply, const char *bytes, size_t size, size_t *used);

/* Whether a reply of which more could come is whole now that the server has closed the connection.
 */
bool http_ends(const struct http_reply *reply);

#endif
