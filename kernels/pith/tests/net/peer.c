/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"
#include "tool.h"

enum { ETHER = sizeof(struct ether_header), LARGEST = 70000, ROOM = 8 << 20 };

struct wire wire_open(const char *interface, const char *address)
{
    struct wire wire = {link_open(interface, address), socket(AF_PACKET, SOCK_RAW, 0)};
    struct sockaddr_ll bound = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = (int)if_nametoindex(interface)};
    int room = ROOM;

    setsockopt(wire.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    if (wire.fd < 0 || bind(wire.fd, (struct sockaddr *)&bound, sizeof bound) != 0)
        die("%s: %s", interface, strerror(errno));
    return wire;
}

struct peer peer_make(struct wire *wire, uint8_t host, uint16_t port, int guest_port)
{
    struct peer peer = {.wire = wire,
                        .address = (wire->link.guest_address & htonl(~0xffu)) | htonl(host),
                        .mac = {2, 0, 0, 0, 0, host},
                        .port = htons(port),
                        .guest_port = htons((uint16_t)guest_port),
                        .seq = 1000000u * host,
                        .window = 65535};

    return peer;
}

void peer_answer_arp(const struct peer *peer)
{
    const struct link *link = &peer->wire->link;
    uint8_t frame[ETHER + sizeof(struct ether_arp)];
    struct ether_header ether = {.ether_type = htons(ETHERTYPE_ARP)};
    struct ether_arp arp = {
        .ea_hdr = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), 6, 4, htons(ARPOP_REPLY)}};

    memcpy(ether.ether_dhost, link->guest_mac, 6);
    memcpy(ether.ether_shost, peer->mac, 6);
    memcpy(arp.arp_sha, peer->mac, 6);
    memcpy(arp.arp_spa, &peer->address, 4);
    memcpy(arp.arp_tha, link->guest_mac, 6);
    memcpy(arp.arp_tpa, &link->guest_address, 4);
    memcpy(frame, &ether, ETHER);
    memcpy(frame + ETHER, &arp, sizeof arp);
    link_send(link, frame, sizeof frame);
}

static void answer_arp(const uint8_t *frame, size_t size, const struct peer *peers, size_t count)
{
    struct ether_arp arp;

    if (size < ETHER + sizeof arp)
        return;
    memcpy(&arp, frame + ETHER, sizeof arp);
    for (size_t i = 0; i < count && arp.arp_op == htons(ARPOP_REQUEST); i++)
        if (!peers[i].silent && memcmp(arp.arp_tpa, &peers[i].address, 4) == 0) {
            peer_answer_arp(&peers[i]);
            return;
        }
}

/* Whether the frame is a TCP segment over IPv4 from the guest, and which. */
static bool read_segment(const uint8_t *frame, size_t size, struct segment *out)
{
    const uint8_t *ip = frame + ETHER, *tcp;
    size_t header, length;
    struct tcphdr fixed;

    if (size < ETHER + sizeof(struct iphdr) || memcmp(frame + 12, "\x08\x00", 2) != 0 ||
        ip[9] != IPPROTO_TCP)
        return false;
    header = (ip[0] & 15u) * 4u;
    length = (size_t)ip[2] << 8 | ip[3];
    tcp = ip + header;
    if (length < header + sizeof fixed || size < ETHER + length)
        return false;
    memcpy(&fixed, tcp, sizeof fixed);
    if (length < header + fixed.doff * 4u)
        return false;
    memcpy(&out->to, ip + 16, 4);
    out->to_port = fixed.dest;
    out->from_port = fixed.source;
    out->flags = fixed.th_flags;
    out->seq = ntohl(fixed.seq);
    out->ack = ntohl(fixed.ack_seq);
    out->window = ntohs(fixed.window);
    out->data = tcp + fixed.doff * 4u;
    out->size = length - header - fixed.doff * 4u;
    return true;
}

bool wire_next(struct wire *wire, const struct peer *peers, size_t count, struct segment *out,
               int ms)
{
    static uint8_t frame[LARGEST];
    long end = now_ms() + ms;

    for (;;) {
        struct sockaddr_ll from = {0};
        socklen_t from_size = sizeof from;
        long left = end - now_ms();
        ssize_t size = recvfrom(wire->fd, frame, sizeof frame, MSG_DONTWAIT,
                                (struct sockaddr *)&from, &from_size);

        if (size < 0) {
            if (left <= 0 || ready(wire->fd, POLLIN, (int)left) != 0)
                return false;
            continue;
        }
        if (from.sll_pkttype == PACKET_OUTGOING || size < (ssize_t)ETHER)
            continue;
        if (from.sll_protocol == htons(ETH_P_ARP))
            answer_arp(frame, (size_t)size, peers, count);
        else if (read_segment(frame, (size_t)size, out))
            return true;
    }
}

void peer_say(const struct peer *peer, uint8_t flags, const void *options, size_t options_size,
              const void *data, size_t size)
{
    uint8_t frame[FRAME_SIZE];
    struct tcphdr tcp = {.source = peer->port, .dest = peer->guest_port};
    size_t total = sizeof tcp + options_size + size;
    uint8_t *at = put_ipv4(frame, &peer->wire->link, peer->address, IPPROTO_TCP, total);

    memcpy(frame + 6, peer->mac, 6);
    tcp.seq = htonl(peer->seq);
    tcp.ack_seq = htonl(peer->ack);
    tcp.doff = (uint8_t)((sizeof tcp + options_size) / 4) & 15u;
    tcp.th_flags = flags;
    tcp.window = htons(peer->window);
    memcpy(at, &tcp, sizeof tcp);
    if (options_size)
        memcpy(at + sizeof tcp, options, options_size);
    if (size)
        memcpy(at + sizeof tcp + options_size, data, size);
    seal_ipv4(frame, (size_t)(at - frame) + total);
    link_send(&peer->wire->link, frame, (size_t)(at - frame) + total);
}

void peer_send(struct peer *peer, const void *data, size_t size)
{
    peer_say(peer, TH_ACK | TH_PUSH, NULL, 0, data, size);
    peer->seq += (uint32_t)size;
}

bool peer_next(struct peer *peer, struct segment *out, int ms)
{
    long end = now_ms() + ms, left;
    uint32_t end_of;

    while ((left = end - now_ms()) >= 0 && wire_next(peer->wire, peer, 1, out, (int)left)) {
        if (out->to != peer->address || out->to_port != peer->port ||
            out->from_port != peer->guest_port)
            continue;
        end_of = out->seq + (uint32_t)out->size + !!(out->flags & (TH_SYN | TH_FIN));
        if ((int32_t)(out->seq - peer->ack) <= 0 && (int32_t)(end_of - peer->ack) > 0)
            peer->ack = end_of;
        return true;
    }
    return false;
}

void peer_connect(struct peer *peer, unsigned mss)
{
    const uint8_t option[4] = {2, 4, (uint8_t)(mss >> 8), (uint8_t)mss};
    struct segment segment;

    peer_say(peer, TH_SYN, option, sizeof option, NULL, 0);
    peer->seq++;
    do {
        if (!peer_next(peer, &segment, 2000))
            die("no answer to a SYN");
    } while (!(segment.flags & TH_SYN));
    peer->ack = segment.seq + 1;
    peer_say(peer, TH_ACK, NULL, 0, NULL, 0);
}
