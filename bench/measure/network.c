/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links, addresses and neighbours by libnl; taps by tun's own ioctls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/measure/network.h"
#include "bench/measure/sandbox.h"

#define BRIDGE NETWORK_BRIDGE
#define GUEST_INTERFACE "eth0"
#define TUN "/dev/net/tun"
#define NETNS "/proc/thread-self/ns/net"

/* New interfaces would announce themselves by router solicitations and duplicate address
 * detection: packets that no measurement asked for. And a process may use the ports that it may use
 * in a VM, where it is root. Congestion control is to be the same on every host from a connection's
 * first moment on: one that began with bbr stays paced, with a timer for each packet, even when it
 * is changed then. */
static int set_defaults(struct error *error)
{
    static const char *const knobs[][2] = {
        {"ipv6/conf/default/accept_dad", "0"},    {"ipv6/conf/default/accept_ra", "0"},
        {"ipv6/conf/default/autoconf", "0"},      {"ipv6/conf/default/router_solicitations", "0"},
        {"ipv6/conf/default/addr_gen_mode", "1"}, {"ipv4/ip_unprivileged_port_start", "0"},
        {"ipv4/tcp_congestion_control", "reno"},
    };
    char path[128];

    for (unsigned i = 0; i < sizeof knobs / sizeof *knobs; i++) {
        ssize_t size;
        int fd;

        snprintf(path, sizeof path, "/proc/sys/net/%s", knobs[i][0]);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue; /* a host without IPv6 */
        size = (ssize_t)strlen(knobs[i][1]);
        if (fd < 0 || write(fd, knobs[i][1], (size_t)size) != size) {
            if (fd >= 0)
                close(fd);
            return fail(error, EIO, "%s: cannot be set: %s", path, strerror(errno));
        }
        close(fd);
    }
    return 0;
}

static int failed(struct error *error, const char *what, int status)
{
    return fail(error, EIO, "sandbox network: %s: %s", what, nl_geterror(status));
}

static struct nl_sock *open_route(struct error *error)
{
    struct nl_sock *socket = nl_socket_alloc();
    int status = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;

    if (status == 0)
        return socket;
    failed(error, "netlink", status);
    nl_socket_free(socket);
    return NULL;
}

/* A bridge of a fixed MAC address: its own would follow the ports that come and go. It neither
 * queries for multicast listeners nor, by default, speaks the spanning tree protocol. */
static int add_bridge(struct nl_sock *socket)
{
    static const unsigned char mac[] = {0x52, 0x54, 0, 0, 0, 1};
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct nl_msg *message =
        nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
    struct nlattr *about, *data;
    int status = -NLE_NOMEM;

    if (!message)
        return status;
    if (nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) == 0 &&
        nla_put_string(message, IFLA_IFNAME, BRIDGE) == 0 &&
        nla_put(message, IFLA_ADDRESS, sizeof mac, mac) == 0 &&
        (about = nla_nest_start(message, IFLA_LINKINFO)) &&
        nla_put_string(message, IFLA_INFO_KIND, "bridge") == 0 &&
        (data = nla_nest_start(message, IFLA_INFO_DATA)) &&
        nla_put_u8(message, IFLA_BR_MCAST_SNOOPING, 0) == 0) {
        nla_nest_end(message, data);
        nla_nest_end(message, about);
        return nl_send_sync(socket, message); /* frees it */
    }
    nlmsg_free(message);
    return status;
}

/* Bring `name` up; `change` says what else is to be different, or is NULL. */
static int bring_up(struct nl_sock *socket, const char *name, struct rtnl_link *change,
                    struct error *error)
{
    struct rtnl_link *link = NULL;
    int status = rtnl_link_get_kernel(socket, 0, name, &link);

    if (!change)
        change = rtnl_link_alloc();
    if (status == 0) {
        rtnl_link_set_flags(change, IFF_UP);
        status = rtnl_link_change(socket, link, change, 0);
    }
    rtnl_link_put(link);
    rtnl_link_put(change);
    return status < 0 ? failed(error, name, status) : 0;
}

static int add_address(struct nl_sock *socket, const char *name, const char *text,
                       struct error *error)
{
    struct rtnl_addr *address = rtnl_addr_alloc();
    struct nl_addr *local = NULL;
    int status = nl_addr_parse(text, AF_INET, &local);

    if (status == 0) {
        nl_addr_set_prefixlen(local, NETWORK_PREFIX);
        rtnl_addr_set_ifindex(address, (int)if_nametoindex(name));
        rtnl_addr_set_local(address, local);
        status = rtnl_addr_add(socket, address, 0);
    }
    nl_addr_put(local);
    rtnl_addr_put(address);
    return status < 0 ? failed(error, text, status) : 0;
}

