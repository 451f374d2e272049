/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server for the network tests (net/tool.h): echo, discard, supply, a report of memory, the
 * end, and a reader of whole pages. An argument plants a fault, so that the tests can be seen to
 * notice it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

enum { ECHO_PORT = 7, DISCARD = 9, REPORT = 11, END = 13, SUPPLY = 19, PAGES = 21 };
enum { BUFFER = 1 << 16, CONNECTIONS = 4096, BLOCK = 1 << 17, KEPT = 40 };

struct connection {
    int kind; /* its port; 0: none */
    int first, last, ended;
    long count; /* bytes discarded, or still to supply (-1: without end) */
    char *buffer;
};

/* Of the words that read_pages() gets: the stream's nth is n times that. */
#define PAGES_FACTOR 0x9e3779b97f4a7c15u

static struct connection table[CONNECTIONS]; /* by descriptor */
static int ep, datagrams, questions;
static long moved, echoed;
static const char *fault = "";

static int is(const char *name)
{
    return strcmp(fault, name) == 0;
}

/* Volatile, else the compiler would see that nobody wants it. */
static char *volatile leaked;

static void leak(long size)
{
    leaked = malloc(size);
    if (leaked)
        memset(leaked, 1, size);
}

static void watch(int fd, unsigned events, int how)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    if (epoll_ctl(ep, how, fd, &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static int serve(int type, int port)
{
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) != 0 ||
        (type == SOCK_STREAM && listen(fd, 512) != 0)) {
        printf("port %d: %s\n", port, strerror(errno));
        exit(1);
    }
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    return fd;
}

/* Sends nothing: but from now on the kernel looks at ICMP's errors. */
static void connect_datagrams(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(DISCARD)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_addr.s_addr = htonl(0x0a000001);
    connect(fd, (struct sockaddr *)&to, sizeof to);
}

static void finish(int fd)
{
    free(table[fd].buffer);
    if (is("leak"))
        leak(8192);
    table[fd] = (struct connection){0};
    close(fd);
}

/* Send what the buffer holds: less than 0 when the connection is done for. */
static int flush(int fd, struct connection *c)
{
    while (c->first < c->last) {
        long done = send(fd, c->buffer + c->first, c->last - c->first, MSG_NOSIGNAL);

        if (done < 0)
            return errno == EAGAIN ? 0 : -1;
        c->first += done;
        moved += done;
    }
    c->first = c->last = 0;
    return 0;
}

static int fill(int fd, struct connection *c)
{
    long got = recv(fd, c->buffer, BUFFER, 0);

    if (got < 0)
        return errno == EAGAIN ? 0 : -1;
    c->ended = got == 0;
    c->last = got;
    if (is("corrupt") && moved > 500000 && got > 100)
        c->buffer[99] ^= 1, moved = 0;
    if (is("stop") && moved > 500000)
        sleep(1000);
    if (is("grow"))
        leak(got / 64);
    return got > 0;
}

/* Each returns less than 0 when the connection is to be closed. */
static int echo(int fd, struct connection *c)
{
    do {
        if (flush(fd, c) < 0)
            return -1;
        if (c->last) { /* not all went: nothing more is read meanwhile */
            watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
            return 0;
        }
    } while (!c->ended && fill(fd, c) > 0);
    watch(fd, EPOLLIN, EPOLL_CTL_MOD);
    return c->ended ? -1 : 0;
}

static int discard(int fd, struct connection *c)
{
    char text[32];
    int status;

    while ((status = fill(fd, c)) > 0)
        c->count += c->last;
    if (status == 0 && c->ended)
        send(fd, text, snprintf(text, sizeof text, "%ld\n", c->count), MSG_NOSIGNAL);
    return c->ended ? -1 : status;
}

static int supply(int fd, struct connection *c)
{
    if (c->count == 0 && c->last == 0) { /* else the last bytes did not all go */
        if (fill(fd, c) <= 0)
            return c->ended ? -1 : 0;
        c->count = atol(c->buffer);
        c->count = c->count ? c->count : -1;
        c->first = c->last = 0;
        watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
    }
    while (c->count) {
        if (c->last == 0) {
            c->last = c->count > 0 && c->count < BUFFER ? c->count : BUFFER;
            c->count -= c->count > 0 ? c->last : 0;
        }
        if (flush(fd, c) < 0)
            return -1;
        if (c->last)
            return 0;
    }
    return flush(fd, c) < 0 || c->last == 0 ? -1 : 0;
}

static void report(int fd)
{
    struct sysinfo info;
    char text[32];

    sysinfo(&info);
    send(fd, text, snprintf(text, sizeof text, "%lu\n", info.freeram * info.mem_unit / 1024),
         MSG_NOSIGNAL);
}

