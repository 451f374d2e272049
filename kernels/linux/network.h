/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `ip=` (the kernel's admin-guide/nfs/nfsroot) for kernels that do not read it. They pass it to the
 * init, like every parameter that they do not know. These system calls are faster than the kernel's
 * own autoconfiguration, which sleeps 10 ms after it opens the devices and holds up the whole boot
 * (docs/decisions/0008-init-and-network-of-linux.md).
 */
#ifndef TARE_LINUX_NETWORK_H
#define TARE_LINUX_NETWORK_H

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "payload.h"

static inline struct sockaddr address(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr any;

    inet_pton(AF_INET, text, &in.sin_addr);
    memcpy(&any, &in, sizeof any);
    return any;
}

static inline int set(int fd, unsigned long request, void *argument, const char *what)
{
    int status = ioctl(fd, request, argument);

    if (status != 0)
        complain("set", what);
    return status;
}

static inline void link_up(int fd, const char *name)
{
    struct ifreq link = {0};

    strncpy(link.ifr_name, name, IFNAMSIZ - 1);
    link.ifr_flags = IFF_UP;
    set(fd, SIOCSIFFLAGS, &link, name);
}

/* Whether the command line has an `ip=`. */
static inline int network_asked(void)
{
    return getenv("ip") != NULL;
}

/* Set the address by ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF. tare uses only the
 * static part. The payload does not see it: its environment is the same on every target. */
static inline void network_up(void)
{
    enum { CLIENT, SERVER, GATEWAY, NETMASK, HOSTNAME, DEVICE, AUTOCONF, FIELDS };
    char *field[FIELDS] = {"", "", "", "", "", "", ""}, *ip = getenv("ip");
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct ifreq link = {0};

    for (int i = 0; i < FIELDS && ip; i++)
        field[i] = strsep(&ip, ":");
    strncpy(link.ifr_name, *field[DEVICE] ? field[DEVICE] : "eth0", IFNAMSIZ - 1);

    link_up(fd, "lo");
    link.ifr_addr = address(field[CLIENT]);
    set(fd, SIOCSIFADDR, &link, "the address");
    if (*field[NETMASK]) {
        link.ifr_netmask = address(field[NETMASK]);
        set(fd, SIOCSIFNETMASK, &link, "the netmask");
    }
    link_up(fd, link.ifr_name);
    if (*field[GATEWAY]) {
        route.rt_gateway = address(field[GATEWAY]);
        route.rt_dst = address("0.0.0.0");
        route.rt_genmask = address("0.0.0.0");
        set(fd, SIOCADDRT, &route, "the gateway");
    }
    close(fd);
    unsetenv("ip");
}

#endif
