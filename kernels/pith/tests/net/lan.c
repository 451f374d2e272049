/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interfaces, by ioctl: a tap, an address, a bridge. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

static void change(int fd, unsigned long what, void *request, const char *name)
{
    if (ioctl(fd, what, request) < 0)
        die("%s: %s", name, strerror(errno));
}

static struct ifreq named(const char *name)
{
    struct ifreq request = {0};

    if (!name)
        die("no interface named");
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    return request;
}

/* Duplicate address detection would keep an IPv6 address unusable for a second or two. */
static void no_detection(void)
{
    int fd = open("/proc/sys/net/ipv6/conf/default/accept_dad", O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, "0", 1) != 1)
        die("accept_dad: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void make_tap(const char *name)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = named(name);

    if (fd < 0)
        die("/dev/net/tun: %s; remedy, as root: modprobe tun && chmod 0666 /dev/net/tun",
            strerror(errno));
    no_detection();
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    change(fd, TUNSETIFF, &request, name);
    change(fd, TUNSETPERSIST, (void *)1, name);
    close(fd);
}

static void bring_up(int fd, const char *name)
{
    struct ifreq request = named(name);

    change(fd, SIOCGIFFLAGS, &request, name);
    request.ifr_flags |= IFF_UP;
    change(fd, SIOCSIFFLAGS, &request, name);
}

static void set_address(int fd, const char *name, const char *text)
{
    struct ifreq request = named(name);
    struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
    char address[32];
    int length;

    if (!text || sscanf(text, "%31[0-9.]/%d", address, &length) != 2 || length < 1 || length > 32)
        die("%s: not A.B.C.D/N", text ? text : "nothing");
    in->sin_family = AF_INET;
    if (inet_pton(AF_INET, address, &in->sin_addr) != 1)
        die("%s: not an address", address);
    change(fd, SIOCSIFADDR, &request, name);
    in->sin_addr.s_addr = htonl(~0u << (32 - length));
    change(fd, SIOCSIFNETMASK, &request, name);
}

static void make_bridge(int fd, char **names)
{
    struct ifreq request = named(names[0]);

    change(fd, SIOCBRADDBR, names[0], names[0]);
    for (char **member = names + 1; *member; member++) {
        request.ifr_ifindex = (int)if_nametoindex(*member);
        change(fd, SIOCBRADDIF, &request, *member);
    }
    bring_up(fd, names[0]);
}

int lan_main(char **arguments)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = named(arguments[1]);

    if (strcmp(arguments[0], "tap") == 0) {
        make_tap(arguments[1]);
        bring_up(fd, arguments[1]);
    } else if (strcmp(arguments[0], "up") == 0) {
        bring_up(fd, arguments[1]);
    } else if (strcmp(arguments[0], "address") == 0) {
        set_address(fd, arguments[1], arguments[2]);
    } else if (strcmp(arguments[0], "bridge") == 0) {
        make_bridge(fd, arguments + 1);
    } else if (strcmp(arguments[0], "mtu") == 0) {
        request.ifr_mtu = (int)number(arguments[2]);
        change(fd, SIOCSIFMTU, &request, arguments[1]);
    } else {
        die("lan %s: unknown", arguments[0]);
    }
    return 0;
}
