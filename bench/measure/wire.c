/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bench/measure/wire.h"

#define PORTS 65536
#define ROOM_FIRST 4096

static unsigned word(const unsigned char *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* The exchange is over, if it was one. */
static int finish(struct wire *wire, struct exchange *exchange)
{
    if (exchange->asked && exchange->replied) {
        if (wire->count == wire->room) {
            size_t room = wire->room ? 2 * wire->room : ROOM_FIRST;
            struct exchange *done = realloc(wire->done, room * sizeof *done);

            if (!done)
                return -ENOMEM;
            wire->done = done;
            wire->room = room;
        }
        wire->done[wire->count++] = *exchange;
    }
    *exchange = (struct exchange){0};
    return 0;
}

/* A request begins with the client's first data after the server's last. What else comes, or is
 * sent again, before the reply belongs to it. */
static int take_data(struct wire *wire, struct exchange *exchange, bool from_server, int64_t stamp)
{
    int status = 0;

    if (from_server) {
        exchange->replied = exchange->asked ? stamp : 0;
        return 0;
    }
    if (exchange->replied)
        status = finish(wire, exchange);
    if (!exchange->asked)
        exchange->asked = stamp;
    return status;
}

int wire_take(struct wire *wire, const unsigned char *bytes, size_t captured, int64_t stamp)
{
    unsigned source, target;
    size_t header, length;
    bool from_server;

    if (captured < ETHER_HDR_LEN + 40 || word(bytes + 12) != ETHERTYPE_IP)
        return 0;
    bytes += ETHER_HDR_LEN;
    header = (size_t)(bytes[0] & 15) * 4;
    length = word(bytes + 2);
    if (bytes[9] != IPPROTO_TCP || captured < ETHER_HDR_LEN + header + 20)
        return 0;
    bytes += header;
    source = word(bytes);
    target = word(bytes + 2);
    from_server = source == wire->port;
    if ((!from_server && target != wire->port) || length <= header + (size_t)(bytes[12] >> 4) * 4)
        return 0;
    if (!wire->open)
        wire->open = calloc(PORTS, sizeof *wire->open);
    if (!wire->open)
        return -ENOMEM;
    return take_data(wire, &wire->open[from_server ? target : source], from_server, stamp);
}

int wire_end(struct wire *wire)
{
    int status = 0;

    for (unsigned i = 0; wire->open && i < PORTS && status == 0; i++)
        status = finish(wire, &wire->open[i]);
    return status;
}

void wire_count(const struct wire *wire, int64_t from, int64_t to, struct histogram *histogram)
{
    for (size_t i = 0; i < wire->count; i++)
        if (wire->done[i].asked >= from && wire->done[i].asked < to)
            histogram_add(histogram, wire->done[i].replied - wire->done[i].asked);
}

void wire_free(struct wire *wire)
{
    free(wire->open);
    free(wire->done);
    *wire = (struct wire){0};
}
