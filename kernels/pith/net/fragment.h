/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPv4 fragmentation (RFC 791, 3.2), which lwIP must not do: it would cut the large TCP segments
 * that are the device's to cut. */
#ifndef PITH_NET_FRAGMENT_H
#define PITH_NET_FRAGMENT_H

#include <lwip/netif.h>

/* Send an Ethernet frame with an IPv4 packet larger than netif->mtu in fragments, each by
 * netif->linkoutput. ERR_VAL when it is none or may not be fragmented. */
err_t fragment_send(struct netif *netif, struct pbuf *frame);

#endif
