/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sandbox's network: a bridge, which is the harness's own side, and the guests on it.
 * There is no route but the bridge's own, so nothing gets out. Only what a measurement asks for is
 * on the wire: no spanning tree, no multicast queries, no IPv6 from our side, and a guest's MAC
 * address is known beforehand, so that no ARP retry of ours, a second apart, decides when a guest
 * is reached. A guest hears nothing that is for others, however many there are: its port of the
 * bridge is isolated, and takes only what is for its own address.
 */
#ifndef TARE_NETWORK_H
#define TARE_NETWORK_H

#include "drivers/driver.h"

#define NETWORK_BRIDGE "br0" /* the harness's own side */

/* Make the bridge with its address, and bring loopback up. In the sandbox's worker, once. */
int network_open(struct error *error);

/* Make what joins the guest of `launch` to the bridge under the name launch->instance.interface: a
 * tap for a driver that has one, with or without the network; for a process that gets the network
 * the tap that it asked for, or else a veth pair, whose other end is eth0 in a network namespace of
 * its own. Sets launch->tap or launch->netns. */
int network_attach(const struct driver *driver, struct launch *launch, struct error *error);

/* Take away what network_attach() made. */
void network_detach(struct launch *launch);

#endif
