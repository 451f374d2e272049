/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a server took, by its packets on the wire: from the first that carries a request to the
 * last that carries its reply. On one connection requests must follow each other.
 */
#ifndef TARE_WIRE_H
#define TARE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/base/histogram.h"

/* A request and its reply, by the stamps of their packets; 0: not seen. */
struct exchange {
    int64_t asked, replied;
};

struct wire {
    uint16_t port;         /* the server's; all else starts as zeros */
    struct exchange *open; /* the latest of each connection, by the client's port */
    struct exchange *done;
    size_t count, room; /* of those done */
};

/* A packet came at `stamp`: an Ethernet frame whose first `captured` bytes are at `bytes`. 0, or
 * -ENOMEM. */
int wire_take(struct wire *wire, const unsigned char *bytes, size_t captured, int64_t stamp);

/* No more packets come: wire->done is complete. 0, or -ENOMEM. */
int wire_end(struct wire *wire);

/* Add the exchanges that began from `from` on and before `to`, in ns. */
void wire_count(const struct wire *wire, int64_t from, int64_t to, struct histogram *histogram);

void wire_free(struct wire *wire);

#endif
