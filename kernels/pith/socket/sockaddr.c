/* SPDX-License-Identifier: GPL-3.0-or-later */
/* struct sockaddr_in, sockaddr_in6 and sockaddr_un (ip(7), ipv6(7), unix(7)). */
#include "lib/errno.h"
#include "memory/copy.h"
#include "socket/socket.h"
#include <lwip/def.h>

struct sockaddr_in {
    uint16_t family, port;
    uint32_t address;
    uint8_t zeros[8];
};

struct sockaddr_in6 {
    uint16_t family, port;
    uint32_t flow;
    uint32_t address[4];
    uint32_t scope;
};

#define IN6_SIZE_RFC2133 24 /* of a time before scopes */

long address_read(struct address_bytes *out, uint64_t at, int size)
{
    memset(out, 0, sizeof *out);
    out->size = size;
    if (size < 0 || size > ADDRESS_SIZE)
        return -EINVAL;
    return copy_from(out->bytes, at, (size_t)size);
}

static uint16_t family_of(const struct address_bytes *bytes)
{
    uint16_t family;

    memcpy(&family, bytes->bytes, sizeof family);
    return family;
}

bool address_is_none(const struct address_bytes *bytes)
{
    return family_of(bytes) == AF_UNSPEC;
}

static void from_ip4(uint32_t address, ip_addr_t *out)
{
    *out = (ip_addr_t){.type = IPADDR_TYPE_V4};
    ip4_addr_set_u32(ip_2_ip4(out), address);
}

/* An IPv4 address in IPv6's clothes is one of IPv4 to lwIP. */
static void from_ip6(const struct sockaddr_in6 *name, ip_addr_t *out)
{
    *out = (ip_addr_t){.type = IPADDR_TYPE_V6};
    memcpy(ip_2_ip6(out)->addr, name->address, sizeof name->address);
    if (ip6_addr_isipv4mappedipv6(ip_2_ip6(out)))
        from_ip4(name->address[3], out);
    else if (ip6_addr_has_scope(ip_2_ip6(out), IP6_UNKNOWN))
        ip6_addr_set_zone(ip_2_ip6(out), (uint8_t)name->scope);
}

static long decode4(const struct address_bytes *bytes, struct endpoint *out)
{
    struct sockaddr_in name;

    if (bytes->size < (int)sizeof name)
        return -EINVAL;
    memcpy(&name, bytes->bytes, sizeof name);
    if (name.family != AF_INET && (name.family != AF_UNSPEC || name.address))
        return -EAFNOSUPPORT;
    from_ip4(name.address, &out->ip);
    out->port = lwip_ntohs(name.port);
    return 0;
}

long address_decode(const struct socket *socket, const struct address_bytes *bytes, bool either,
                    struct endpoint *out)
{
    struct sockaddr_in6 name;

    *out = (struct endpoint){0};
    if (socket->family == AF_INET)
        return decode4(bytes, out);
    if (either && family_of(bytes) == AF_INET)
        return decode4(bytes, out);
    if (bytes->size < IN6_SIZE_RFC2133)
        return -EINVAL;
    memcpy(&name, bytes->bytes, sizeof name);
    if (name.family != AF_INET6)
        return -EAFNOSUPPORT;
    from_ip6(&name, &out->ip);
    out->port = lwip_ntohs(name.port);
    return 0;
}

static int encode4(const struct endpoint *from, uint8_t *out)
{
    struct sockaddr_in name = {.family = AF_INET,
                               .port = lwip_htons(from->port),
                               .address = ip4_addr_get_u32(ip_2_ip4(&from->ip))};

    memcpy(out, &name, sizeof name);
    return sizeof name;
}

static int encode6(const struct endpoint *from, uint8_t *out)
{
    struct sockaddr_in6 name = {.family = AF_INET6, .port = lwip_htons(from->port)};

    if (IP_IS_V6(&from->ip)) {
        memcpy(name.address, ip_2_ip6(&from->ip)->addr, sizeof name.address);
        if (ip6_addr_has_zone(ip_2_ip6(&from->ip)))
            name.scope = ip6_addr_zone(ip_2_ip6(&from->ip));
    } else if (!ip_addr_isany(&from->ip)) {
        name.address[2] = PP_HTONL(0xffff);
        name.address[3] = ip4_addr_get_u32(ip_2_ip4(&from->ip));
    }
    memcpy(out, &name, sizeof name);
    return sizeof name;
}

int address_encode(const struct socket *socket, const struct endpoint *from, uint8_t *out)
{
    if (socket->family == AF_UNIX) {
        memcpy(out, &socket->family, sizeof socket->family); /* nameless */
        return sizeof socket->family;
    }
    return socket->family == AF_INET ? encode4(from, out) : encode6(from, out);
}

long address_write(const struct socket *socket, const struct endpoint *from, uint64_t at,
                   uint64_t size_at)
{
    uint8_t bytes[ADDRESS_SIZE];
    int size = address_encode(socket, from, bytes), room;

    if (copy_from(&room, size_at, sizeof room) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    if (copy_to(at, bytes, (size_t)(room < size ? room : size)) < 0)
        return -EFAULT;
    return copy_to(size_at, &size, sizeof size);
}
