/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which connections lwIP keeps that are not yet, or no longer, anybody's. */
#ifndef PITH_NET_CONNECTIONS_H
#define PITH_NET_CONNECTIONS_H

#include <lwip/ip_addr.h>

struct tcp_hdr;
struct tcp_pcb_listen;

/* Before a SYN for `listener`: under a flood of SYNs that nobody follows up, the oldest half-open
 * one, which is the least likely to become one, makes room. */
void connections_make_room(const struct tcp_pcb_listen *listener);

/* Before lwIP sees a SYN: where it is of a peer whose last connection from that port is in
 * TIME_WAIT here, and newer, it begins another one, as RFC 1122, 4.2.2.13 allows. A peer that opens
 * many connections has no other port left. */
void connections_reopen(const ip_addr_t *remote, const struct tcp_hdr *syn);

/* How many may be in TIME_WAIT is limited: the oldest go. */
void connections_limit(void);

#endif
