/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does what is sent come back, all of it and right? */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "tool.h"

enum { BLOCK = 1 << 18, MOST_CONNECTIONS = 64 };

/* `size` bytes of an endless random stream, from `offset`. */
static void stream_bytes(uint64_t seed, long offset, uint8_t *to, size_t size)
{
    uint64_t word, state;

    for (size_t done = 0; done < size;) {
        size_t in = (size_t)(offset + (long)done) % 8;
        size_t part = size - done < 8 - in ? size - done : 8 - in;

        state = seed + (uint64_t)(offset + (long)done) / 8;
        word = next_random(&state);
        memcpy(to + done, (uint8_t *)&word + in, part);
        done += part;
    }
}

struct sending {
    int fd;
    long bytes;
    uint64_t seed;
    struct sha256_ctx hash;
};

static void *send_stream(void *data)
{
    struct sending *s = data;
    static uint8_t block[BLOCK];

    for (long done = 0; done < s->bytes;) {
        size_t size = s->bytes - done < BLOCK ? (size_t)(s->bytes - done) : BLOCK;

        stream_bytes(s->seed, done, block, size);
        sha256_update(&s->hash, size, block);
        send_all(s->fd, block, size);
        done += (long)size;
    }
    shutdown(s->fd, SHUT_WR);
    return NULL;
}

int echo_main(char **arguments)
{
    struct sending s = {.fd = dial(arguments[0], ECHO_PORT, STALL_MS),
                        .bytes = number(arguments[1]),
                        .seed = (uint64_t)number(option(arguments + 2, "seed", "1"))};
    uint8_t sent[SHA256_DIGEST_SIZE], received[SHA256_DIGEST_SIZE];
    static uint8_t block[BLOCK];
    struct sha256_ctx hash;
    long got = 0, start = now_ms(), stall = number(option(arguments + 2, "stall", STALL));
    pthread_t thread;

    if (s.fd < 0)
        die("connect: %s", strerror(-s.fd));
    sha256_init(&s.hash);
    sha256_init(&hash);
    pthread_create(&thread, NULL, send_stream, &s);
    for (;;) {
        ssize_t size;

        if (ready(s.fd, POLLIN, (int)stall) != 0)
            die("after %ld of %ld bytes: stalled", got, s.bytes);
        size = recv(s.fd, block, BLOCK, 0);
        if (size == 0)
            break;
        if (size < 0)
            die("after %ld of %ld bytes: %s", got, s.bytes, strerror(errno));
        sha256_update(&hash, (size_t)size, block);
        got += size;
    }
    pthread_join(thread, NULL);
    close(s.fd);
    sha256_digest(&s.hash, sizeof sent, sent);
    sha256_digest(&hash, sizeof received, received);
    if (got != s.bytes)
        die("%ld bytes sent, %ld came back", s.bytes, got);
    if (memcmp(sent, received, sizeof sent) != 0)
        die("%ld bytes came back, but others (SHA-256)", got);
    printf("%.1f MB each way, SHA-256 %02x%02x%02x%02x..., %.0f Mbit/s each way\n",
           (double)got / 1e6, sent[0], sent[1], sent[2], sent[3],
           (double)got * 8e-3 / (double)(now_ms() - start + 1));
    return 0;
}

struct flow {
    int fd;
    uint64_t seed;
    long sent, received;
};

/* Send what the connection takes: false when it takes nothing. */
static bool push(struct flow *flow, long bytes)
{
    static uint8_t block[BLOCK];
    size_t size = bytes - flow->sent < BLOCK ? (size_t)(bytes - flow->sent) : BLOCK;
    ssize_t done;

    stream_bytes(flow->seed, flow->sent, block, size);
    done = send(flow->fd, block, size, MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN)
        die("send: %s", strerror(errno));
    flow->sent += done > 0 ? done : 0;
    if (flow->sent == bytes)
        shutdown(flow->fd, SHUT_WR);
    return done > 0;
}

static void pull(struct flow *flow, long bytes)
{
    static uint8_t block[BLOCK], expected[BLOCK];
    ssize_t done = recv(flow->fd, block, BLOCK, 0);

    if (done < 0 && errno == EAGAIN)
        return;
    if (done <= 0)
        die("after %ld of %ld bytes: %s", flow->received, bytes,
            done == 0 ? "the end" : strerror(errno));
    stream_bytes(flow->seed, flow->received, expected, (size_t)done);
    if (memcmp(block, expected, (size_t)done) != 0)
        die("a wrong byte after %ld", flow->received);
    flow->received += done;
}

/* Send on all until none takes more for a second. */
static long stuff(struct flow *flows, int count, long bytes)
{
    struct pollfd polled[MOST_CONNECTIONS];
    long total = 0;

    for (;;) {
        for (int i = 0; i < count; i++)
            polled[i] = (struct pollfd){flows[i].sent < bytes ? flows[i].fd : -1, POLLOUT, 0};
        if (poll(polled, (nfds_t)count, 1000) <= 0)
            break;
        for (int i = 0; i < count; i++)
            if (polled[i].revents)
                push(&flows[i], bytes);
    }
    for (int i = 0; i < count; i++) {
        total += flows[i].sent;
        if (flows[i].sent == bytes)
            die("all %ld bytes were taken: nothing was full", bytes);
    }
    return total;
}

