/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "socket/binding.h"
#include "lib/errno.h"
#include <lwip/udp.h>

#define SOF_BOTH (SOF_REUSEADDR | SOF_REUSEPORT)

uint8_t binding_type(const struct socket *socket)
{
    if (socket->family == AF_INET)
        return IPADDR_TYPE_V4;
    return socket->options[OPTION_V6_ONLY] ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY;
}

static bool is_ours(const struct netif *netif, const ip_addr_t *ip)
{
    if (IP_IS_V6(ip))
        return netif_get_ip6_addr_match((struct netif *)netif, ip_2_ip6(ip)) >= 0;
    return ip4_addr_cmp(netif_ip4_addr(netif), ip_2_ip4(ip));
}

/* lwIP knows of none on loopback. */
bool binding_is_broadcast(const ip_addr_t *ip)
{
    struct netif *netif;
    uint32_t address = ip_addr_get_ip4_u32(ip), mask;

    if (!IP_IS_V4(ip))
        return false;
    NETIF_FOREACH(netif)
    {
        mask = ip4_addr_get_u32(netif_ip4_netmask(netif));
        if (ip4_addr_netcmp(ip_2_ip4(ip), netif_ip4_addr(netif), netif_ip4_netmask(netif)) &&
            ~mask && (address | mask) == UINT32_MAX)
            return true;
    }
    return address == UINT32_MAX;
}

long binding_local(const struct socket *socket, const struct endpoint *to)
{
    struct netif *netif;

    if (IP_IS_V4(&to->ip) && binding_type(socket) == IPADDR_TYPE_V6)
        return -EINVAL;
    if (ip_addr_isany(&to->ip) || socket->options[OPTION_FREE_BIND] ||
        (socket->type != SOCK_STREAM && ip_addr_ismulticast(&to->ip)))
        return 0;
    NETIF_FOREACH(netif)
    {
        if (is_ours(netif, &to->ip))
            return 0;
    }
    return socket->type != SOCK_STREAM && binding_is_broadcast(&to->ip) ? 0 : -EADDRNOTAVAIL;
}

void binding_done(struct socket *socket, const struct endpoint *to)
{
    if (IP_IS_V6(&to->ip) && !ip_addr_isany(&to->ip))
        socket->options[OPTION_V6_ONLY] = 1;
}

/* lwIP takes the only interface for the way to everywhere, though it be loopback. */
static bool is_reachable(const ip_addr_t *ip)
{
    struct netif *netif;

    if (!IP_IS_V6(ip) || ip_addr_isloopback(ip) || ip_addr_ismulticast(ip))
        return true;
    netif = ip_route(IP6_ADDR_ANY, ip);
    return netif && (!ip6_addr_isloopback(netif_ip6_addr(netif, 0)) || is_ours(netif, ip));
}

long binding_remote(const struct socket *socket, struct endpoint *to)
{
    if (IP_IS_V4(&to->ip) && binding_type(socket) == IPADDR_TYPE_V6)
        return -ENETUNREACH;
    if (ip_addr_isany(&to->ip))
        ip_addr_set_loopback(IP_IS_V6(&to->ip), &to->ip);
    return is_reachable(&to->ip) ? 0 : -ENETUNREACH;
}

/* Whether a packet could be for both. Of type ANY is only the address of all hosts. */
static bool overlap(const ip_addr_t *a, const ip_addr_t *b)
{
    if (IP_IS_ANY_TYPE_VAL(*a) || IP_IS_ANY_TYPE_VAL(*b))
        return true;
    return IP_GET_TYPE(a) == IP_GET_TYPE(b) &&
           (ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_cmp(a, b));
}

/* The address to bind to, which for IPv6 may be that of all hosts of both. */
static ip_addr_t address_of(const struct socket *socket, const struct endpoint *to)
{
    if (ip_addr_isany(&to->ip) && socket->family == AF_INET6 && !IP_IS_V4(&to->ip))
        return (ip_addr_t){.type = binding_type(socket)};
    return to->ip;
}

static bool taken(const struct tcp_pcb *own, const ip_addr_t *ip, uint16_t port)
{
    unsigned options = own->so_options;

    for (unsigned i = 0; i < NUM_TCP_PCB_LISTS; i++)
        for (const struct tcp_pcb *pcb = *tcp_pcb_lists[i]; pcb; pcb = pcb->next) {
            unsigned both = pcb->so_options & options;

            if (pcb == own || pcb->local_port != port || pcb->state == SYN_RCVD ||
                !overlap(&pcb->local_ip, ip))
                continue;
            if (!(both & SOF_REUSEPORT) && !(both & SOF_REUSEADDR && pcb->state != LISTEN))
                return true;
        }
    return false;
}

long binding_tcp(struct stream *stream, const struct endpoint *to)
{
    ip_addr_t ip = address_of(&stream->socket, to);

    if (to->port && taken(stream->pcb, &ip, to->port))
        return -EADDRINUSE;
    /* To any port and then to the one wanted, as lwIP would refuse some that Linux does not. */
    if (tcp_bind(stream->pcb, &ip, 0) != ERR_OK)
        return -EADDRINUSE;
    if (to->port)
        stream->pcb->local_port = to->port;
    return 0;
}

long binding_any(struct stream *stream)
{
    struct endpoint any = {.ip.type = binding_type(&stream->socket)};

    return binding_tcp(stream, &any);
}

long binding_listen(const struct stream *stream)
{
    const struct tcp_pcb *pcb = stream->pcb;

    return taken(pcb, &pcb->local_ip, pcb->local_port) ? -EADDRINUSE : 0;
}

bool binding_same(const struct tcp_pcb_listen *a, const struct tcp_pcb_listen *b)
{
    return a->local_port == b->local_port && ip_addr_cmp(&a->local_ip, &b->local_ip) &&
           a->so_options & b->so_options & SOF_REUSEPORT;
}

long binding_udp(const struct socket *socket, struct udp_pcb *own, const struct endpoint *to)
{
    ip_addr_t ip = address_of(socket, to);

    for (const struct udp_pcb *pcb = udp_pcbs; pcb && to->port; pcb = pcb->next)
        if (pcb != own && pcb->local_port == to->port && overlap(&pcb->local_ip, &ip) &&
            !(pcb->so_options & own->so_options & SOF_BOTH))
            return -EADDRINUSE;
    if (udp_bind(own, &ip, 0) != ERR_OK)
        return -EADDRINUSE;
    if (to->port)
        own->local_port = to->port;
    return 0;
}
