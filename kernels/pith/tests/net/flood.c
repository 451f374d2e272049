/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SYNs from addresses that never answer: does the guest go on serving the others? */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "tool.h"

enum { TICK_MS = 10, AFTER_MS = 10000 };

static struct {
    const char *address;
    volatile bool stop;
    long pings, pinged, calls, called;
} probe;

static void *probe_run(void *unused)
{
    while (!probe.stop) {
        probe.pinged += ping_once(probe.address, (int)probe.pings++, 56, 300);
        probe.called += answers(probe.address, 1500);
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

int flood_main(char **arguments)
{
    struct link link = link_open(arguments[1], arguments[0]);
    long count = number(arguments[2]), rate = number(option(arguments + 3, "rate", "5000"));
    uint64_t state = (uint64_t)number(option(arguments + 3, "seed", "1"));
    long start = now_ms(), sent = 0, end;
    pthread_t thread;

    probe.address = arguments[0];
    pthread_create(&thread, NULL, probe_run, NULL);
    while (sent < count) {
        for (long due = (now_ms() - start) * rate / 1000; sent < due && sent < count; sent++)
            send_syn(&link, next_random(&state));
        poll(NULL, 0, TICK_MS);
    }
    probe.stop = true;
    pthread_join(thread, NULL);
    printf("%ld SYNs in %.1f s; meanwhile %ld of %ld pings and %ld of %ld connections answered",
           sent, (double)(now_ms() - start) / 1000, probe.pinged, probe.pings, probe.called,
           probe.calls);
    start = now_ms();
    end = start + AFTER_MS;
    while (!answers(probe.address, 1000) || !ping_once(probe.address, 1, 56, 1000))
        if (now_ms() > end) {
            printf("\n");
            die("no answer within %d s after the flood", AFTER_MS / 1000);
        }
    printf("; afterwards all is answered after %ld ms\n", now_ms() - start);
    if (probe.pinged * 2 < probe.pings)
        die("fewer than half of the pings were answered during the flood");
    if (probe.called == 0)
        die("no connection was answered during the flood");
    return 0;
}
