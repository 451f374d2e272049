/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Peers that know how TCP works, and keep to it only mostly: segments near what would be right, and
 * at times errors of ICMP about them, or silence. Meanwhile a connection of an honest client's is
 * answered within a second, whoever asks for a new one gets it, and nobody receives what another
 * has sent.
 *
 * What is done does not depend on what the guest says, only the numbers that are filled in do. So
 * the same seed does the same again, as far as the guest is as fast.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "tool.h"

enum { PEERS = 24, FIRST_HOST = 100, ETHER = sizeof(struct ether_header), OPTIONS = 40 };
enum { BEAT_MS = 100, CALL_MS = 1000, DATA = 1460 };

/* What is known of a peer's connection beside what struct peer has. */
struct state {
    bool asked, connected;
    bool stingy;          /* its window is never large */
    bool filling;         /* it sends what the guest's window takes, and to its very edge */
    uint32_t known, edge; /* what the guest has acknowledged, and its window's end */
    uint8_t scale;
};

static struct wire wire;
static struct peer peers[PEERS];
static struct state states[PEERS];
static uint64_t state;
static long step, sent_segments, connections, received_bytes;
static const char *address, *seed;

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(next_random(&state) >> 32) % limit;
}

static bool one_in(uint32_t n)
{
    return below(n) == 0;
}

#define ONE_OF(values) ((values)[below(sizeof(values) / sizeof *(values))])

/* --- the honest client: a thread of its own ------------------------------------------------------
 */

static struct {
    volatile bool stop;
    long beats, calls, latest; /* ms */
    long pid;                  /* of QEMU */
} heart;

static void late(const char *what, long ms)
{
    die("%s took %ld ms, at step %ld of seed %s", what, ms, step, seed);
}

static void note(const char *what, long begun, long cpu)
{
    long took = now_ms() - begun;

    heart.latest = took > heart.latest ? took : heart.latest;
    if (took > LIMIT_MS && is_late(heart.pid, cpu, begun))
        late(what, took);
}

static void beat(int fd)
{
    char word[8] = "", back[8] = "";
    long begun = now_ms(), cpu = cpu_ms(heart.pid);

    snprintf(word, sizeof word, "%07ld", heart.beats++ % 10000000);
    send_all(fd, word, sizeof word);
    if (!receive_all(fd, back, sizeof back) || memcmp(word, back, sizeof word) != 0)
        late("an echo", now_ms() - begun);
    note("an echo", begun, cpu);
}

static void *heart_run(void *unused)
{
    int fd = dial(address, ECHO_PORT, 3000);
    long next_call = 0, begun, cpu;

    if (fd < 0)
        die("connect: %s", strerror(-fd));
    for (; !heart.stop; poll(NULL, 0, BEAT_MS)) {
        beat(fd);
        if ((begun = now_ms()) < next_call)
            continue;
        next_call = begun + CALL_MS;
        cpu = cpu_ms(heart.pid);
        if (!answers(address, HALTED_MS))
            late("a new connection", now_ms() - begun);
        note("a new connection", begun, cpu);
        heart.calls++;
    }
    close(fd);
    return unused;
}

/* --- what the guest says
 * --------------------------------------------------------------------------- */

static void begin_again(size_t i)
{
    static uint16_t port = 20000;

    states[i] = (struct state){0};
    peers[i].port = htons(port++);
    peers[i].silent = false;
}

static void look_at_data(size_t i, const struct segment *segment)
{
    received_bytes += (long)segment->size;
    if (peers[i].guest_port != htons(ECHO_PORT))
        return;
    for (size_t k = 0; k < segment->size; k++)
        if (segment->data[k] != FIRST_HOST + i)
            die("byte %02x of another connection's, at step %ld of seed %s", segment->data[k], step,
                seed);
}

