/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The NIC as lwIP's network interface: checksums and large segments handed to the device. */
#ifndef PITH_NET_NETIF_H
#define PITH_NET_NETIF_H

#include "net/address.h"
#include <lwip/ip4_addr.h>
#include <lwip/prot/ethernet.h>

struct tcp_pcb;

/* The frame that the NIC has brought and that is being dealt with: what we find out about it on one
 * side of lwIP and need on the other. lwIP has no argument for that. */
struct in_hand {
    bool asks; /* for a connection: who, and the neighbour that the frame came from */
    ip4_addr_t asker;
    struct eth_addr neighbour;
    struct tcp_pcb *pcb; /* that a TCP packet is for, or NULL; and how things stood before it */
    uint32_t acknowledged, window;
};

extern struct in_hand in_hand;

/* Find the NIC and give it its address. False, with the reason on the console, where there is none
 * or it cannot be used. */
bool netif_start(const struct address *address);

/* Who was answered without ARP is asked for now, as more will go to him. The request leaves with
 * what is sent next, soon: his ACK is on its way. */
void netif_resolve(void);

/* Whether it has an IPv4 address by now, its own or one given by DHCP. */
bool netif_has_address(void);

#endif
