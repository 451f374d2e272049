/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames that are almost right: packets of each protocol the guest knows, then damaged, with their
 * checksums mended half of the time so that the damage gets further in. The tap has room for all
 * that are sent until the guest must answer a ping. After each batch it must also take a
 * connection. The same seed sends the same frames.
 */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "tool.h"

enum { BATCHES = 20, HELPING = 500, ETHER = sizeof(struct ether_header), LARGE = 8000 };

static struct link link;
static uint64_t state;

static uint32_t random_below(uint32_t limit)
{
    return (uint32_t)(next_random(&state) >> 32) % limit;
}

static bool one_in(uint32_t n)
{
    return random_below(n) == 0;
}

static void random_bytes(uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)next_random(&state);
}

/* Mostly what fits a frame, sometimes more. */
static size_t random_size(void)
{
    return random_below(one_in(20) ? LARGE : one_in(2) ? 1440 : 64);
}

static uint32_t random_source(void)
{
    return one_in(2) ? link.our_address : htonl(0x0a000000 | random_below(256));
}

static uint16_t random_port(void)
{
    static const uint16_t known[] = {7, 9, 19, 53, 67, 68, 546, 547};

    return htons(one_in(4) ? (uint16_t)random_below(65536) : known[random_below(8)]);
}

static size_t make_arp(uint8_t *frame)
{
    struct ether_header ether = {.ether_type = htons(ETHERTYPE_ARP)};
    struct arphdr arp = {htons(ARPHRD_ETHER), htons(ETHERTYPE_IP), 6, 4, 0};
    uint8_t *at = frame + ETHER + sizeof arp;
    uint32_t source = random_source();

    memset(ether.ether_dhost, 0xff, 6);
    memcpy(ether.ether_shost, link.our_mac, 6);
    memcpy(frame, &ether, ETHER);
    arp.ar_op = htons((uint16_t)(1 + random_below(3)));
    memcpy(frame + ETHER, &arp, sizeof arp);
    random_bytes(at, 20);
    /* Not a lie about us: the guest would rightly believe it. */
    if (source == link.our_address)
        memcpy(at, link.our_mac, 6);
    memcpy(at + 6, &source, 4);
    memcpy(at + 16, &link.guest_address, 4);
    return ETHER + sizeof arp + 20;
}

static size_t make_icmp(uint8_t *frame)
{
    static const uint8_t types[] = {0, 3, 4, 5, 8, 8, 8, 11, 12, 13, 17};
    struct icmphdr icmp = {.type = types[random_below(sizeof types)],
                           .code = (uint8_t)random_below(16)};
    size_t size = random_size();
    uint8_t *at = put_ipv4(frame, &link, random_source(), IPPROTO_ICMP, sizeof icmp + size);
    struct iphdr quoted = {.version = 4, .ihl = 5, .ttl = 60, .tot_len = htons(1500)};

    if (icmp.type == 8)
        icmp.code = 0;
    icmp.un.gateway = (uint32_t)next_random(&state);
    memcpy(at, &icmp, sizeof icmp);
    random_bytes(at + sizeof icmp, size);
    quoted.protocol = one_in(2) ? IPPROTO_TCP : IPPROTO_UDP;
    quoted.saddr = link.guest_address;
    quoted.daddr = link.our_address;
    if (icmp.type != 8 && size >= sizeof quoted)
        memcpy(at + sizeof icmp, &quoted, sizeof quoted);
    return (size_t)(at - frame) + sizeof icmp + size;
}

static size_t make_udp(uint8_t *frame)
{
    size_t size = random_size();
    uint8_t *at =
        put_ipv4(frame, &link, random_source(), IPPROTO_UDP, sizeof(struct udphdr) + size);
    struct udphdr udp = {.source = random_port(), .dest = random_port()};

    udp.len = htons((uint16_t)(sizeof udp + size));
    memcpy(at, &udp, sizeof udp);
    random_bytes(at + sizeof udp, size);
    return (size_t)(at - frame) + sizeof udp + size;
}