static uint64_t *map_block(void)
{
    return mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* How many words of what was block `number` of the stream are wrong. */
static long wrong_words(const uint64_t *block, long number)
{
    long wrong = 0;

    for (long i = 0; i < BLOCK / 8; i++)
        wrong += block[i] != (uint64_t)(number * (BLOCK / 8) + i) * PAGES_FACTOR;
    return wrong;
}

/*
 * Blocks that begin with a page, into the same memory again and again: then the pages that the NIC
 * wrote to may take the place of the program's, so do with them whatever one does with pages. Some
 * are kept for long, and are to hold the same then.
 */
static void read_pages(int fd)
{
    uint64_t *block = map_block(), *kept[KEPT] = {0};
    long number = 0, wrong = 0, kept_number[KEPT];
    char text[64];

    for (; recv(fd, block, BLOCK, MSG_WAITALL) == BLOCK; number++) {
        long slot = number / 8 % KEPT;

        if (is("corrupt") && number == 20)
            block[BLOCK / 16] ^= 1;
        wrong += wrong_words(block, number);
        switch (number % 8) {
        case 3:
            memset(block, 'x', BLOCK);
            break;
        case 4:
            wrong += mprotect(block, BLOCK, PROT_READ) != 0;
            wrong += mprotect(block, BLOCK, PROT_READ | PROT_WRITE) != 0;
            block[number % (BLOCK / 8)] = 0;
            break;
        case 5:
            wrong += madvise(block, BLOCK, MADV_DONTNEED) != 0;
            wrong += block[BLOCK / 16] != 0;
            break;
        case 6:
            block = mremap(block, BLOCK, 2 * BLOCK, MREMAP_MAYMOVE);
            wrong += wrong_words(block, number) + (munmap(block + BLOCK / 8, BLOCK) != 0);
            break;
        case 7:
            if (kept[slot]) {
                wrong += wrong_words(kept[slot], kept_number[slot]);
                munmap(kept[slot], BLOCK);
            }
            kept[slot] = block;
            kept_number[slot] = number;
            block = map_block();
        }
    }
    for (int i = 0; i < KEPT; i++) {
        if (kept[i])
            wrong += wrong_words(kept[i], kept_number[i]) + (munmap(kept[i], BLOCK) != 0);
    }
    munmap(block, BLOCK);
    send(fd, text, snprintf(text, sizeof text, "%ld %ld\n", number, wrong), MSG_NOSIGNAL);
}

static void meet(int server, int port)
{
    int fd;

    while ((fd = accept4(server, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (port == END)
            exit(0);
        if (port == PAGES) {
            fcntl(fd, F_SETFL, 0); /* nobody else is served meanwhile */
            read_pages(fd);
            close(fd);
            continue;
        }
        if (port == REPORT || fd >= CONNECTIONS) {
            report(fd);
            close(fd);
            continue;
        }
        table[fd] = (struct connection){.kind = port, .buffer = malloc(BUFFER)};
        watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static void echo_datagrams(int fd)
{
    struct sockaddr_in6 from;
    socklen_t size = sizeof from;
    static char block[65536];
    long got;

    while ((got = recvfrom(fd, block, sizeof block, 0, (void *)&from, &size)) >= 0) {
        echoed++;
        if (ntohs(from.sin6_port) >= 1024) /* never another echo server */
            sendto(fd, block, got, 0, (void *)&from, size);
    }
}

/* How many datagrams were echoed since this was last asked. The echoes may have filled what there
 * is to send with: an answer waits for room, so `fd` blocks. */
static void tell_count(int fd)
{
    struct sockaddr_in6 from;
    socklen_t size = sizeof from;
    char text[32];

    while (recvfrom(fd, text, sizeof text, MSG_DONTWAIT, (void *)&from, &size) >= 0) {
        echo_datagrams(datagrams); /* those that came before the question */
        sendto(fd, text, snprintf(text, sizeof text, "%ld\n", echoed), 0, (void *)&from, size);
        echoed = 0;
    }
}

static void act(int fd)
{
    static int (*const kinds[])(int, struct connection *) = {
        [ECHO_PORT] = echo, [DISCARD] = discard, [SUPPLY] = supply};
    struct connection *c = &table[fd];

    if (c->kind && kinds[c->kind](fd, c) < 0)
        finish(fd);
}

static void compute(long ms)
{
    struct timespec from, now;

    clock_gettime(CLOCK_MONOTONIC, &from);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < ms);
}

/* After each sleep, which ends between two rings of the timer, a socket of another kind sends to a
 * neighbour who has been forgotten. */
static int sleep_and_speak(void)
{
    static const unsigned char ping[8] = {8, 0, 0xf7, 0xff};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(DISCARD)};
    int udp = socket(AF_INET, SOCK_DGRAM, 0), raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

    to.sin_addr.s_addr = htonl(0x0a000202);
    sleep(630);
    sendto(udp, "datagram", 8, 0, (struct sockaddr *)&to, sizeof to);
    sleep(630);
    sendto(raw, ping, sizeof ping, 0, (struct sockaddr *)&to, sizeof to);
    sleep(630);
    connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&to, sizeof to);
    return (int)sleep(1);
}

int main(int count, char **arguments)
{
    static const int ports[] = {ECHO_PORT, DISCARD, REPORT, END, SUPPLY, PAGES};
    /* More than the table has: who comes when it is full is told and closed, and keeps none
     * waiting. */
    struct rlimit files = {2 * CONNECTIONS, 2 * CONNECTIONS};
    int servers[6];

    setrlimit(RLIMIT_NOFILE, &files);
    fault = count > 1 ? arguments[1] : "";
    if (is("sleep"))
        return sleep_and_speak();
    if (is("slow") || is("slower"))
        compute(is("slow") ? 30 : 300);
    ep = epoll_create1(0);
    datagrams = serve(SOCK_DGRAM, ECHO_PORT);
    questions = serve(SOCK_DGRAM, REPORT);
    fcntl(questions, F_SETFL, 0);
    watch(serve(SOCK_DGRAM, SUPPLY), 0, EPOLL_CTL_MOD); /* nobody reads it */
    connect_datagrams();
    for (int i = 0; i < 6; i++)
        servers[i] = serve(SOCK_STREAM, ports[i]);
    printf("serving\n");
    fflush(stdout);
    for (;;) {
        struct epoll_event got[64];
        int ready = epoll_wait(ep, got, 64, is("spin") ? 0 : -1);

        for (int i = 0; i < ready; i++) {
            int fd = got[i].data.fd, server = 0;

            while (server < 6 && servers[server] != fd)
                server++;
            if (server < 6)
                meet(fd, ports[server]);
            else if (fd == datagrams)
                echo_datagrams(fd);
            else if (fd == questions)
                tell_count(fd);
            else
                act(fd);
        }
    }
}