/* On the bridge's own side: where the guest's address is, before it has sent anything. */
static int add_neighbour(struct nl_sock *socket, const struct instance *instance,
                         struct error *error)
{
    struct rtnl_neigh *neighbour = rtnl_neigh_alloc();
    struct nl_addr *address = NULL, *link = nl_addr_build(AF_LLC, instance->mac, 6);
    int status = nl_addr_parse(instance->address, AF_INET, &address);

    if (status == 0) {
        rtnl_neigh_set_ifindex(neighbour, (int)if_nametoindex(BRIDGE));
        rtnl_neigh_set_dst(neighbour, address);
        rtnl_neigh_set_lladdr(neighbour, link);
        rtnl_neigh_set_state(neighbour, NUD_PERMANENT);
        status = rtnl_neigh_add(socket, neighbour, NLM_F_CREATE | NLM_F_REPLACE);
    }
    nl_addr_put(address);
    nl_addr_put(link);
    rtnl_neigh_put(neighbour);
    return status < 0 ? failed(error, "the guest's MAC address", status) : 0;
}

int network_open(struct error *error)
{
    struct nl_sock *socket;
    int status = set_defaults(error);

    if (status < 0)
        return status;
    socket = open_route(error);
    if (!socket)
        return -EIO;
    status = add_bridge(socket);
    if (status < 0)
        status = failed(error, "bridge; remedy: modprobe bridge", status);
    if (status == 0)
        status = bring_up(socket, "lo", NULL, error);
    if (status == 0)
        status = bring_up(socket, BRIDGE, NULL, error);
    if (status == 0)
        status = add_address(socket, BRIDGE, NETWORK_HOST, error);
    nl_socket_free(socket);
    return status;
}

/* Among many guests, what is for all or for an address that the bridge has not learnt would wake
 * each of them: one to whom nobody has spoken yet is asked by a packet to every port. */
static int set_port_apart(struct nl_sock *socket, unsigned port)
{
    struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = (int)port};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_SETLINK, NLM_F_REQUEST);
    struct nlattr *data;

    if (!message)
        return -NLE_NOMEM;
    if (nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO) == 0 &&
        (data = nla_nest_start(message, IFLA_PROTINFO | NLA_F_NESTED)) &&
        nla_put_u8(message, IFLA_BRPORT_ISOLATED, 1) == 0 &&
        nla_put_u8(message, IFLA_BRPORT_UNICAST_FLOOD, 0) == 0) {
        nla_nest_end(message, data);
        return nl_send_sync(socket, message); /* frees it */
    }
    nlmsg_free(message);
    return -NLE_NOMEM;
}

/* Tell the bridge by which port the guest is reached, for good. */
static int add_port_address(struct nl_sock *socket, unsigned port, const struct instance *instance)
{
    struct rtnl_neigh *entry = rtnl_neigh_alloc();
    struct nl_addr *link = nl_addr_build(AF_LLC, instance->mac, 6);
    int status;

    rtnl_neigh_set_family(entry, AF_BRIDGE);
    rtnl_neigh_set_ifindex(entry, (int)port);
    rtnl_neigh_set_lladdr(entry, link);
    rtnl_neigh_set_flags(entry, NTF_MASTER);
    rtnl_neigh_set_state(entry, NUD_NOARP);
    status = rtnl_neigh_add(socket, entry, NLM_F_CREATE | NLM_F_REPLACE);
    nl_addr_put(link);
    rtnl_neigh_put(entry);
    return status;
}

/* Put the interface of `instance` into the bridge. */
static int join(struct nl_sock *socket, const struct instance *instance, struct error *error)
{
    struct rtnl_link *change = rtnl_link_alloc();
    unsigned port = if_nametoindex(instance->interface);
    int status;

    rtnl_link_set_master(change, (int)if_nametoindex(BRIDGE));
    status = bring_up(socket, instance->interface, change, error);
    if (status < 0)
        return status;
    status = set_port_apart(socket, port);
    if (status == 0)
        status = add_port_address(socket, port, instance);
    return status < 0 ? failed(error, "a port of the bridge", status) : 0;
}

/* Open tun and attach to the tap `name`, creating it if need be. Who attaches next says anew
 * whether it wants the header; but who looks before finds what it will get. */
static int open_tap(const char *name, enum tap kind, struct error *error)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open(TUN, O_RDWR | O_CLOEXEC);

    if (kind == TAP_VNET_HDR)
        request.ifr_flags |= IFF_VNET_HDR;
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd < 0)
        return fail(error, ENOTSUP, TUN ": %s; remedy, as root: modprobe tun && chmod 0666 " TUN,
                    strerror(errno));
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        int code = errno;

        close(fd);
        return fail(error, code, "tap %s: %s", name, strerror(code));
    }
    return fd;
}

