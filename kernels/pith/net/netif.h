/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The NIC as lwIP's network interface: checksums and large segments handed to the device. */
#ifndef PITH_NET_NETIF_H
#define PITH_NET_NETIF_H

#include "address.h"

/* Find the NIC and give it its address. False, with the reason on the console, where there is none
 * or it cannot be used. */
bool netif_start(const struct address *address);

/* Who was answered without ARP is asked for now, as more will go to him. The request leaves with
 * what is sent next, soon: his ACK is on its way. */
void netif_resolve(void);

/* Whether it has an IPv4 address by now, its own or one given by DHCP. */
bool netif_has_address(void);

#endif
