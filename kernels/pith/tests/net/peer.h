/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TCP peer of the guest's made of single frames: it says what no operating system would. It is a
 * host of its own on the guest's network, of which the machine that it runs on knows nothing. */
#ifndef PITH_NET_PEER_H
#define PITH_NET_PEER_H

#include <stdbool.h>

#include "frames.h"

/* The wire, which all peers share. */
struct wire {
    struct link link;
    int fd; /* receives whatever the guest sends */
};

struct peer {
    struct wire *wire;
    uint32_t address; /* in network order, as are ports */
    uint8_t mac[6];
    uint16_t port, guest_port;
    uint32_t seq, ack; /* what it says next, and expects next */
    uint16_t window;   /* that it tells */
    bool silent;       /* does not answer ARP */
};

/* What came from the guest for one of its peers. */
struct segment {
    uint32_t to;                 /* whose address */
    uint16_t to_port, from_port; /* in network order */
    uint8_t flags;
    uint32_t seq, ack, window; /* not scaled */
    const uint8_t *data;       /* until the next one */
    size_t size;
};

struct wire wire_open(const char *interface, const char *address);

/* The next TCP segment of IPv4 from the guest, within `ms`; 0: as far as there is one. ARP is
 * answered for those of `count` peers that are not silent. False: none came. */
bool wire_next(struct wire *wire, const struct peer *peers, size_t count, struct segment *out,
               int ms);

/* A peer at host number `host` of the guest's network, and not yet connected. */
struct peer peer_make(struct wire *wire, uint8_t host, uint16_t port, int guest_port);

/* Send a segment as the peer's fields say: `options` are words of 4 bytes. Nothing of the peer is
 * changed. */
void peer_say(const struct peer *peer, uint8_t flags, const void *options, size_t options_size,
              const void *data, size_t size);

/* Send data with an ACK, and go on behind it. */
void peer_send(struct peer *peer, const void *data, size_t size);

/* Connect, telling this MSS, or end the tool. */
void peer_connect(struct peer *peer, unsigned mss);

/* The next segment for this peer within `ms`, which it takes note of if it is in order. */
bool peer_next(struct peer *peer, struct segment *out, int ms);

/* Say where the peer is, as an answer to the guest. */
void peer_answer_arp(const struct peer *peer);

#endif
