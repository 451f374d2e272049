/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may have which address and port, by Linux's rules: lwIP's are others. */
#ifndef PITH_BINDING_H
#define PITH_BINDING_H

#include "socket/stream.h"

struct udp_pcb;

#define SOF_REUSEPORT 0x40u /* ours, beside lwIP's SOF_* in a pcb's so_options */

/* What a pcb for the socket is for: IPADDR_TYPE_V4, V6, or ANY of both. */
uint8_t binding_type(const struct socket *socket);

/* Whether the socket may be bound there: 0, -EADDRNOTAVAIL, -EINVAL. */
long binding_local(const struct socket *socket, const struct endpoint *to);
/* Whether it may send there: 0, -ENETUNREACH. No address means this host. */
long binding_remote(const struct socket *socket, struct endpoint *to);

bool binding_is_broadcast(const ip_addr_t *ip);

/* After bind(): an address of IPv6 makes a socket one of IPv6 only. */
void binding_done(struct socket *socket, const struct endpoint *to);

/* Bind the pcb of a stream: 0, -EADDRINUSE. binding_any(): to all addresses, a port of its own. */
long binding_tcp(struct stream *stream, const struct endpoint *to);
long binding_any(struct stream *stream);
/* Whether a bound stream may listen: 0, -EADDRINUSE. */
long binding_listen(const struct stream *stream);
/* Whether two listeners are for the same address. */
bool binding_same(const struct tcp_pcb_listen *a, const struct tcp_pcb_listen *b);

long binding_udp(const struct socket *socket, struct udp_pcb *pcb, const struct endpoint *to);

#endif