static void take(size_t i, const struct segment *segment)
{
    struct peer *peer = &peers[i];
    uint32_t end = segment->seq + (uint32_t)segment->size;

    if (segment->flags & TH_RST) {
        begin_again(i);
        return;
    }
    if (segment->flags & TH_SYN) {
        peer->ack = segment->seq + 1;
        states[i].connected = true;
    }
    look_at_data(i, segment);
    states[i].known = segment->ack;
    states[i].edge =
        segment->ack + (segment->window << (segment->flags & TH_SYN ? 0 : states[i].scale));
    if (segment->flags & TH_FIN)
        end++;
    if ((int32_t)(segment->seq - peer->ack) <= 0 && (int32_t)(end - peer->ack) > 0)
        peer->ack = end;
}

static void take_all(long ms)
{
    long end = now_ms() + ms, left;
    struct segment segment;

    while ((left = end - now_ms()) >= 0 && wire_next(&wire, peers, PEERS, &segment, (int)left))
        for (size_t i = 0; i < PEERS; i++)
            if (segment.to == peers[i].address && segment.to_port == peers[i].port &&
                segment.from_port == peers[i].guest_port)
                take(i, &segment);
}

/* --- what the peers say
 * ---------------------------------------------------------------------------- */

static size_t put_option(uint8_t *at, uint8_t kind, uint8_t size)
{
    at[0] = kind;
    at[1] = one_in(50) ? (uint8_t)below(256) : size;
    for (int k = 2; k < size; k++)
        at[k] = (uint8_t)next_random(&state);
    return size;
}

static size_t syn_options(uint8_t *at, uint8_t *scale)
{
    static const uint16_t mss[] = {0, 1, 2, 47, 48, 100, 536, 1460, 1460, 1460, 1460, 9000, 65535};
    static const uint8_t scales[] = {0, 1, 7, 7, 7, 14, 15, 255};
    uint16_t value = htons(ONE_OF(mss));
    size_t size = 0;

    if (!one_in(8)) {
        put_option(at, 2, 4);
        memcpy(at + 2, &value, 2);
        size = 4;
    }
    *scale = 0;
    if (one_in(2)) {
        at[size] = 1;
        put_option(at + size + 1, 3, 3);
        at[size + 3] = ONE_OF(scales);
        size += 4;
        *scale = 7; /* the guest's own, as it scales only if we do */
    }
    if (one_in(2)) {
        memcpy(at + size, "\1\1\4\2", 4);
        size += 4;
    }
    return size;
}

/* Of segments that are no SYN: blocks of SACK near what the guest has sent, a timestamp, noise. */
static size_t other_options(const struct peer *peer, uint8_t *at)
{
    uint32_t edges[2];

    if (!one_in(4))
        return 0;
    switch (below(3)) {
    case 0:
        edges[0] = htonl(peer->ack + below(20000) - 2000);
        edges[1] = htonl(ntohl(edges[0]) + below(3000));
        memcpy(at, "\1\1\5\12", 4);
        memcpy(at + 4, edges, 8);
        return 12;
    case 1:
        memset(at, 1, 2);
        put_option(at + 2, 8, 10);
        return 12;
    default:
        for (int k = 0; k < 8; k++)
            at[k] = (uint8_t)next_random(&state);
        return 8;
    }
}

static uint16_t some_window(const struct state *of)
{
    static const uint16_t small[] = {0, 0, 1, 2, 3, 47, 95, 96, 100, 200, 1000};
    static const uint16_t windows[] = {0,    0,    1,    2,     47,    100,  500,
                                       1459, 1460, 3000, 20000, 65535, 65535};

    return of->stingy ? ONE_OF(small) : ONE_OF(windows);
}

static uint32_t near(uint32_t number)
{
    static const int steps[] = {-1, 1, -100, 100, -1460, 1460, -30000, 30000, 65535, -65536};

    return one_in(40) ? (uint32_t)next_random(&state)
                      : number + (uint32_t)ONE_OF(steps) + (one_in(2) ? below(50) : 0);
}

