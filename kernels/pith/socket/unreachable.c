/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ICMP's word that nobody listens at a port (RFC 792, RFC 4443), which lwIP hears and forgets. */
#include "lib/errno.h"
#include "socket/datagram.h"
#include <lwip/icmp.h>
#include <lwip/ip.h>
#include <lwip/prot/icmp6.h>
#include <lwip/raw.h>
#include <lwip/udp.h>

/* What an error quotes of the packet that it answers. */
struct quoted {
    ip_addr_t from, to;
    uint8_t protocol;
    uint16_t offset; /* of the transport header */
};

static void tell(const struct quoted *quoted, const struct pbuf *pbuf)
{
    struct udp_hdr header;

    if (quoted->protocol != IP_PROTO_UDP ||
        pbuf_copy_partial(pbuf, &header, sizeof header, quoted->offset) != sizeof header)
        return;
    for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
        struct socket *socket = udp_socket_of(pcb);

        if (socket && pcb->flags & UDP_FLAGS_CONNECTED &&
            pcb->local_port == lwip_ntohs(header.src) &&
            pcb->remote_port == lwip_ntohs(header.dest) &&
            ip_addr_cmp_zoneless(&pcb->local_ip, &quoted->from) &&
            ip_addr_cmp_zoneless(&pcb->remote_ip, &quoted->to))
            socket_fail(socket, ECONNREFUSED);
    }
}

static u8_t on_ip4(void *arg, struct raw_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from)
{
    uint16_t at = IPH_HL_BYTES(ip4_current_header());
    struct quoted quoted = {0};
    struct icmp_echo_hdr error; /* as long as this */
    struct ip_hdr ip;

    (void)arg, (void)pcb, (void)from;
    if (pbuf_copy_partial(pbuf, &error, sizeof error, at) != sizeof error ||
        error.type != ICMP_DUR || (error.code != ICMP_DUR_PROTO && error.code != ICMP_DUR_PORT))
        return 0;
    at = (uint16_t)(at + sizeof error);
    if (pbuf_copy_partial(pbuf, &ip, sizeof ip, at) != sizeof ip)
        return 0;
    ip_addr_copy_from_ip4(quoted.from, ip.src);
    ip_addr_copy_from_ip4(quoted.to, ip.dest);
    quoted.protocol = IPH_PROTO(&ip);
    quoted.offset = (uint16_t)(at + IPH_HL_BYTES(&ip));
    tell(&quoted, pbuf);
    return 0;
}

static u8_t on_ip6(void *arg, struct raw_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from)
{
    uint16_t at = ip_current_header_tot_len();
    struct quoted quoted = {0};
    struct icmp6_hdr error;
    struct ip6_hdr ip;

    (void)arg, (void)pcb, (void)from;
    if (pbuf_copy_partial(pbuf, &error, sizeof error, at) != sizeof error ||
        error.type != ICMP6_TYPE_DUR || error.code != ICMP6_DUR_PORT)
        return 0;
    at = (uint16_t)(at + sizeof error);
    if (pbuf_copy_partial(pbuf, &ip, sizeof ip, at) != sizeof ip)
        return 0;
    ip_addr_copy_from_ip6_packed(quoted.from, ip.src);
    ip_addr_copy_from_ip6_packed(quoted.to, ip.dest);
    quoted.protocol = IP6H_NEXTH(&ip);
    quoted.offset = (uint16_t)(at + IP6_HLEN);
    tell(&quoted, pbuf);
    return 0;
}

void unreachable_watch(void)
{
    static struct raw_pcb *ip4, *ip6;

    if (!ip4 && (ip4 = raw_new_ip_type(IPADDR_TYPE_V4, IP_PROTO_ICMP)))
        raw_recv(ip4, on_ip4, NULL);
    if (!ip6 && (ip6 = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6)))
        raw_recv(ip6, on_ip6, NULL);
}
