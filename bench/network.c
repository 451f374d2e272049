/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox's network: one bridge, one tap per VM. Links by libnl; taps by tun's own ioctls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/bridge.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sandbox.h"

#define BRIDGE "br0"
#define TUN "/dev/net/tun"

/* New interfaces would announce themselves by router solicitations and duplicate address
 * detection: packets that no measurement asked for. */
static int silence_ipv6(struct error *error)
{
    static const char *const knobs[] = {"accept_dad", "accept_ra", "autoconf",
                                        "router_solicitations", "addr_gen_mode"};
    static const char *const values[] = {"0", "0", "0", "0", "1"};
    char path[128];

    for (unsigned i = 0; i < sizeof knobs / sizeof *knobs; i++) {
        int fd;

        snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/default/%s", knobs[i]);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            return 0; /* a host without IPv6 */
        if (fd < 0 || write(fd, values[i], 1) != 1) {
            if (fd >= 0)
                close(fd);
            return fail(error, EIO, "%s: cannot be set: %s", path, strerror(errno));
        }
        close(fd);
    }
    return 0;
}

/* Change the interface `name`: up; in the bridge unless it is the bridge or loopback. */
static int bring_up(struct nl_sock *socket, const char *name, int master, struct error *error)
{
    struct rtnl_link *change = rtnl_link_alloc(), *link = NULL;
    int status = rtnl_link_get_kernel(socket, 0, name, &link);

    if (status == 0) {
        rtnl_link_set_flags(change, IFF_UP);
        if (master) {
            rtnl_link_set_master(change, master);
            rtnl_link_set_txqlen(change, 1);
        }
        status = rtnl_link_change(socket, link, change, 0);
    }
    rtnl_link_put(link);
    rtnl_link_put(change);
    return status < 0 ? fail(error, EIO, "sandbox interface %s: %s", name, nl_geterror(status)) : 0;
}

static struct nl_sock *open_route(struct error *error)
{
    struct nl_sock *socket = nl_socket_alloc();
    int status = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;

    if (status == 0)
        return socket;
    fail(error, EIO, "netlink: %s", nl_geterror(status));
    nl_socket_free(socket);
    return NULL;
}

int sandbox_network(struct error *error)
{
    struct nl_sock *socket;
    int status = silence_ipv6(error);

    if (status < 0)
        return status;
    socket = open_route(error);
    if (!socket)
        return -EIO;
    status = rtnl_link_bridge_add(socket, BRIDGE);
    if (status < 0)
        status =
            fail(error, EIO, "sandbox bridge: %s; remedy: modprobe bridge", nl_geterror(status));
    if (status == 0)
        status = bring_up(socket, "lo", 0, error);
    if (status == 0)
        status = bring_up(socket, BRIDGE, 0, error);
    nl_socket_free(socket);
    return status;
}

/* Open tun and attach to `name`, creating it if need be. */
static int attach(const char *name, struct error *error)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open(TUN, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return fail(error, ENOTSUP, TUN ": %s; remedy, as root: modprobe tun && chmod 0666 " TUN,
                    strerror(errno));
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        int code = errno;

        close(fd);
        return fail(error, code, "tap %s: %s", name, strerror(code));
    }
    return fd;
}

int sandbox_tap(const char *name, struct error *error)
{
    struct nl_sock *socket;
    int status, fd = attach(name, error);

    if (fd < 0)
        return fd;
    status = 0;
    if (ioctl(fd, TUNSETOWNER, SANDBOX_UID) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0)
        status = fail(error, errno, "tap %s: %s", name, strerror(errno));
    close(fd);
    if (status < 0)
        return status;
    socket = open_route(error);
    if (!socket)
        return -EIO;
    status = bring_up(socket, name, (int)if_nametoindex(BRIDGE), error);
    nl_socket_free(socket);
    return status;
}

int sandbox_tap_delete(const char *name, struct error *error)
{
    int fd = attach(name, error), status = 0;

    if (fd < 0)
        return fd;
    if (ioctl(fd, TUNSETPERSIST, 0) < 0)
        status = fail(error, errno, "tap %s: %s", name, strerror(errno));
    close(fd);
    return status;
}