static void ask(size_t i)
{
    static const int ports[] = {ECHO_PORT,   ECHO_PORT,   ECHO_PORT,  DISCARD_PORT, REPORT_PORT,
                                SUPPLY_PORT, SUPPLY_PORT, PAGES_PORT, 4444};
    struct peer *peer = &peers[i];
    uint8_t options[OPTIONS], data[DATA];
    size_t size;

    if (states[i].asked && !one_in(4))
        return;
    if (!states[i].asked) {
        peer->guest_port = htons((uint16_t)ONE_OF(ports));
        /* Who reads whole pages serves nobody else meanwhile. */
        if (peer->guest_port == htons(PAGES_PORT))
            peer->guest_port = htons(ECHO_PORT);
        peer->seq = (uint32_t)next_random(&state);
        states[i].stingy = one_in(3);
        states[i].filling = one_in(3);
        connections++;
    }
    size = syn_options(options, &states[i].scale);
    /* Before it has told another window, things are not as they are ever after. */
    peer->window = states[i].stingy && one_in(2) ? (uint16_t)below(2) : some_window(&states[i]);
    memset(data, (int)(FIRST_HOST + i), sizeof data);
    if (states[i].asked)
        peer->seq--;
    peer_say(peer, one_in(20) ? TH_SYN | TH_FIN | TH_PUSH : TH_SYN, options, size, data,
             one_in(10) ? below(DATA) : 0);
    peer->seq++;
    states[i].asked = true;
}

/* As much as there is room for, at most one segment, and at times a little more or less. */
static size_t size_to_edge(size_t i)
{
    uint32_t room = states[i].edge - peers[i].seq, more = below(4);

    if (room >= DATA)
        return DATA;
    return one_in(3) ? room + more : room > more ? room - more : 0;
}

/* A segment of an established connection, or one that nearly is. */
static void speak(size_t i)
{
    static const uint8_t odd[] = {0,
                                  TH_FIN,
                                  TH_SYN,
                                  TH_RST,
                                  TH_URG | TH_ACK,
                                  TH_SYN | TH_ACK,
                                  TH_RST | TH_ACK,
                                  TH_FIN | TH_ACK | TH_URG,
                                  0xff,
                                  TH_PUSH};
    struct peer *peer = &peers[i], said = *peer;
    uint8_t flags = one_in(3) ? TH_ACK : TH_ACK | TH_PUSH, options[OPTIONS], data[DATA];
    size_t size = one_in(2) ? 0 : one_in(2) ? DATA : below(DATA), options_size;
    bool is_next = !one_in(3);

    if (one_in(60))
        flags = ONE_OF(odd);
    if (one_in(80))
        flags |= TH_FIN;
    /* What was lost, or was not right, is to be made good, or it would never be right again. */
    if (one_in(4))
        peer->seq = said.seq = states[i].known;
    said.window = states[i].stingy || one_in(3) ? some_window(&states[i]) : 65535;
    if (states[i].filling && !one_in(4))
        size = size_to_edge(i);
    if (!is_next)
        said.seq = one_in(3) ? near(states[i].edge) : near(peer->seq);
    if (one_in(4))
        said.ack = near(peer->ack);
    memset(data, (int)(FIRST_HOST + i), sizeof data);
    if (peer->guest_port == htons(SUPPLY_PORT))
        memcpy(data, one_in(2) ? "0\n" : "300000\n", 2);
    options_size = other_options(peer, options);
    peer_say(&said, flags, options, options_size, data, size);
    if (is_next && !(flags & (TH_SYN | TH_RST)) && flags & TH_ACK)
        peer->seq += (uint32_t)size + !!(flags & TH_FIN);
    if (flags & TH_RST && is_next)
        begin_again(i);
}

/* The same ACK again and again, as after a loss. */
static void repeat(size_t i)
{
    struct peer said = peers[i];

    said.ack -= one_in(2) ? 0 : below(3000);
    for (uint32_t times = 2 + below(5); times; times--)
        peer_say(&said, TH_ACK, NULL, 0, NULL, 0);
}

