/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the socket tests: they run over loopback on Linux and on pith and must print the same, so
 * they wait for what they expect and print nothing that may differ (ports, time, sizes above what
 * was asked for). */
#ifndef PITH_INET_H
#define PITH_INET_H

#include "abi.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* One part of a program. A part that hangs must not hide what the others would print. */
#define PART(name)                                                                                 \
    do {                                                                                           \
        printf("-- " #name "\n");                                                                  \
        part = #name;                                                                              \
        alarm(20);                                                                                 \
        name();                                                                                    \
    } while (0)

#define ANY ((struct sockaddr *)&any)
#define SIZE(array) (sizeof(array) / sizeof *(array))

static const char *part;
static struct sockaddr_storage any; /* the last address made or asked for */
static socklen_t any_size;

static inline void stuck(int signal)
{
    (void)signal;
    printf("stuck in %s\n", part);
    fflush(stdout);
    _exit(1);
}

/* Loopback must be up. Linux leaves that to the program, as init started nothing that would. */
static inline void begin(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    ioctl(fd, SIOCGIFFLAGS, &request);
    if (!(request.ifr_flags & IFF_UP)) {
        request.ifr_flags |= IFF_UP;
        ioctl(fd, SIOCSIFFLAGS, &request);
    }
    close(fd);
    signal(SIGALRM, stuck);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Put an IPv4 address and port into `any`. */
static inline struct sockaddr *v4(const char *address, int port)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&any;

    memset(&any, 0, sizeof any);
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, address, &in->sin_addr);
    any_size = sizeof *in;
    return ANY;
}

static inline struct sockaddr *v6(const char *address, int port)
{
    struct sockaddr_in6 *in = (struct sockaddr_in6 *)&any;

    memset(&any, 0, sizeof any);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons((uint16_t)port);
    inet_pton(AF_INET6, address, &in->sin6_addr);
    any_size = sizeof *in;
    return ANY;
}

#define V4(port) v4("127.0.0.1", port), sizeof(struct sockaddr_in)
#define V6(port) v6("::1", port), sizeof(struct sockaddr_in6)

/* The port that `fd` is bound to; its address is left in `any`. */
static inline int port_of(int fd)
{
    any_size = sizeof any;
    if (getsockname(fd, ANY, &any_size) != 0)
        return -1;
    return ntohs(((struct sockaddr_in *)&any)->sin_port);
}

/* The address in `any`, as words. The port is told only as being there. */
static inline const char *words(void)
{
    static char text[100];
    char address[INET6_ADDRSTRLEN] = "?";
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&any;
    struct sockaddr_in *four = (struct sockaddr_in *)&any;

    if (any.ss_family == AF_INET)
        inet_ntop(AF_INET, &four->sin_addr, address, sizeof address);
    else if (any.ss_family == AF_INET6)
        inet_ntop(AF_INET6, &six->sin6_addr, address, sizeof address);
    snprintf(text, sizeof text, "family %d size %d %s %s", any.ss_family, (int)any_size, address,
             four->sin_port ? "with a port" : "no port");
    return text;
}

static inline int bound(int family, int type)
{
    int fd = socket(family, type, 0);

    if (family == AF_INET)
        bind(fd, V4(0));
    else
        bind(fd, V6(0));
    return fd;
}

static inline int listener(int family, int backlog)
{
    int fd = bound(family, SOCK_STREAM);

    listen(fd, backlog);
    return fd;
}

static inline int connected(int type, int port)
{
    int fd = socket(AF_INET, type, 0);

    return connect(fd, V4(port)) == 0 ? fd : (close(fd), -1);
}

/* A TCP connection over loopback: [0] is the one that connected. */
static inline int tcp_pair(int fds[2])
{
    int server = listener(AF_INET, 8);

    fds[0] = connected(SOCK_STREAM, port_of(server));
    fds[1] = accept(server, NULL, NULL);
    close(server);
    return fds[0] < 0 || fds[1] < 0 ? -1 : 0;
}

static inline void close_pair(int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static inline long milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait until poll() reports all of `events`, 5 s at most: what poll() reports then. */
static inline int await(int fd, int events)
{
    struct timespec pause = {0, 1000000};
    struct pollfd one = {.fd = fd, .events = (short)events};
    long end = milliseconds() + 5000;

    while (poll(&one, 1, 1000) == 0 || (one.revents & events) != events) {
        if (milliseconds() > end)
            return -1;
        nanosleep(&pause, NULL); /* a part of it holds already, so poll() does not wait */
    }
    return one.revents;
}

/* What poll() reports now, of all it can. */
static inline int state(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLPRI | POLLOUT | POLLRDHUP};

    poll(&one, 1, 0);
    return one.revents;
}

/* recv() once something can be received. */
static inline long take(int fd, void *buffer, size_t size)
{
    await(fd, POLLIN);
    return recv(fd, buffer, size, MSG_DONTWAIT);
}

static inline int option(int fd, int level, int name)
{
    int value = -77;
    socklen_t size = sizeof value;

    return getsockopt(fd, level, name, &value, &size) == 0 ? value : -errno;
}

static inline int set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : -errno;
}

static inline void nonblocking(int fd, int on)
{
    fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0);
}

/* Send until no more fits: how much that was. */
static inline long fill(int fd)
{
    static char block[16384];
    long total = 0, done;

    while ((done = send(fd, block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        total += done;
    return total;
}

/* Bytes that look like chance (a linear congruential generator's), the same everywhere. */
static inline void fill_random(uint8_t *bytes, size_t size)
{
    uint32_t random = 1;

    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(random >> 24);
    }
}

static inline void rest(int ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

#endif
