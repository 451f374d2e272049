/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload `loopback`: an HTTP server on epoll and its only client, two threads of one program,
 * which talk over loopback. One of them can always run, so nothing idles, and what is counted does
 * not depend on when packets come.
 *
 *     GET /      a page as long as nginx's first one
 *     GET /out   the bytes of the phase
 *     PUT /      takes those, and then replies with the page
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../payload.h"
#include "loopback.h"

#define PORT 8080
#define PAGE 612
#define BLOCK 65536
#define WARM 8 /* requests before those that are counted */

static const struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_port = __builtin_bswap16(PORT), .sin_addr = {0x0100007f}};
static const char get[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char get_out[] = "GET /out HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
static const char put[] = "PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 16000000\r\n\r\n";
static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 612\r\n\r\n";
#define REPLY (sizeof head - 1 + PAGE)

static char page[REPLY], ours[BLOCK], theirs[BLOCK]; /* the buffers of the two threads */
static int failed; /* a bit for each phase that went wrong; the exit status */

static void check(enum loopback phase, bool good)
{
    if (!good)
        failed |= 1 << phase;
}

/* Receive all of `size` bytes. */
static bool take(int fd, char *buffer, size_t size)
{
    ssize_t got = 1;

    for (size_t left = size; left > 0 && got > 0; left -= (size_t)got)
        got = read(fd, buffer, left < BLOCK ? left : BLOCK);
    return got > 0;
}

static bool give(int fd, const char *buffer, size_t size)
{
    ssize_t gone = 1;

    for (size_t left = size; left > 0 && gone > 0; left -= (size_t)gone)
        gone = write(fd, buffer, left < BLOCK ? left : BLOCK);
    return gone > 0;
}

/* Serve one request of a connection; false: it has ended. Requests are small and come whole. */
static bool serve(int fd)
{
    ssize_t got = read(fd, theirs, BLOCK);
    size_t bytes;

    if (got <= 0)
        return false;
    if (memcmp(theirs, "PUT", 3) == 0) { /* with the request may come the first bytes */
        bytes = (size_t)loopback_repeat[LOOPBACK_IN] * LOOPBACK_MB;
        return take(fd, theirs, bytes - ((size_t)got - (sizeof put - 1))) &&
               give(fd, page, sizeof page);
    }
    if (memcmp(theirs, get_out, 8) == 0)
        return give(fd, theirs, (size_t)loopback_repeat[LOOPBACK_OUT] * LOOPBACK_MB);
    return give(fd, page, sizeof page);
}

static void watch(int loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static void *server(void *socket)
{
    int listener = (int)(long)socket, loop = epoll_create1(0);
    struct epoll_event event;

    watch(loop, listener);
    while (epoll_wait(loop, &event, 1, -1) == 1) {
        int fd = event.data.fd;

        if (fd == listener)
            watch(loop, accept(listener, NULL, NULL));
        else if (!serve(fd))
            close(fd);
    }
    return NULL;
}

static int dial(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static bool ask(int fd)
{
    return give(fd, get, sizeof get - 1) && take(fd, ours, sizeof page);
}

static bool ask_anew(void)
{
    int fd = dial();
    bool good = ask(fd);

    return close(fd) == 0 && good;
}

static void begin(enum loopback phase)
{
    payload_mark(MARKER_PHASE, 2 * (unsigned)phase);
}

static void end(enum loopback phase)
{
    payload_mark(MARKER_PHASE, 2 * (unsigned)phase + 1);
}

static void requests(void)
{
    int fd = dial();

    for (int i = 0; i < WARM; i++)
        check(LOOPBACK_REQUEST, ask(fd));
    begin(LOOPBACK_REQUEST);
    for (unsigned i = 0; i < loopback_repeat[LOOPBACK_REQUEST]; i++)
        check(LOOPBACK_REQUEST, ask(fd));
    end(LOOPBACK_REQUEST);
    close(fd);
}

static void connections(void)
{
    for (int i = 0; i < WARM; i++)
        check(LOOPBACK_CONNECT, ask_anew());
    begin(LOOPBACK_CONNECT);
    for (unsigned i = 0; i < loopback_repeat[LOOPBACK_CONNECT]; i++)
        check(LOOPBACK_CONNECT, ask_anew());
    end(LOOPBACK_CONNECT);
}

static void bulk(void)
{
    int fd = dial();

    check(LOOPBACK_IN, ask(fd));
    begin(LOOPBACK_IN);
    check(LOOPBACK_IN, give(fd, put, sizeof put - 1) &&
                           give(fd, ours, (size_t)loopback_repeat[LOOPBACK_IN] * LOOPBACK_MB) &&
                           take(fd, ours, sizeof page));
    end(LOOPBACK_IN);
    begin(LOOPBACK_OUT);
    check(LOOPBACK_OUT, give(fd, get_out, sizeof get_out - 1) &&
                            take(fd, ours, (size_t)loopback_repeat[LOOPBACK_OUT] * LOOPBACK_MB));
    end(LOOPBACK_OUT);
    close(fd);
}

/* Loopback, where the kernel leaves that to us. */
static void bring_up(int socket)
{
    struct ifreq link = {.ifr_name = "lo"};

    if (ioctl(socket, SIOCGIFFLAGS, &link) == 0 && !(link.ifr_flags & IFF_UP)) {
        link.ifr_flags |= IFF_UP;
        ioctl(socket, SIOCSIFFLAGS, &link);
    }
}

int main(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    pthread_t thread;

    payload_mark(MARKER_MAIN, 0);
    memcpy(page, head, sizeof head - 1);
    memset(page + sizeof head - 1, 'x', PAGE);
    bring_up(listener);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 8) < 0 || pthread_create(&thread, NULL, server, (void *)(long)listener)) {
        perror("loopback");
        failed = 1 << LOOPBACK_COUNT;
    }
    payload_mark(MARKER_READY, 0);
    if (!failed) {
        requests();
        connections();
        bulk();
    }
    payload_mark(MARKER_EXIT, (unsigned)failed);
    return failed;
}
