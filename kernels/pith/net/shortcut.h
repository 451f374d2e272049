/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Most frames hold TCP or UDP for this host, in IPv4 with nothing unusual about it. One comparison
 * tells, and they need not be looked at by one layer after the other: Van Jacobson's header
 * prediction (RFC 1144, 3.2.2 has the idea), of the two layers below his.
 */
#ifndef PITH_NET_SHORTCUT_H
#define PITH_NET_SHORTCUT_H

#include <stdbool.h>

/* How many pcbs hear of every packet (lwIP's raw ones): while there are any, the shortcut is
 * closed. */
extern unsigned shortcut_listeners;

struct netif;
struct pbuf;

/* Whether `frame` is such a one. All others, and whatever is wrong in a way that lwIP should judge,
 * go to ethernet_input(). */
bool shortcut_is_open(const struct pbuf *frame, const struct netif *netif);

/* Whether a packet from the wire claims to be from this host, or from or to loopback. */
struct ip_hdr;
bool shortcut_is_martian(const struct ip_hdr *ip, const struct netif *netif);

/* What ethernet_input() and ip4_input() would do with it. It is no longer the caller's. */
void shortcut_take(struct pbuf *frame, struct netif *netif);

#endif
