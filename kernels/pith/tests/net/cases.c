/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What single peers did to a guest once, each a case of its own. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"
#include "tool.h"

enum { HOST = 77, OTHER = 78, MSS = 1460, WINDOW = 65535, LEAST_MSS = 48 };
enum { RETRANSMIT_MS = 4000, TIMER_MS = 20000, OTHERS = 100, LARGE = 16384 };

static struct wire wire;
static const char *guest;
static uint8_t block[WINDOW];

static void must_live(const char *after)
{
    if (!answers(guest, 3000))
        die("no answer after %s", after);
}

/* Receive `size` bytes, acknowledging them, within `ms`: how many came. Each is to be `expected`,
 * unless that is 0. */
static size_t receive(struct peer *peer, size_t size, int expected, int ms)
{
    long end = now_ms() + ms;
    struct segment segment;
    uint32_t from = peer->ack;

    while (peer->ack - from < size && now_ms() < end) {
        if (!peer_next(peer, &segment, (int)(end - now_ms())))
            break;
        for (size_t i = 0; expected && i < segment.size; i++)
            if (segment.data[i] != expected)
                die("byte %zu of a segment is %02x: another connection's", i, segment.data[i]);
        if (segment.size)
            peer_say(peer, TH_ACK, NULL, 0, NULL, 0);
    }
    return peer->ack - from;
}

static void must_receive(struct peer *peer, size_t size, int expected, int ms)
{
    size_t got = receive(peer, size, expected, ms);

    if (got < size)
        die("%zu of %zu bytes came", got, size);
}

/* An answer waits as the window is closed; it opens a little; there is a second answer. */
static void small_window(uint16_t first)
{
    struct peer peer = peer_make(&wire, HOST, (uint16_t)(5000 + first), ECHO_PORT);

    memset(block, 'a', 1000);
    peer.window = first;
    peer_connect(&peer, MSS);
    peer_send(&peer, block, 1000);
    poll(NULL, 0, 50);
    peer.window = 100;
    peer_send(&peer, block, 1000);
    poll(NULL, 0, 50);
    peer_send(&peer, block, 1000);
    must_live("a small window");
    peer.window = WINDOW;
    peer_say(&peer, TH_ACK, NULL, 0, NULL, 0);
    must_receive(&peer, 3000, 'a', 5000);
}

static void case_windows(void)
{
    for (uint16_t first = 0; first < 4; first++)
        small_window(first);
}

/* Take up the guest's window, of which `left` bytes are left, with what its program does not
 * read. */
static uint32_t fill_window(struct peer *peer, uint32_t left)
{
    struct segment segment = {0};

    peer_connect(peer, MSS);
    peer_send(peer, "0\n", 2);
    do {
        if (!peer_next(peer, &segment, 2000))
            die("no data");
    } while (segment.ack != peer->seq);
    for (uint32_t edge = segment.ack + segment.window; edge - peer->seq > left;) {
        uint32_t room = edge - peer->seq - left;

        peer_send(peer, block, room < MSS ? room : MSS);
        poll(NULL, 0, 1);
    }
    return left;
}

/* Data out of order that reach beyond the window, and then what was missing. */
static void case_edge(void)
{
    struct peer peer = peer_make(&wire, HOST, 5010, SUPPLY_PORT);

    fill_window(&peer, 1000);
    peer.seq += 500;
    peer_say(&peer, TH_ACK, NULL, 0, block, MSS);
    peer.seq -= 500;
    peer_send(&peer, block, 500);
    must_live("data beyond the window");
}

/* The end, out of order, and then data that reach beyond it and the window's edge: of this lwIP has
 * it that the end is one byte too far. */
static void case_beyond_end(void)
{
    struct peer peer = peer_make(&wire, HOST, 5011, SUPPLY_PORT);

    fill_window(&peer, 1000);
    peer.seq += 500;
    peer_say(&peer, TH_ACK | TH_FIN, NULL, 0, block, 10);
    peer.seq -= 500;
    peer_send(&peer, block, MSS);
    must_live("data beyond the end");
}

/* All is to be sent again, but the window is closed; then an ACK of all of it. */
static void case_persist(void)
{
    struct peer peer = peer_make(&wire, HOST, 5012, ECHO_PORT);
    struct segment segment;

    peer_connect(&peer, MSS);
    peer_send(&peer, block, 1000);
    do {
        if (!peer_next(&peer, &segment, 2000))
            die("no echo");
    } while (!segment.size);
    peer.ack -= 999;
    peer.window = 0;
    peer_say(&peer, TH_ACK, NULL, 0, NULL, 0);
    poll(NULL, 0, RETRANSMIT_MS);
    peer.ack += 999;
    peer_say(&peer, TH_ACK, NULL, 0, NULL, 0);
    poll(NULL, 0, 1000);
    must_live("an ACK of what the closed window kept back");
}