static int add_tap(struct nl_sock *socket, const struct instance *instance, enum tap kind,
                   struct error *error)
{
    int fd = open_tap(instance->interface, kind, error), status = 0;

    if (fd < 0)
        return fd;
    if (ioctl(fd, TUNSETOWNER, SANDBOX_UID) < 0 || ioctl(fd, TUNSETPERSIST, 1) < 0)
        status = fail(error, errno, "tap %s: %s", instance->interface, strerror(errno));
    close(fd);
    return status < 0 ? status : join(socket, instance, error);
}

/* Make the veth pair, its other end in the network namespace `netns`. */
static int add_veth(struct nl_sock *socket, const struct instance *instance, int netns)
{
    struct rtnl_link *link = rtnl_link_veth_alloc(), *peer = rtnl_link_veth_get_peer(link);
    struct nl_addr *address = nl_addr_build(AF_LLC, instance->mac, 6);
    int status;

    rtnl_link_set_name(link, instance->interface);
    rtnl_link_set_name(peer, GUEST_INTERFACE);
    rtnl_link_set_addr(peer, address);
    rtnl_link_set_ns_fd(peer, netns);
    status = rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL);
    nl_addr_put(address);
    rtnl_link_put(peer);
    rtnl_link_put(link);
    return status;
}

/* In the process's own namespace, where this thread is for now. */
static int set_up_inside(struct nl_sock *outside, const struct launch *launch, struct error *error)
{
    struct nl_sock *socket;
    int status = set_defaults(error);

    if (status < 0)
        return status;
    socket = open_route(error);
    if (!socket)
        return -EIO;
    status = add_veth(outside, &launch->instance, launch->netns);
    if (status < 0)
        status = failed(error, "veth pair; remedy: modprobe veth", status);
    if (status == 0)
        status = bring_up(socket, "lo", NULL, error);
    if (status == 0)
        status = bring_up(socket, GUEST_INTERFACE, NULL, error);
    if (status == 0)
        status = add_address(socket, GUEST_INTERFACE, launch->instance.address, error);
    nl_socket_free(socket);
    return status;
}

static int add_netns(struct nl_sock *socket, struct launch *launch, struct error *error)
{
    int home = open(NETNS, O_RDONLY | O_CLOEXEC), status;

    if (home < 0 || unshare(CLONE_NEWNET) < 0) {
        status = fail(error, errno, "network namespace: %s", strerror(errno));
        close(home);
        return status;
    }
    launch->netns = open(NETNS, O_RDONLY | O_CLOEXEC);
    status = launch->netns < 0 ? fail(error, errno, NETNS ": %s", strerror(errno))
                               : set_up_inside(socket, launch, error);
    if (setns(home, CLONE_NEWNET) < 0)
        status = fail(error, errno, "back from a network namespace: %s", strerror(errno));
    close(home);
    return status < 0 ? status : join(socket, &launch->instance, error);
}

int network_attach(const struct driver *driver, struct launch *launch, struct error *error)
{
    bool nic = driver->has_tap && !(launch->machine && launch->machine->no_nic);
    enum tap kind = nic ? TAP_VNET_HDR : launch->network ? launch->asked : TAP_NONE;
    bool with_netns = driver->enters_netns && launch->network && kind == TAP_NONE;
    struct nl_sock *socket;
    int status;

    if (kind == TAP_NONE && !with_netns)
        return 0;
    socket = open_route(error);
    if (!socket)
        return -EIO;
    status = add_neighbour(socket, &launch->instance, error);
    if (status == 0 && kind != TAP_NONE) {
        launch->tap = true;
        status = add_tap(socket, &launch->instance, kind, error);
    } else if (status == 0) {
        status = add_netns(socket, launch, error);
    }
    nl_socket_free(socket);
    if (status < 0)
        network_detach(launch);
    return status;
}

/* Delete a tap, whoever may still hold it; or our end of a veth pair, and with it the other. */
static void delete_link(const char *name)
{
    struct nl_sock *socket = open_route(NULL);
    struct rtnl_link *link = rtnl_link_alloc();

    rtnl_link_set_name(link, name);
    if (socket)
        rtnl_link_delete(socket, link);
    rtnl_link_put(link);
    nl_socket_free(socket);
}

void network_detach(struct launch *launch)
{
    if (launch->tap || launch->netns >= 0)
        delete_link(launch->instance.interface);
    if (launch->netns >= 0)
        close(launch->netns);
    launch->tap = false;
    launch->netns = -1;
}
