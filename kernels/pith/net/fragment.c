/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/fragment.h"
#include "lib/lib.h"
#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip4.h>
#include <lwip/udp.h>

#define HEADERS (SIZEOF_ETH_HDR + IP_HLEN)

/* The device sums up what is in one frame only. */
static void fill_in_checksum(struct netif *netif, struct pbuf *frame, const struct ip_hdr *ip)
{
    struct udp_hdr *udp = (struct udp_hdr *)((char *)frame->payload + HEADERS);
    ip4_addr_t source, destination;

    if (IPH_PROTO(ip) != IP_PROTO_UDP || netif->chksum_flags & NETIF_CHECKSUM_GEN_UDP)
        return;
    ip4_addr_copy(source, ip->src);
    ip4_addr_copy(destination, ip->dest);
    udp->chksum = 0;
    pbuf_remove_header(frame, HEADERS);
    udp->chksum = inet_chksum_pseudo(frame, IP_PROTO_UDP, frame->tot_len, &source, &destination);
    pbuf_add_header(frame, HEADERS);
    if (!udp->chksum)
        udp->chksum = 0xffff;
}

static err_t send_part(struct netif *netif, struct pbuf *frame, uint16_t offset, uint16_t length,
                       bool last)
{
    struct pbuf *part = pbuf_alloc(PBUF_LINK, (u16_t)(HEADERS + length), PBUF_RAM);
    struct ip_hdr *ip;
    err_t status;

    if (!part)
        return ERR_MEM;
    memcpy(part->payload, frame->payload, HEADERS);
    pbuf_copy_partial(frame, (char *)part->payload + HEADERS, length, (u16_t)(HEADERS + offset));
    ip = (struct ip_hdr *)((char *)part->payload + SIZEOF_ETH_HDR);
    IPH_LEN_SET(ip, lwip_htons((u16_t)(IP_HLEN + length)));
    IPH_OFFSET_SET(ip, lwip_htons((u16_t)(offset / 8 | (last ? 0 : IP_MF))));
    IPH_CHKSUM_SET(ip, 0);
    IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN));
    status = netif->linkoutput(netif, part);
    pbuf_free(part);
    return status;
}

err_t fragment_send(struct netif *netif, struct pbuf *frame)
{
    const struct eth_hdr *ethernet = frame->payload;
    const struct ip_hdr *ip = (const void *)(ethernet + 1);
    uint16_t part = (uint16_t)((netif->mtu - IP_HLEN) & ~7), total;
    err_t status = ERR_OK;

    if (frame->len < HEADERS + UDP_HLEN || ethernet->type != PP_HTONS(ETHTYPE_IP) ||
        IPH_HL_BYTES(ip) != IP_HLEN || IPH_PROTO(ip) == IP_PROTO_TCP ||
        IPH_OFFSET(ip) & PP_HTONS(IP_DF | IP_MF | IP_OFFMASK))
        return ERR_VAL;
    fill_in_checksum(netif, frame, ip);
    total = (uint16_t)(frame->tot_len - HEADERS);
    for (uint16_t offset = 0; offset < total && status == ERR_OK;
         offset = (uint16_t)(offset + part)) {
        bool last = total - offset <= part;

        status = send_part(netif, frame, offset, last ? (uint16_t)(total - offset) : part, last);
    }
    return status;
}
