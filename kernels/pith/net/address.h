/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line's ip=, as Linux has it (Documentation/admin-guide/nfs/nfsroot.rst). Pure. */
#ifndef PITH_NET_ADDRESS_H
#define PITH_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct address {
    bool dhcp;                         /* ask for all of it */
    uint32_t client, gateway, netmask; /* in network byte order; 0: not given */
};

/* Read CLIENT:SERVER:GATEWAY:NETMASK:HOST:DEVICE:AUTOCONF, or AUTOCONF alone. A netmask that is not
 * given follows from the address's class. False when it asks for no network, or cannot be read. */
bool address_parse(const char *text, struct address *out);

#endif
