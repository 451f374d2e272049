/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What UDP and raw sockets have in common: a queue of whole packets, each with its sender. */
#ifndef PITH_DATAGRAM_H
#define PITH_DATAGRAM_H

#include "socket/socket.h"
#include <lwip/pbuf.h>

struct raw_pcb;
struct udp_pcb;

/* A packet that was received. */
struct arrival {
    struct arrival *next;
    struct pbuf *pbuf;
    struct endpoint from;
    ip_addr_t to;
    int64_t time; /* CLOCK_REALTIME */
    uint8_t interface, ttl, tos;
};

struct datagram {
    struct socket socket;
    union {
        struct udp_pcb *udp;
        struct raw_pcb *raw;
    } pcb;                /* NULL: none yet */
    bool bound;           /* to an address, by bind() */
    ip_addr_t address;    /* that one */
    struct endpoint peer; /* where it is connected */
    struct arrival *first, *last;
    uint32_t occupied; /* bytes of memory, which the receive buffer limits */
    uint32_t taken;    /* the same, by the program, since it was last nearly full and late */
    bool idle;         /* then it had not read much */
    struct pbuf *kept; /* what MSG_MORE has put together, and for whom */
    struct endpoint kept_for;
    uint32_t filtered[8]; /* of a raw one: types of ICMP that it does not hear, a bit each */
};

static inline struct datagram *datagram_of(struct socket *socket)
{
    return (struct datagram *)socket;
}

/* From lwIP's callbacks: queue a packet, which it takes over, or drop it. */
void datagram_arrived(struct datagram *datagram, struct pbuf *pbuf, const ip_addr_t *from,
                      uint16_t port);

long datagram_receive(struct socket *socket, struct message *message);
unsigned datagram_poll(struct socket *socket);
long datagram_shutdown(struct socket *socket, int how);
long datagram_held(struct socket *socket);
long datagram_unsent(struct socket *socket);
void datagram_drop(struct datagram *datagram);

/* Where a message is to go: its own address, or the peer's. 0 or -errno. */
long datagram_target(struct datagram *datagram, const struct message *message,
                     struct endpoint *out);
/* A pbuf of `size` bytes of the message, with room for all headers. NULL with *status. */
struct pbuf *datagram_fill(struct message *message, size_t size, long *status);
/* Call `send` until there is room for the packet, as long as the message may wait. */
long datagram_submit(struct datagram *datagram, struct message *message, struct pbuf *pbuf,
                     const struct endpoint *to,
                     err_t (*send)(struct datagram *datagram, struct pbuf *pbuf,
                                   const struct endpoint *to));

/* udp.c: the socket of `pcb`; NULL where it is lwIP's own, as DHCP's is. */
struct udp_pcb;
struct socket *udp_socket_of(const struct udp_pcb *pcb);

/* unreachable.c: from the first call on, the ICMP errors that answer a connected UDP socket are its
 * errors. */
void unreachable_watch(void);

#endif
