/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many connections one after the other; bulk transfers now one way, now the other. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

enum { PERIOD_MS = 1000, BLOCK = 1 << 18 };

static int stall_ms;

static int dial_or_die(const char *address, int port, long which)
{
    int fd = dial(address, port, STALL_MS);

    if (fd < 0)
        die("connection %ld: %s", which, strerror(-fd));
    return fd;
}

/* The server sends 100 bytes and ends the connection. */
static void supplied(const char *address, long which)
{
    int fd = dial_or_die(address, SUPPLY_PORT, which);
    char block[100];

    send_all(fd, "100\n", 4);
    if (!receive_all(fd, block, sizeof block) || receive_all(fd, block, 1))
        die("connection %ld: not 100 bytes", which);
    close(fd);
}

static void echoed(const char *address, long which, bool reset)
{
    static const struct linger now = {1, 0};
    int fd = dial_or_die(address, ECHO_PORT, which);
    char block[100], back[100];

    memset(block, (int)which, sizeof block);
    send_all(fd, block, sizeof block);
    if (!receive_all(fd, back, sizeof back) || memcmp(block, back, sizeof back) != 0)
        die("connection %ld: no echo", which);
    if (reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

int churn_main(char **arguments)
{
    long count = number(arguments[1]), start = now_ms();

    for (long i = 0; i < count; i++)
        if (i % 10 == 9)
            supplied(arguments[0], i);
        else
            echoed(arguments[0], i, i % 3 == 0);
    printf("%ld connections, %.0f/s\n", count,
           (double)count * 1000 / (double)(now_ms() - start + 1));
    return 0;
}

/* The guest ends each connection, and so may be the one that remembers it. */
int again_main(char **arguments)
{
    long count = number(arguments[1]);

    for (long i = 0; i < count; i++)
        supplied(arguments[0], i);
    printf("%ld connections\n", count);
    return 0;
}

static uint8_t block[BLOCK];

/* To the guest, which tells how much it took. */
static long give(const char *address, long period)
{
    int fd = dial_or_die(address, DISCARD_PORT, period);
    long sent = 0, end = now_ms() + PERIOD_MS;
    char told[32] = "";

    while (now_ms() < end) {
        ssize_t done;

        if (ready(fd, POLLOUT, stall_ms) != 0)
            die("period %ld: receiving stalled after %ld bytes", period, sent);
        done = send(fd, block, sizeof block, MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN)
            die("period %ld: %s", period, strerror(errno));
        sent += done > 0 ? done : 0;
    }
    shutdown(fd, SHUT_WR);
    if (ready(fd, POLLIN, STALL_MS) != 0 || recv(fd, told, sizeof told - 1, 0) <= 0)
        die("period %ld: no word of how much came", period);
    if (number(told) != sent)
        die("period %ld: %ld bytes sent, %s came", period, sent, told);
    close(fd);
    return sent;
}

/* From the guest, which sends until the connection is closed. */
static long get(const char *address, long period)
{
    int fd = dial_or_die(address, SUPPLY_PORT, period);
    long got = 0, end = now_ms() + PERIOD_MS;

    send_all(fd, "0\n", 2);
    while (now_ms() < end) {
        ssize_t done;

        if (ready(fd, POLLIN, stall_ms) != 0)
            die("period %ld: sending stalled after %ld bytes", period, got);
        done = recv(fd, block, sizeof block, 0);
        if (done <= 0)
            die("period %ld: %s", period, done ? strerror(errno) : "an early end");
        got += done;
    }
    close(fd);
    return got;
}

int alternate_main(char **arguments)
{
    long end = now_ms() + number(arguments[1]) * 1000, given = 0, got = 0, periods = 0;

    stall_ms = (int)number(option(arguments + 2, "stall", STALL));
    for (; now_ms() < end; periods++)
        if (periods % 2)
            got += get(arguments[0], periods);
        else
            given += give(arguments[0], periods);
    printf("%ld periods of 1 s, no stall: %.2f Gbit/s received, %.2f Gbit/s sent\n", periods,
           (double)given * 8e-9 / (double)((periods + 1) / 2),
           (double)got * 8e-9 / (double)(periods > 1 ? periods / 2 : 1));
    return 0;
}