/* Segments are lost, and the window closes before they can be sent again, as Linux closes it when
 * it has no memory for what follows a gap. It opens after the timer has tried, too: what has come
 * once comes again, be it as a probe of the window. */
static void case_hole(void)
{
    struct peer peer = peer_make(&wire, HOST, 5014, SUPPLY_PORT);
    struct segment segment;
    uint32_t lost, came;

    peer_connect(&peer, MSS);
    lost = peer.ack;
    peer_send(&peer, "50000\n", 6);
    do { /* one frame to be lost, and one that is younger */
        if (!peer_next(&peer, &segment, TIMER_MS))
            die("%u bytes came, and nothing behind them", peer.ack - lost);
    } while (!segment.size || segment.seq == lost);
    came = peer.ack;
    peer.ack = lost;
    peer.window = 0;
    for (int i = 0; i < 4; i++) /* the first is no duplicate: it says another window */
        peer_say(&peer, TH_ACK, NULL, 0, NULL, 0);
    do {
        if (!peer_next(&peer, &segment, TIMER_MS))
            die("nothing was sent again");
    } while (!segment.size || (int32_t)(segment.seq - came) >= 0);
    peer.ack = lost;
    peer.window = WINDOW;
    peer_say(&peer, TH_ACK, NULL, 0, NULL, 0);
    must_receive(&peer, 50000, 0, TIMER_MS);
}

/* Other connections' bytes, into whatever memory has become free: echoes that are never
 * acknowledged. */
static void others_send(void)
{
    struct segment segment;

    memset(block, 'V', MSS);
    for (int i = 0; i < OTHERS; i++) {
        struct peer peer = peer_make(&wire, OTHER, (uint16_t)(6000 + i), ECHO_PORT);

        peer_connect(&peer, MSS);
        peer_send(&peer, block, MSS);
        while (peer_next(&peer, &segment, 2000) && !segment.size)
            ;
    }
}

/* An answer waits for a neighbour that is silent, and whose connection ends meanwhile. */
static void case_neighbour(void)
{
    struct peer peer = peer_make(&wire, HOST, 5013, ECHO_PORT);
    struct segment segment;
    size_t got = 0;

    peer.silent = true;
    peer_connect(&peer, MSS);
    memset(block, 'a', 1400);
    peer_send(&peer, block, 1400);
    poll(NULL, 0, 200);
    peer_say(&peer, TH_RST | TH_ACK, NULL, 0, NULL, 0);
    poll(NULL, 0, 50);
    others_send();
    peer.silent = false;
    peer_answer_arp(&peer);
    while (peer_next(&peer, &segment, 500)) {
        got += segment.size;
        for (size_t i = 0; i < segment.size; i++)
            if (segment.data[i] != 'a')
                die("byte %zu is %02x: another connection's", i, segment.data[i]);
    }
    if (!got)
        die("nothing had waited for the neighbour");
}

/* What is sent again is a single packet: how large it is. */
static size_t size_again(struct peer *peer)
{
    struct segment segment;
    uint32_t first;

    peer_send(peer, "1000\n", 5);
    do {
        if (!peer_next(peer, &segment, 2000))
            die("no data");
    } while (!segment.size);
    first = segment.seq;
    poll(NULL, 0, 500);
    while (peer_next(peer, &segment, RETRANSMIT_MS))
        if (segment.seq == first && segment.size)
            return segment.size;
    die("nothing was sent again");
}

/* The smallest MSS that can be told. */
static void case_mss(void)
{
    struct peer small = peer_make(&wire, HOST, 5019, SUPPLY_PORT);
    size_t size;

    peer_connect(&small, 1);
    size = size_again(&small);
    if (size < LEAST_MSS)
        die("a packet of %zu bytes", size);
    for (unsigned mss = 0; mss < 3; mss++) {
        struct peer peer = peer_make(&wire, HOST, (uint16_t)(5020 + mss), SUPPLY_PORT);

        peer_connect(&peer, mss);
        peer_send(&peer, "5000000\n", 8);
        must_receive(&peer, 5000000, 0, 10000);
    }
}

/* Whoever comes after greedy ones (greedy_main) is sent large segments, not page after page. */
static void case_after_greedy(void)
{
    struct peer peer = peer_make(&wire, HOST, 5040, SUPPLY_PORT);
    struct segment segment = {0};
    size_t largest = 0;

    peer_connect(&peer, MSS);
    peer_send(&peer, "3000000\n", 8);
    while (!(segment.flags & TH_FIN)) {
        if (!peer_next(&peer, &segment, 2000))
            die("no data");
        largest = segment.size > largest ? segment.size : largest;
        peer_say(&peer, TH_ACK, NULL, 0, NULL, 0);
    }
    if (largest < LARGE)
        die("the largest segment has %zu bytes", largest);
}