static void drain(struct flow *flows, int count, long bytes)
{
    struct pollfd polled[MOST_CONNECTIONS];

    for (;;) {
        int open = 0;

        for (int i = 0; i < count; i++) {
            short events = POLLIN;

            if (flows[i].sent < bytes)
                events |= POLLOUT;
            polled[i] = (struct pollfd){flows[i].received < bytes ? flows[i].fd : -1, events, 0};
            open += flows[i].received < bytes;
        }
        if (!open)
            return;
        if (poll(polled, (nfds_t)count, STALL_MS) <= 0)
            die("stalled with %d connections open", open);
        for (int i = 0; i < count; i++) {
            if (polled[i].revents & POLLOUT && flows[i].sent < bytes)
                push(&flows[i], bytes);
            if (polled[i].revents & (POLLIN | POLLERR | POLLHUP))
                pull(&flows[i], bytes);
        }
    }
}

/* The client sends and does not read, so its peer can neither send nor, soon, read. */
int unread_main(char **arguments)
{
    const char *address = arguments[0];
    long bytes = number(arguments[1]), count = number(arguments[2]), total;
    struct flow flows[MOST_CONNECTIONS];

    if (count > MOST_CONNECTIONS)
        die("at most %d connections", MOST_CONNECTIONS);
    for (int i = 0; i < count; i++) {
        flows[i] = (struct flow){dial(address, ECHO_PORT, STALL_MS), (uint64_t)i << 40, 0, 0};
        if (flows[i].fd < 0)
            die("connect: %s", strerror(-flows[i].fd));
    }
    total = stuff(flows, (int)count, bytes);
    for (int i = 0; i < 10; i++)
        if (!ping_once(address, i, 1000, STALL_MS))
            die("no answer to a ping while %ld bytes wait", total);
    if (!answers(address, STALL_MS))
        die("no new connection while %ld bytes wait", total);
    drain(flows, (int)count, bytes);
    for (int i = 0; i < count; i++)
        close(flows[i].fd);
    printf("%ld connections full with %.1f MB; then all of %.1f MB came back\n", count,
           (double)total / 1e6, (double)(bytes * count) / 1e6);
    return 0;
}

static int to_port(const char *address, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, address, &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("%s: %s", address, strerror(errno));
    return fd;
}

/* One datagram at a time, so none may be lost. */
int datagrams_main(char **arguments)
{
    static uint8_t block[65536], back[65536];
    int fd = to_port(arguments[0], ECHO_PORT);
    long count = number(arguments[1]);

    for (long i = 0; i < count; i++) {
        /* mostly what fits a frame, sometimes what must be fragmented */
        size_t size = (size_t)(i * 37 % (i % 10 ? 1473 : 9000));

        stream_bytes((uint64_t)i << 40, 0, block, size);
        if (send(fd, block, size, 0) != (ssize_t)size)
            die("datagram of %zu bytes: %s", size, strerror(errno));
        if (ready(fd, POLLIN, STALL_MS) != 0)
            die("datagram %ld of %zu bytes did not come back", i, size);
        if (recv(fd, back, sizeof back, 0) != (ssize_t)size || memcmp(block, back, size) != 0)
            die("datagram %ld of %zu bytes came back different", i, size);
    }
    close(fd);
    printf("%ld datagrams came back\n", count);
    return 0;
}

static void send_burst(int fd, long count)
{
    static const uint8_t block[1000];

    for (long i = 0; i < count; i++)
        if (send(fd, block, sizeof block, 0) != sizeof block)
            die("datagram %ld: %s", i, strerror(errno));
}

static long echoed_since(int fd)
{
    char text[32] = "";

    if (send(fd, "?", 1, 0) != 1 || ready(fd, POLLIN, STALL_MS) != 0 ||
        recv(fd, text, sizeof text - 1, 0) < 0)
        die("no answer how many datagrams arrived");
    return number(text);
}

long datagrams_echoed(const char *address)
{
    int fd = to_port(address, REPORT_PORT);
    long count = echoed_since(fd);

    close(fd);
    return count;
}

/* Many datagrams at once, more than a socket holds, but not more than the tap does. A program that
 * reads them as they come gets all that the tap did not drop (without net_hold(), a fifth): by the
 * guest's clock it is fast enough if it has that of its instructions. Echoes are lost here, so the
 * guest is asked how many there were. Where nobody reads, datagrams are not in the way of others.
 */
int burst_main(char **arguments)
{
    int echo = to_port(arguments[0], ECHO_PORT), ask = to_port(arguments[0], REPORT_PORT);
    long count = number(arguments[2]), dropped = frames_dropped(arguments[1]), got;

    echoed_since(ask);
    send_burst(echo, count);
    got = echoed_since(ask);
    dropped = frames_dropped(arguments[1]) - dropped;
    if (got + dropped != count)
        die("of %ld datagrams %ld arrived, the tap dropped %ld", count, got, dropped);
    send_burst(to_port(arguments[0], SUPPLY_PORT), count);
    if (!answers(arguments[0], STALL_MS))
        die("no echo behind datagrams that nobody reads");
    printf("%ld of %ld datagrams arrived, the tap dropped %ld\n", got, count, dropped);
    return 0;
}
