/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sandbox's network: a bridge, which is the harness's own side, and one guest on it at a time.
 * There is no route but the bridge's own, so nothing gets out. Only what a measurement asks for is
 * on the wire: no spanning tree, no multicast queries, no IPv6 from our side, and the guest's MAC
 * address is known beforehand, so that no ARP retry of ours, a second apart, decides when a guest
 * is reached.
 */
#ifndef TARE_NETWORK_H
#define TARE_NETWORK_H

#include "drivers/driver.h"

#define NETWORK_HOST "10.0.0.1"
#define NETWORK_GUEST "10.0.0.2"
#define NETWORK_PREFIX 24
#define NETWORK_INTERFACE "vm0" /* guests run one at a time; it also gives the MAC address */

/* How a guest learns its address: Linux's syntax (admin-guide/nfs/nfsroot). */
#define NETWORK_PARAMETER "ip=" NETWORK_GUEST "::" NETWORK_HOST ":255.255.255.0::eth0:off"

/* Make the bridge with its address, and bring loopback up. In the sandbox's worker, once. */
int network_open(struct error *error);

/* Make what joins the guest of `launch` to the bridge, NETWORK_INTERFACE: a tap for a VM, which has
 * a NIC with or without the network; for a process that gets the network a veth pair, whose other
 * end is eth0 in a network namespace of its own. Sets launch->tap or launch->netns. */
int network_attach(const struct driver *driver, struct launch *launch, struct error *error);

/* Take away what network_attach() made. */
void network_detach(struct launch *launch);

#endif
