/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ioctl on sockets: what waits in them, and what network interfaces there are (netdevice(7)). */
#include "lib/errno.h"
#include "linux/fcntl.h"
#include "memory/copy.h"
#include "socket/socket.h"
#include <lwip/netif.h>

#define NAME_LENGTH 16
#define LOOPBACK_MTU 65536
#define ETHERNET 1 /* ARPHRD_* */
#define LOOPBACK 772

enum {
    TIOCOUTQ = 0x5411, /* SIOCOUTQ */
    SIOCATMARK = 0x8905,
    SIOCGIFNAME = 0x8910,
    SIOCGIFCONF = 0x8912,
    SIOCGIFFLAGS = 0x8913,
    SIOCSIFFLAGS = 0x8914,
    SIOCGIFADDR = 0x8915,
    SIOCGIFDSTADDR = 0x8917,
    SIOCGIFBRDADDR = 0x8919,
    SIOCGIFNETMASK = 0x891b,
    SIOCGIFMETRIC = 0x891d,
    SIOCGIFMTU = 0x8921,
    SIOCGIFHWADDR = 0x8927,
    SIOCGIFINDEX = 0x8933,
    SIOCGIFTXQLEN = 0x8942,
    SIOCOUTQNSD = 0x894b,
};
enum {
    IFF_UP = 1,
    IFF_BROADCAST = 2,
    IFF_LOOPBACK = 8,
    IFF_RUNNING = 0x40,
    IFF_MULTICAST = 0x1000
};

struct request { /* struct ifreq */
    char name[NAME_LENGTH];
    union {
        struct {
            uint16_t family;
            uint8_t bytes[14];
        } address;
        int16_t flags;
        int32_t number;
        char space[24];
    };
};

static bool is_loopback(const struct netif *netif)
{
    return netif->name[0] == 'l';
}

/* lwIP's names have two letters. */
static const char *name_of(const struct netif *netif)
{
    return is_loopback(netif) ? "lo" : "eth0";
}

static struct netif *find(const char *name)
{
    struct netif *netif;

    NETIF_FOREACH(netif)
    {
        if (strncmp(name_of(netif), name, NAME_LENGTH) == 0)
            return netif;
    }
    return NULL;
}

static void set_address(struct request *request, uint32_t address)
{
    memset(&request->address, 0, sizeof request->address);
    request->address.family = AF_INET;
    memcpy(request->address.bytes + 2, &address, sizeof address);
}

static void set_hardware_address(struct request *request, const struct netif *netif)
{
    memset(&request->address, 0, sizeof request->address);
    request->address.family = is_loopback(netif) ? LOOPBACK : ETHERNET;
    memcpy(request->address.bytes, netif->hwaddr, netif->hwaddr_len);
}

static long about_address(const struct netif *netif, uint64_t which, struct request *request)
{
    uint32_t address = ip4_addr_get_u32(netif_ip4_addr(netif));
    uint32_t mask = ip4_addr_get_u32(netif_ip4_netmask(netif));

    if (!address)
        return -EADDRNOTAVAIL;
    if (which == SIOCGIFNETMASK)
        address = mask;
    else if (which == SIOCGIFBRDADDR)
        address = is_loopback(netif) ? 0 : address | ~mask;
    set_address(request, address);
    return 0;
}

static long about(const struct netif *netif, uint64_t which, struct request *request)
{
    switch (which) {
    case SIOCGIFFLAGS:
        request->flags = is_loopback(netif) ? IFF_UP | IFF_LOOPBACK | IFF_RUNNING
                                            : IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST;
        return 0;
    case SIOCSIFFLAGS:
        return 0; /* they are up, and stay so */
    case SIOCGIFADDR:
    case SIOCGIFDSTADDR:
    case SIOCGIFBRDADDR:
    case SIOCGIFNETMASK:
        return about_address(netif, which, request);
    case SIOCGIFMETRIC:
        request->number = 0;
        return 0;
    case SIOCGIFMTU:
        request->number = is_loopback(netif) ? LOOPBACK_MTU : netif->mtu;
        return 0;
    case SIOCGIFHWADDR:
        set_hardware_address(request, netif);
        return 0;
    case SIOCGIFINDEX:
        request->number = netif_get_index(netif);
        return 0;
    case SIOCGIFTXQLEN:
        request->number = 1000;
        return 0;
    default:
        return -ENOTTY;
    }
}

static long about_interface(uint64_t which, uint64_t at)
{
    struct request request;
    struct netif *netif;
    long status;

    if (copy_from(&request, at, sizeof request) < 0)
        return -EFAULT;
    request.name[NAME_LENGTH - 1] = 0;
    if (which == SIOCGIFNAME) {
        netif = netif_get_by_index((u8_t)request.number);
        if (!netif || request.number > UINT8_MAX)
            return -ENODEV;
        format(request.name, sizeof request.name, "%s", name_of(netif));
        return copy_to(at, &request, sizeof request);
    }
    netif = find(request.name);
    if (!netif)
        return -ENODEV;
    status = about(netif, which, &request);
    return status < 0 ? status : copy_to(at, &request, sizeof request);
}

/* All that have an address; struct ifconf. */
static long list_interfaces(uint64_t at)
{
    struct {
        int32_t size, padding;
        uint64_t requests;
    } list;
    struct netif *netif;
    int32_t used = 0;

    if (copy_from(&list, at, sizeof list) < 0)
        return -EFAULT;
    for (unsigned i = 1; (netif = netif_get_by_index((u8_t)i)); i++) {
        struct request request = {0};

        if (about_address(netif, SIOCGIFADDR, &request) < 0)
            continue;
        if (list.requests && list.size - used < (int)sizeof request)
            break;
        format(request.name, sizeof request.name, "%s", name_of(netif));
        if (list.requests && copy_to(list.requests + (uint64_t)used, &request, sizeof request) < 0)
            return -EFAULT;
        used += (int32_t)sizeof request;
    }
    return copy_to(at, &used, sizeof used);
}

static long tell(long number, uint64_t at)
{
    int value = (int)number;

    return number < 0 ? number : copy_to(at, &value, sizeof value);
}

long socket_ioctl(struct file *file, uint64_t request, uint64_t argument)
{
    struct socket *socket = file->object;

    switch (request) {
    case FIONREAD:
        return tell(socket->ops->held(socket), argument);
    case TIOCOUTQ:
        return tell(socket->ops->unsent(socket), argument);
    case SIOCOUTQNSD:
    case SIOCATMARK:
        return tell(0, argument);
    case SIOCGIFCONF:
        return list_interfaces(argument);
    default:
        return request >> 8 == 0x89 ? about_interface(request, argument) : -ENOTTY;
    }
}

/* There is one way to each network, so that the name is checked and then forgotten. */
long socket_bind_to_device(struct socket *socket, uint64_t at, int size)
{
    char name[NAME_LENGTH] = "";

    (void)socket;
    if (copy_from(name, at, (size_t)(size < NAME_LENGTH - 1 ? size : NAME_LENGTH - 1)) < 0)
        return -EFAULT;
    return !*name || find(name) ? 0 : -ENODEV;
}