static size_t put_udp(uint8_t *frame, uint32_t source, int from, int to)
{
    struct udphdr udp = {.source = htons((uint16_t)from), .dest = htons((uint16_t)to)};
    size_t size = sizeof udp + 4;
    uint8_t *at = put_ipv4(frame, &wire.link, source, IPPROTO_UDP, size);

    udp.len = htons((uint16_t)size);
    memcpy(at, &udp, sizeof udp);
    memcpy(at + sizeof udp, "word", 4);
    seal_ipv4(frame, (size_t)(at - frame) + size);
    return (size_t)(at - frame) + size;
}

/* Datagrams of the guest's own, and of loopback, that come by the wire: nobody echoes them. */
static void case_martian(void)
{
    const uint32_t sources[] = {wire.link.guest_address, htonl(0x7f000001), htonl(0x7f010203)};
    struct peer peer = peer_make(&wire, HOST, 5030, ECHO_PORT);
    uint8_t frame[128];
    long echoed;

    datagrams_echoed(guest);
    for (int i = 0; i < 3; i++)
        link_send(&wire.link, frame, put_udp(frame, sources[i], 5000, ECHO_PORT));
    poll(NULL, 0, 50); /* the question may overtake them */
    echoed = datagrams_echoed(guest);
    if (echoed)
        die("%ld of 3 datagrams were taken that nobody can have sent", echoed);
    link_send(&wire.link, frame, put_udp(frame, peer.address, 5000, ECHO_PORT));
    poll(NULL, 0, 50);
    echoed = datagrams_echoed(guest);
    if (echoed != 1)
        die("of an honest datagram %ld were taken", echoed);
    peer.address = wire.link.guest_address; /* land: a SYN to itself */
    peer_say(&peer, TH_SYN, NULL, 0, NULL, 0);
    must_live("a SYN from itself");
}

/* Nobody listens where a datagram from this port of the guest's went to. */
static void unreachable(uint32_t source, int from, uint32_t to, int port)
{
    struct icmphdr icmp = {.type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH};
    struct iphdr ip = {.version = 4,
                       .ihl = 5,
                       .ttl = 64,
                       .protocol = IPPROTO_UDP,
                       .tot_len = htons(32),
                       .saddr = source,
                       .daddr = to};
    struct udphdr udp = {.source = htons((uint16_t)from), .dest = htons((uint16_t)port)};
    size_t size = sizeof icmp + sizeof ip + sizeof udp;
    uint8_t frame[128], *at;

    at = put_ipv4(frame, &wire.link, wire.link.our_address, IPPROTO_ICMP, size);
    memcpy(at, &icmp, sizeof icmp);
    memcpy(at + sizeof icmp, &ip, sizeof ip);
    memcpy(at + sizeof icmp + sizeof ip, &udp, sizeof udp);
    seal_ipv4(frame, (size_t)(at - frame) + size);
    link_send(&wire.link, frame, (size_t)(at - frame) + size);
}

static void case_unreachable(void)
{
    unreachable(wire.link.guest_address, 68, 0, 67);
    unreachable(0, 68, 0, 67);
    unreachable(0, 68, htonl(0xffffffff), 67);
    must_live("an error about DHCP");
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"windows", case_windows},         {"edge", case_edge},
    {"beyond-end", case_beyond_end},   {"persist", case_persist},
    {"neighbour", case_neighbour},     {"mss", case_mss},
    {"martian", case_martian},         {"after-greedy", case_after_greedy},
    {"unreachable", case_unreachable}, {"hole", case_hole},
};

/* Connections that are sent what they never read, until none is sent more; and stay. */
int greedy_main(char **arguments)
{
    int small = 4096;

    for (long count = number(arguments[1]); count; count--) {
        int fd = dial(arguments[0], SUPPLY_PORT, STALL_MS);

        if (fd < 0)
            die("connect: %s", strerror(-fd));
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        send_all(fd, "0\n", 2);
    }
    poll(NULL, 0, 1000);
    printf("watching\n");
    fflush(stdout);
    pause();
    return 0;
}

int case_main(char **arguments)
{
    guest = arguments[0];
    must_live("nothing");
    wire = wire_open(arguments[1], guest);
    for (size_t i = 0; arguments[2] && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(cases[i].name, arguments[2]) == 0) {
            cases[i].run();
            must_live(arguments[2]);
            printf("%s\n", arguments[2]);
            return 0;
        }
    die("%s: no such case", arguments[2] ? arguments[2] : "nothing");
}