static size_t make_tcp(uint8_t *frame)
{
    static const uint8_t known[] = {2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10};
    size_t options = random_below(11) * 4, size = one_in(2) ? 0 : random_size();
    struct tcphdr tcp = {.source = random_port(), .dest = random_port(), .doff = 5};
    uint8_t *at = put_ipv4(frame, &link, random_source(), IPPROTO_TCP, sizeof tcp + options + size);
    uint8_t flags = one_in(2) ? TH_SYN : (uint8_t)next_random(&state);

    tcp.doff = (uint8_t)(5 + options / 4) & 15u;
    tcp.seq = (uint32_t)next_random(&state);
    tcp.ack_seq = (uint32_t)next_random(&state);
    tcp.window = (uint16_t)next_random(&state);
    memcpy(at, &tcp, sizeof tcp);
    at[13] = flags;
    random_bytes(at + sizeof tcp, options + size);
    if (options > sizeof known && one_in(2))
        memcpy(at + sizeof tcp, known, sizeof known);
    return (size_t)(at - frame) + sizeof tcp + options + size;
}

/* Of few packets, so that pieces meet: overlapping, missing, reaching beyond 64 KiB. */
static size_t make_fragment(uint8_t *frame)
{
    size_t size = 8 * (1 + random_below(180));
    uint8_t *at =
        put_ipv4(frame, &link, link.our_address, one_in(2) ? IPPROTO_UDP : IPPROTO_ICMP, size);
    struct iphdr ip;

    memcpy(&ip, frame + ETHER, sizeof ip);
    ip.id = htons((uint16_t)random_below(4));
    ip.frag_off = htons((uint16_t)(random_below(one_in(4) ? 8192 : 64) | (one_in(3) ? 0 : IP_MF)));
    ip.check = 0;
    ip.check = checksum(&ip, sizeof ip, 0);
    memcpy(frame + ETHER, &ip, sizeof ip);
    random_bytes(at, size);
    return (size_t)(at - frame) + size;
}

static size_t make_other_ipv4(uint8_t *frame)
{
    size_t size = random_size();
    uint8_t *at = put_ipv4(frame, &link, random_source(), (int)random_below(256), size);

    random_bytes(at, size);
    return (size_t)(at - frame) + size;
}

