/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SYNs from addresses that never answer: does the guest go on serving the others? The tap has room
 * for all that is sent until the next ping is answered, so none is lost on the way.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "tool.h"

enum { TICK_MS = 10, HELPING = 200 };

static struct {
    const char *address;
    volatile bool stop;
    volatile long calls, called;
} probe;

static void *probe_run(void *unused)
{
    while (!probe.stop) {
        probe.called += answers(probe.address, STALL_MS);
        probe.calls++;
        poll(NULL, 0, 100);
    }
    return unused;
}

static void send_syn(const struct link *link, uint64_t random)
{
    static const uint8_t mss[4] = {2, 4, 0x05, 0xb4};
    uint8_t frame[64], *payload;
    /* half of them neighbours that are not there, half beyond the gateway */
    uint32_t host = random & 1 ? 0x0a000003 + (uint32_t)(random >> 8) % 250
                               : 0x0b000000 | (uint32_t)(random >> 8 & 0xffffff);
    struct tcphdr tcp = {.doff = 6, .syn = 1, .window = htons(64000)};
    size_t size;

    tcp.source = htons((uint16_t)(1024 + (random >> 32) % 60000));
    tcp.dest = htons(ECHO_PORT);
    tcp.seq = (uint32_t)(random >> 24);
    payload = put_ipv4(frame, link, htonl(host), IPPROTO_TCP, sizeof tcp + sizeof mss);
    memcpy(payload, &tcp, sizeof tcp);
    memcpy(payload + sizeof tcp, mss, sizeof mss);
    size = (size_t)(payload - frame) + sizeof tcp + sizeof mss;
    seal_ipv4(frame, size);
    link_send(link, frame, size);
}

/* `count` SYNs at no more than `rate` a second. */
static void send_helping(const struct link *link, long count, long rate, uint64_t *state)
{
    long sent = 0, start = now_ms();

    while (sent < count) {
        for (long due = (now_ms() - start) * rate / 1000; sent < due && sent < count; sent++)
            send_syn(link, next_random(state));
        poll(NULL, 0, TICK_MS);
    }
}

int flood_main(char **arguments)
{
    struct link link = link_open(arguments[1], arguments[0]);
    long count = number(arguments[2]), rate = number(option(arguments + 3, "rate", "5000"));
    uint64_t state = (uint64_t)number(option(arguments + 3, "seed", "1"));
    long start = now_ms(), sent = 0, dropped = frames_dropped(arguments[1]);
    pthread_t thread;

    probe.address = arguments[0];
    pthread_create(&thread, NULL, probe_run, NULL);
    /* Until a connection was answered meanwhile, or the wait for one was given up. */
    for (; sent < count || !probe.calls; sent += HELPING) {
        send_helping(&link, HELPING, rate, &state);
        if (!ping_once(probe.address, (int)(sent / HELPING), 56, STALL_MS))
            die("no answer to a ping after %ld SYNs", sent + HELPING);
    }
    if (probe.called == 0)
        die("no connection was answered during the flood");
    printf("%ld SYNs in %.1f s; meanwhile all of %ld pings and %ld of %ld connections answered",
           sent, (double)(now_ms() - start) / 1000, sent / HELPING, probe.called, probe.calls);
    probe.stop = true;
    pthread_join(thread, NULL);
    start = now_ms();
    if (!answers(probe.address, STALL_MS))
        die("\nno answer after the flood");
    printf("; afterwards one after %ld ms\n", now_ms() - start);
    dropped = frames_dropped(arguments[1]) - dropped;
    if (dropped)
        die("the tap dropped %ld frames", dropped);
    return 0;
}
