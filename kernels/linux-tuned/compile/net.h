/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same for its folder net/. Without net/tcp.h, which needs the names that each file brings. */
#include "core.h"
#include <linux/netdevice.h>
#include <linux/inetdevice.h>
#include <linux/rtnetlink.h>
#include <net/sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/udp.h>
#include <net/ip6_route.h>
#include <net/addrconf.h>
