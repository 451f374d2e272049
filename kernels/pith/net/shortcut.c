/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/shortcut.h"
#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/tcp.h>
#include <lwip/prot/udp.h>
#include <lwip/tcp.h>
#include <lwip/udp.h>

unsigned shortcut_listeners;

#define PLAIN_HEADER 0x45 /* version 4, no options */
#define FIRST_GROUP PP_HTONL(0xe0000000ul)

/* No host's own: of a group, nobody's, everybody's. The last is told without regard to the subnet,
 * and so of more addresses than are. */
static bool is_odd_source(uint32_t address, uint32_t netmask)
{
    return ((address & FIRST_GROUP) == FIRST_GROUP) | !address |
           ((address | netmask) == UINT32_MAX);
}

/* In the network's order, and as numbers, so that there is one comparison for each. */
static bool is_loopback(uint32_t address)
{
    return (address & PP_HTONL(0xff000000ul)) == PP_HTONL(0x7f000000ul);
}

bool shortcut_is_martian(const struct ip_hdr *ip, const struct netif *netif)
{
    uint32_t own = netif_ip4_addr(netif)->addr;

    return is_loopback(ip->src.addr) | is_loopback(ip->dest.addr) | ((ip->src.addr == own) & !!own);
}

bool shortcut_is_open(const struct pbuf *frame, const struct netif *netif)
{
    const struct eth_hdr *ethernet = frame->payload;
    const struct ip_hdr *ip = (const void *)(ethernet + 1);
    uint32_t own = netif_ip4_addr(netif)->addr, odd;
    unsigned size = frame->tot_len - SIZEOF_ETH_HDR, told;

    if (frame->len < SIZEOF_ETH_HDR + IP_HLEN + UDP_HLEN)
        return false;
    told = lwip_ntohs(IPH_LEN(ip));
    odd = (uint32_t)(ethernet->type ^ PP_HTONS(ETHTYPE_IP)) | (ethernet->dest.addr[0] & 1) |
          (uint32_t)(ip->_v_hl ^ PLAIN_HEADER) | (IPH_OFFSET(ip) & PP_HTONS(IP_MF | IP_OFFMASK)) |
          (ip->dest.addr ^ own) | !own | (told < IP_HLEN + UDP_HLEN) | (told > size) |
          ((IPH_PROTO(ip) != IP_PROTO_TCP) & (IPH_PROTO(ip) != IP_PROTO_UDP)) | shortcut_listeners |
          is_odd_source(ip->src.addr, netif_ip4_netmask(netif)->addr) | is_loopback(ip->src.addr) |
          (ip->src.addr == own);
    return !odd && !inet_chksum(ip, IP_HLEN);
}

void shortcut_take(struct pbuf *frame, struct netif *netif)
{
    const struct ip_hdr *ip;

    frame->if_idx = netif_get_index(netif);
    pbuf_remove_header(frame, SIZEOF_ETH_HDR);
    ip = frame->payload;
    if (frame->tot_len > lwip_ntohs(IPH_LEN(ip))) /* filled up to Ethernet's least */
        pbuf_realloc(frame, lwip_ntohs(IPH_LEN(ip)));
    ip_data.current_netif = ip_data.current_input_netif = netif;
    ip_data.current_ip4_header = ip;
    ip_data.current_ip_header_tot_len = IP_HLEN;
    ip_addr_copy_from_ip4(ip_data.current_iphdr_src, ip->src);
    ip_addr_copy_from_ip4(ip_data.current_iphdr_dest, ip->dest);
    pbuf_remove_header(frame, IP_HLEN);
    if (IPH_PROTO(ip) == IP_PROTO_TCP)
        tcp_input(frame, netif);
    else
        udp_input(frame, netif);
    ip_data.current_netif = ip_data.current_input_netif = NULL;
    ip_data.current_ip4_header = NULL;
    ip_data.current_ip_header_tot_len = 0;
    ip4_addr_set_any(ip4_current_src_addr());
    ip4_addr_set_any(ip4_current_dest_addr());
}
