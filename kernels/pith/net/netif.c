/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/netif.h"
#include "cpu/console.h"
#include "lib/lib.h"
#include "memory/paging.h"
#include "net/connections.h"
#include "net/fragment.h"
#include "net/guard.h"
#include "net/net.h"
#include "net/segments.h"
#include "net/shortcut.h"
#include "virtio/nic.h"
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/inet_chksum.h>
#include <lwip/ip.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/tcp.h>
#include <netif/ethernet.h>

#define BULK (4u << 20) /* bytes */

#define SYN_MOST 134 /* bytes of a frame with a SYN: IPv4's and TCP's headers at their longest */

static struct netif interface;
static struct nic nic;

struct in_hand in_hand;
static ip4_addr_t unresolved; /* the last who was answered so, until netif_resolve() */

/* Where things are in a frame that is about to be sent; transport is 0 when it is neither TCP nor
 * UDP. Its headers are always in the first pbuf: lwIP has made them. */
struct layout {
    uint16_t transport;
    uint8_t protocol;
    bool ip6;
};

static struct layout look(const struct pbuf *frame)
{
    const struct eth_hdr *ethernet = frame->payload;
    const uint8_t *ip = (const uint8_t *)(ethernet + 1);
    struct layout layout = {0};

    if (ethernet->type == PP_HTONS(ETHTYPE_IP) &&
        frame->len >= SIZEOF_ETH_HDR + IP_HLEN + UDP_HLEN) {
        const struct ip_hdr *header = (const void *)ip;

        layout.protocol = IPH_PROTO(header);
        if (!(IPH_OFFSET(header) & PP_HTONS(IP_OFFMASK | IP_MF)))
            layout.transport = SIZEOF_ETH_HDR + IPH_HL_BYTES(header);
    } else if (ethernet->type == PP_HTONS(ETHTYPE_IPV6) &&
               frame->len >= SIZEOF_ETH_HDR + IP6_HLEN + UDP_HLEN) {
        layout.protocol = IP6H_NEXTH((const struct ip6_hdr *)(const void *)ip);
        layout.transport = SIZEOF_ETH_HDR + IP6_HLEN;
        layout.ip6 = true;
    }
    if (layout.protocol != IP_PROTO_TCP && layout.protocol != IP_PROTO_UDP)
        layout.transport = 0;
    return layout;
}