/* An error about a packet of this connection's, or of UDP. */
static void complain(size_t i)
{
    static const uint8_t types[] = {3, 3, 3, 3, 4, 5, 11, 12};
    struct icmphdr icmp = {.type = ONE_OF(types), .code = (uint8_t)below(16)};
    struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 60, .tot_len = htons(1500)};
    struct {
        uint16_t from, to;
        uint32_t seq;
    } quoted = {peers[i].guest_port, peers[i].port, htonl(peers[i].ack - below(3000))};
    size_t size = sizeof icmp + sizeof ip + sizeof quoted;
    uint8_t frame[128], *at;

    icmp.un.frag.mtu = htons((uint16_t)below(1600));
    ip.protocol = one_in(4) ? IPPROTO_UDP : IPPROTO_TCP;
    ip.saddr = wire.link.guest_address;
    ip.daddr = peers[i].address;
    at = put_ipv4(frame, &wire.link, peers[i].address, IPPROTO_ICMP, size);
    memcpy(at, &icmp, sizeof icmp);
    memcpy(at + sizeof icmp, &ip, sizeof ip);
    memcpy(at + sizeof icmp + sizeof ip, &quoted, sizeof quoted);
    seal_ipv4(frame, (size_t)(at - frame) + size);
    link_send(&wire.link, frame, (size_t)(at - frame) + size);
}

static void send_datagram(size_t i)
{
    static const int ports[] = {ECHO_PORT, REPORT_PORT, SUPPLY_PORT, 4444};
    struct udphdr udp = {.source = peers[i].port, .dest = htons((uint16_t)ONE_OF(ports))};
    size_t size = sizeof udp + below(1400);
    uint8_t frame[FRAME_SIZE];
    uint8_t *at = put_ipv4(frame, &wire.link, peers[i].address, IPPROTO_UDP, size);

    memset(at, (int)(FIRST_HOST + i), size);
    udp.len = htons((uint16_t)size);
    memcpy(at, &udp, sizeof udp);
    seal_ipv4(frame, (size_t)(at - frame) + size);
    link_send(&wire.link, frame, (size_t)(at - frame) + size);
}

/* A neighbour is not there any more, or is again. */
static void hide(size_t i)
{
    peers[i].silent = !peers[i].silent;
    if (!peers[i].silent)
        peer_answer_arp(&peers[i]);
}

static void act(size_t i)
{
    uint32_t what = below(100);

    if (!states[i].connected || what < 2)
        ask(i);
    else if (what < 86)
        speak(i);
    else if (what < 92)
        repeat(i);
    else if (what < 95)
        complain(i);
    else if (what < 97)
        send_datagram(i);
    else if (what < 99)
        hide(i);
    else
        begin_again(i); /* forgotten, without a word */
    sent_segments++;
}

/* So that what they hold in the guest does not stay. */
static void leave(void)
{
    for (size_t i = 0; i < PEERS; i++)
        peer_say(&peers[i], TH_RST, NULL, 0, NULL, 0);
}

int peers_main(char **arguments)
{
    long seconds = number(arguments[2]), rate = number(option(arguments + 4, "rate", "4000"));
    long begun = now_ms();
    pthread_t thread;

    address = arguments[0];
    seed = option(arguments + 4, "seed", "1");
    heart.pid = number(arguments[3]);
    state = (uint64_t)number(seed);
    if (!answers(address, HALTED_MS))
        die("no answer before anything was done");
    wire = wire_open(arguments[1], address);
    for (size_t i = 0; i < PEERS; i++) {
        peers[i] = peer_make(&wire, (uint8_t)(FIRST_HOST + i), 0, ECHO_PORT);
        begin_again(i);
    }
    pthread_create(&thread, NULL, heart_run, NULL);
    while (now_ms() - begun < seconds * 1000) {
        uint32_t steps = 1 + below(20), pause;

        for (; steps; steps--, step++)
            act(below(PEERS));
        /* Now and then long enough for the guest's timers. */
        pause = one_in(200) ? below(1500) : 0;
        take_all(pause);
        while (sent_segments * 1000 / rate > now_ms() - begun)
            take_all(1);
    }
    leave();
    heart.stop = true;
    pthread_join(thread, NULL);
    printf(
        "%ld steps of seed %s in %ld s, %ld connections, %.1f MB received; %ld beats and %ld new "
        "connections answered, the latest after %ld ms\n",
        step, seed, seconds, connections, (double)received_bytes / 1e6, heart.beats, heart.calls,
        heart.latest);
    return 0;
}