static size_t make_ipv6(uint8_t *frame)
{
    static const uint8_t next[] = {0, 6, 17, 43, 44, 50, 58, 58, 58, 58, 59, 60};
    static const uint8_t types[] = {1, 2, 3, 4, 128, 130, 131, 133, 134, 135, 136, 137};
    struct ether_header ether = {.ether_type = htons(ETHERTYPE_IPV6)};
    struct ip6_hdr ip = {.ip6_flow = htonl(6u << 28)};
    size_t size = 8 + random_size();
    uint8_t *at = frame + ETHER + sizeof ip;

    memcpy(ether.ether_dhost, link.guest_mac, 6);
    memcpy(ether.ether_shost, link.our_mac, 6);
    memcpy(frame, &ether, ETHER);
    ip.ip6_plen = htons((uint16_t)size);
    ip.ip6_nxt = next[random_below(sizeof next)];
    ip.ip6_hlim = one_in(2) ? 255 : 64;
    inet_pton(AF_INET6, "fe80::1", &ip.ip6_src);
    inet_pton(AF_INET6, one_in(2) ? "ff02::1" : "fe80::", &ip.ip6_dst);
    if (ip.ip6_dst.s6_addr[0] == 0xfe) { /* the address a guest makes of its MAC */
        const uint8_t *mac = link.guest_mac;
        uint8_t low[8] = {mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

        memcpy(ip.ip6_dst.s6_addr + 8, low, 8);
    }
    memcpy(frame + ETHER, &ip, sizeof ip);
    random_bytes(at, size);
    if (ip.ip6_nxt == 58) {
        at[0] = types[random_below(sizeof types)];
        at[1] = 0;
    } else if (ip.ip6_nxt == 0 || ip.ip6_nxt == 43 || ip.ip6_nxt == 60) {
        at[0] = next[random_below(sizeof next)];
        at[1] = (uint8_t)random_below(one_in(4) ? 256 : 4);
    }
    return ETHER + sizeof ip + size;
}

static size_t make_noise(uint8_t *frame)
{
    size_t size = ETHER + random_size();

    random_bytes(frame, size);
    memcpy(frame, link.guest_mac, 6);
    if (one_in(2))
        memcpy(frame + 12, one_in(2) ? "\x08\x00" : "\x86\xdd", 2);
    return size;
}

static void mend_ipv6(uint8_t *frame, size_t size)
{
    static const uint8_t places[256] = {[6] = 16, [17] = 6, [58] = 2};
    uint8_t *ip = frame + ETHER, *payload = ip + sizeof(struct ip6_hdr);
    size_t length = size > ETHER + 40 ? size - ETHER - 40 : 0, place = places[ip[6]];
    uint32_t sum = (uint32_t)length + ip[6];
    uint16_t check;

    if (place == 0 || length < place + 2)
        return;
    for (size_t i = 8; i < 40; i += 2)
        sum += (uint32_t)ip[i] << 8 | ip[i + 1];
    memset(payload + place, 0, 2);
    check = checksum(payload, length, sum);
    memcpy(payload + place, &check, 2);
}

static void mend(uint8_t *frame, size_t size)
{
    uint16_t check;

    if (memcmp(frame + 12, "\x86\xdd", 2) == 0) {
        mend_ipv6(frame, size);
    } else if (memcmp(frame + 12, "\x08\x00", 2) == 0 && size >= ETHER + sizeof(struct iphdr)) {
        size_t header = (frame[ETHER] & 15u) * 4u;

        seal_ipv4(frame, size);
        if (header < sizeof(struct iphdr) || size < ETHER + header)
            return;
        memset(frame + ETHER + 10, 0, 2);
        check = checksum(frame + ETHER, header, 0);
        memcpy(frame + ETHER + 10, &check, 2);
    }
}

static size_t damage(uint8_t *frame, size_t size)
{
    static const uint16_t values[] = {0, 1, 7, 20, 0x7fff, 0x8000, 0xfff7, 0xffff};
    size_t head = size < 80 ? size : 80;
    uint16_t value;

    switch (random_below(5)) {
    case 0: /* a bit anywhere in the headers */
        frame[12 + random_below((uint32_t)head - 12)] ^= (uint8_t)(1u << random_below(8));
        return size;
    case 1: /* a field of a telling value */
        value = htons(one_in(2) ? values[random_below(8)] : (uint16_t)(size - random_below(64)));
        memcpy(frame + 12 + 2 * random_below((uint32_t)(head - 12) / 2), &value, 2);
        return size;
    case 2:
        return ETHER + random_below((uint32_t)(size - ETHER) + 1);
    case 3:
        value = (uint16_t)random_below(100);
        random_bytes(frame + size, value);
        return size + value;
    default:
        frame[12 + random_below((uint32_t)head - 12)] = (uint8_t)next_random(&state);
        return size;
    }
}

static void send_one(void)
{
    static size_t (*const makers[])(uint8_t *) = {
        make_arp, make_icmp,     make_udp,        make_tcp,  make_tcp,
        make_tcp, make_fragment, make_other_ipv4, make_ipv6, make_noise};
    uint8_t frame[FRAME_SIZE + 400];
    size_t size = makers[random_below(sizeof makers / sizeof *makers)](frame);

    mend(frame, size);
    for (uint32_t times = random_below(4); times && size > ETHER + 4; times--)
        size = damage(frame, size);
    if (one_in(2))
        mend(frame, size);
    link_send(&link, frame, size);
}

/* A question may find what a frame before it has spoilt, such as a neighbour's address: it is asked
 * again. */
static void must_answer(const char *address, long frames, const char *seed, long stall,
                        bool connect)
{
    long end = now_ms() + stall;

    for (int ms = 500;
         !ping_once(address, (int)frames, 56, ms) || (connect && !answers(address, 4 * ms));
         ms = ms < 4000 ? ms * 2 : ms)
        if (now_ms() > end)
            die("no answer after frame %ld of seed %s", frames, seed);
}

/* `count` frames at no more than `rate` a second. */
static long send_helping(long count, long rate)
{
    long sent = 0, start = now_ms();

    for (; sent < count; poll(NULL, 0, 5))
        for (long due = (now_ms() - start) * rate / 1000; sent < due && sent < count; sent++)
            send_one();
    return count;
}

int fuzz_main(char **arguments)
{
    long count = number(arguments[2]), rate = number(option(arguments + 3, "rate", "20000"));
    const char *seed = option(arguments + 3, "seed", "1");
    long stall = number(option(arguments + 3, "stall", STALL)), sent = 0, begun = now_ms();

    link = link_open(arguments[1], arguments[0]);
    state = (uint64_t)number(seed);
    for (int batch = 1; batch <= BATCHES; batch++) {
        long last = count * batch / BATCHES;

        while (sent < last) {
            sent += send_helping(last - sent < HELPING ? last - sent : HELPING, rate);
            must_answer(arguments[0], sent, seed, stall, sent == last);
        }
    }
    printf("%ld frames of seed %s in %.1f s; ping and connection answered after each %ld\n", sent,
           seed, (double)(now_ms() - begun) / 1000, count / BATCHES);
    return 0;
}