/* The sum over addresses, protocol and length, which the device goes on from. */
static uint16_t pseudo_sum(const uint8_t *ip, struct layout layout, uint32_t length)
{
    uint32_t sum = layout.ip6 ? net_sum(ip + 8, 32) : net_sum(ip + 12, 8);

    sum += lwip_htons(layout.protocol) + lwip_htons((uint16_t)length);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

enum end { SOURCE, DESTINATION };

static ip_addr_t address_of(const struct pbuf *frame, struct layout layout, enum end end)
{
    ip_addr_t address;
    const void *ip = (const uint8_t *)frame->payload + SIZEOF_ETH_HDR;
    const struct ip6_hdr *ip6 = ip;
    const struct ip_hdr *ip4 = ip;

    if (layout.ip6) {
        ip_addr_copy_from_ip6_packed(address, end == SOURCE ? ip6->src : ip6->dest);
        ip6_addr_assign_zone(ip_2_ip6(&address), IP6_UNICAST, &interface);
    } else {
        ip_addr_copy_from_ip4(address, end == SOURCE ? ip4->src : ip4->dest);
    }
    return address;
}

/* Have the device fill in the transport checksum, and cut the frame where it is too long. */
static struct nic_header prepare(const struct pbuf *frame)
{
    struct layout layout = look(frame);
    uint8_t *transport = (uint8_t *)frame->payload + layout.transport;
    struct nic_header header = {0};
    uint16_t sum;

    if (!layout.transport || !nic.checksum)
        return header;
    header.flags = NIC_NEEDS_CHECKSUM;
    header.checksum_start = layout.transport;
    header.checksum_offset = layout.protocol == IP_PROTO_TCP ? 16 : 6;
    sum = pseudo_sum((uint8_t *)frame->payload + SIZEOF_ETH_HDR, layout,
                     (uint32_t)(frame->tot_len - layout.transport));
    memcpy(transport + header.checksum_offset, &sum, 2);
    if (layout.protocol == IP_PROTO_TCP && frame->tot_len > SIZEOF_ETH_HDR + nic.mtu) {
        header.gso_type = layout.ip6 ? NIC_GSO_TCP6 : NIC_GSO_TCP4;
        ip_addr_t to = address_of(frame, layout, DESTINATION);

        header.gso_size = segments_mss((const void *)transport, &to);
        header.header_length =
            (uint16_t)(layout.transport + TCPH_HDRLEN_BYTES((const struct tcp_hdr *)transport));
    }
    return header;
}

/* A connection that moves much is worth preparing for; most boots never see one. */
static void count(unsigned bytes)
{
    static unsigned counted;

    if (counted < BULK && (counted += bytes) >= BULK)
        paging_widen();
}

static err_t send(struct netif *netif, struct pbuf *frame)
{
    struct nic_header header = prepare(frame);

    if (frame->tot_len > SIZEOF_ETH_HDR + nic.mtu && !header.gso_size)
        return fragment_send(netif, frame);
    count(frame->tot_len);
    return nic_send(frame, header) ? ERR_OK : ERR_MEM;
}

/* What look() says of a frame for which the shortcut is open. */
static struct layout look_shortly(const struct pbuf *frame)
{
    const struct ip_hdr *ip = (const void *)((const uint8_t *)frame->payload + SIZEOF_ETH_HDR);

    return (struct layout){SIZEOF_ETH_HDR + IP_HLEN, IPH_PROTO(ip), false};
}

static void look_for_syn(const struct pbuf *frame, struct layout layout)
{
    const struct eth_hdr *ethernet = frame->payload;
    const struct tcp_hdr *tcp = (const void *)((const uint8_t *)frame->payload + layout.transport);
    ip_addr_t from;

    if (!layout.transport || layout.protocol != IP_PROTO_TCP ||
        frame->len < layout.transport + sizeof *tcp ||
        (TCPH_FLAGS(tcp) & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return;
    from = address_of(frame, layout, SOURCE);
    connections_reopen(&from, tcp);
    if (layout.ip6 || ethernet->src.addr[0] & 1)
        return;
    in_hand.asks = true;
    in_hand.asker = *ip_2_ip4(&from);
    in_hand.neighbour = ethernet->src;
}

/* His answer goes back the way he came: it need not wait until ARP has found that out. The first
 * one goes at once, while we do what is left to do; others that come with it, together. */
static err_t output(struct netif *netif, struct pbuf *packet, const ip4_addr_t *to)
{
    bool is_first = ip4_addr_isany_val(unresolved);
    err_t error;

    if (!in_hand.asks || !ip4_addr_cmp(to, &in_hand.asker))
        return etharp_output(netif, packet, to);
    unresolved = *to;
    error = ethernet_output(netif, packet, (const struct eth_addr *)netif->hwaddr,
                            &in_hand.neighbour, ETHTYPE_IP);
    if (is_first)
        nic_kick(false);
    return error;
}

void netif_resolve(void)
{
    const ip4_addr_t *hop = &unresolved, *known;
    struct eth_addr *neighbour;

    if (ip4_addr_isany_val(unresolved))
        return;
    if (!ip4_addr_netcmp(hop, netif_ip4_addr(&interface), netif_ip4_netmask(&interface)))
        hop = netif_ip4_gw(&interface);
    if (!ip4_addr_isany(hop) && etharp_find_addr(&interface, hop, &neighbour, &known) < 0)
        etharp_query(&interface, hop, NULL);
    ip4_addr_set_any(&unresolved);
}

/* Whether it says to come from this host, or from or to loopback: no such packet is ever on a wire.
 * Who answered one would answer himself (RFC 1122, 3.2.1.3 and 4.2.3.10). */
static bool is_martian(const struct pbuf *frame)
{
    const struct eth_hdr *ethernet = frame->payload;
    const struct ip_hdr *ip4 = (const void *)(ethernet + 1);
    const struct ip6_hdr *ip6 = (const void *)(ethernet + 1);
    ip6_addr_t from, to;

    if (ethernet->type == PP_HTONS(ETHTYPE_IP) && frame->len >= SIZEOF_ETH_HDR + IP_HLEN)
        return shortcut_is_martian(ip4, &interface);
    if (ethernet->type != PP_HTONS(ETHTYPE_IPV6) || frame->len < SIZEOF_ETH_HDR + IP6_HLEN)
        return false;
    ip6_addr_copy_from_packed(from, ip6->src);
    ip6_addr_copy_from_packed(to, ip6->dest);
    ip6_addr_assign_zone(&from, IP6_UNICAST, &interface);
    return ip6_addr_isloopback(&from) || ip6_addr_isloopback(&to) ||
           netif_get_ip6_addr_match(&interface, &from) >= 0;
}

static void take(void *argument)
{
    struct pbuf *frame = argument;
    bool is_short = shortcut_is_open(frame, &interface);

    if (!is_short && is_martian(frame)) {
        pbuf_free(frame);
        return;
    }
    if (frame->tot_len <= SYN_MOST)
        look_for_syn(frame, is_short ? look_shortly(frame) : look(frame));
    if (is_short)
        shortcut_take(frame, &interface);
    else if (interface.input(frame, &interface) != ERR_OK)
        pbuf_free(frame);
    in_hand.asks = false;
    segments_after_input();
}

/* A frame whose checksum the device vouches for, or which never left this host and has none yet, is
 * not summed up again. */
static bool receive(struct pbuf *frame, const struct nic_header *header)
{
    bool trusted = header->flags & (NIC_NEEDS_CHECKSUM | NIC_CHECKSUM_VALID);
    uint16_t checks = NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;

    count(frame->tot_len);
    if (trusted)
        interface.chksum_flags &= (uint16_t)~checks;
    else
        interface.chksum_flags |= checks;
    if (!guard(take, frame)) {
        in_hand.asks = false;
        in_hand.pcb = NULL;
    }
    return !net_held();
}

static err_t set_up(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 't';
    netif->output = output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = send;
    netif->mtu = nic.mtu;
    netif->hwaddr_len = sizeof nic.mac;
    memcpy(netif->hwaddr, nic.mac, sizeof nic.mac);
    netif->flags =
        NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    if (nic.checksum)
        netif->chksum_flags =
            NETIF_CHECKSUM_ENABLE_ALL & ~(NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP);
    return ERR_OK;
}

/* Without the announcement that lwIP would make: like Linux, whom nobody has asked yet. */
static void go_up(void)
{
    netif_clear_flags(&interface, NETIF_FLAG_ETHARP);
    netif_set_up(&interface);
    netif_set_flags(&interface, NETIF_FLAG_ETHARP);
}

bool netif_start(const struct address *address)
{
    ip4_addr_t client = {address->client}, netmask = {address->netmask},
               gateway = {address->gateway};

    nic.receive = receive;
    nic.place = net_hooks->place;
    nic.room = segments_room;
    if (!nic_start(&nic)) {
        print("pith: ip= is given, but there is no usable network device\n");
        return false;
    }
    netif_add(&interface, &client, &netmask, &gateway, NULL, set_up, ethernet_input);
    netif_set_default(&interface);
    go_up();
    netif_create_ip6_linklocal_address(&interface, 1);
    interface.ip6_autoconfig_enabled = 1;
    segments_allow(nic.checksum && nic.tso4 ? SEGMENT_LARGEST : 0,
                   nic.checksum && nic.tso6 ? SEGMENT_LARGEST : 0);
    if (address->dhcp && dhcp_start(&interface) != ERR_OK)
        return false;
    return true;
}

bool netif_has_address(void)
{
    return !ip4_addr_isany(netif_ip4_addr(&interface));
}
