/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What poll, select and epoll say of sockets, and when. */
#include "inet.h"
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

static char text[200000];
static struct epoll_event got[16];

/* Events of one epoll_wait: how many, and of the first which. */
static int wait_once(int ep, int ms)
{
    int count = epoll_wait(ep, got, SIZE(got), ms);

    if (count <= 0)
        return count;
    return count * 1000000 + (int)(got[0].events & 0xfffff);
}

static int watch(int ep, int how, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return epoll_ctl(ep, how, fd, &event) == 0 ? 0 : -errno;
}

static void states(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0), fds[2], client;
    struct pollfd one = {.events = POLLRDNORM | POLLWRNORM | POLLRDBAND | POLLWRBAND | POLLPRI};

    TELL(state(fd));
    TELL(state(udp));
    bind(fd, V4(0));
    TELL(state(fd));
    listen(fd, 5);
    TELL(state(fd));
    client = connected(SOCK_STREAM, port_of(fd));
    TELL(await(fd, POLLIN));
    TELL(state(fd));
    TELL(state(client));
    close(client);
    close(fd);
    close(udp);
    TELL(tcp_pair(fds));
    one.fd = fds[0];
    TRY(poll(&one, 1, 0));
    TELL(one.revents);
    send(fds[1], "x", 1, 0);
    await(fds[0], POLLIN);
    TRY(poll(&one, 1, 0));
    TELL(one.revents);
    one.events = 0;
    TRY(poll(&one, 1, 0));
    one.events = POLLRDHUP;
    TRY(poll(&one, 1, 0));
    close(fds[1]);
    TELL(await(fds[0], POLLRDHUP));
    TELL(state(fds[0]));
    TRY(shutdown(fds[0], SHUT_WR));
    await(fds[0], POLLHUP);
    one.events = 0;
    TRY(poll(&one, 1, 0)); /* told though nobody asked */
    TELL(one.revents);
    close(fds[0]);
}

/* Writable until full; writable again once the other end has read. */
static void writable(void)
{
    int fds[2], ep = epoll_create1(0);
    long sent, taken = 0, now;

    TELL(tcp_pair(fds));
    TELL(watch(ep, EPOLL_CTL_ADD, fds[0], EPOLLOUT | EPOLLET));
    TELL(wait_once(ep, 1000));
    TELL(wait_once(ep, 0));
    /* What is under way may still make room. */
    for (sent = 0; (now = fill(fds[0])) > 0; sent += now)
        rest(20);
    TELL(sent > 50000);
    while (wait_once(ep, 0) > 0)
        continue;
    TELL(state(fds[0]));
    TRY(send(fds[0], "x", 1, MSG_DONTWAIT));
    while (taken < sent && (now = take(fds[1], text, sizeof text)) > 0)
        taken += now;
    TELL(taken == sent);
    TELL(await(fds[0], POLLOUT));
    TELL(wait_once(ep, 1000));
    close_pair(fds);
    close(ep);
}

static void selecting(void)
{
    struct timeval little = {0, 5000};
    struct timespec none = {0, 0}, some = {0, 3000000};
    int server = listener(AF_INET, 5), fds[2];
    struct pollfd one = {.fd = server, .events = POLLIN};
    fd_set in, out, bad;

    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&bad);
    FD_SET(server, &in);
    FD_SET(server, &out);
    FD_SET(server, &bad);
    TRY(select(server + 1, &in, &out, &bad, &little));
    TELL(little.tv_sec * 1000000 + little.tv_usec); /* what was left */
    fds[0] = connected(SOCK_STREAM, port_of(server));
    await(server, POLLIN);
    FD_SET(server, &in);
    FD_SET(server, &out);
    FD_SET(fds[0], &in);
    FD_SET(fds[0], &out);
    TRY(select(fds[0] + 1, &in, &out, &bad, NULL));
    TELL(FD_ISSET(server, &in) * 1000 + FD_ISSET(server, &out) * 100 + FD_ISSET(fds[0], &in) * 10 +
         FD_ISSET(fds[0], &out));
    fds[1] = accept(server, NULL, NULL);
    close(fds[1]);
    await(fds[0], POLLRDHUP);
    FD_ZERO(&in);
    FD_SET(fds[0], &in);
    FD_SET(fds[0], &bad);
    TRY(pselect(fds[0] + 1, &in, NULL, &bad, &none, NULL)); /* the end is something to read */
    TELL(FD_ISSET(fds[0], &in) * 10 + FD_ISSET(fds[0], &bad));
    TRY(syscall(SYS_ppoll, &one, 1, &some, NULL, 8));
    TELL(some.tv_sec * 1000000000 + some.tv_nsec);
    close(fds[0]);
    close(server);
}

static void of_listeners(void)
{
    int server = listener(AF_INET, 5), port = port_of(server), ep = epoll_create1(0), clients[3];

    nonblocking(server, 1);
    TELL(watch(ep, EPOLL_CTL_ADD, server, EPOLLIN | EPOLLET));
    TELL(wait_once(ep, 0));
    clients[0] = connected(SOCK_STREAM, port);
    TELL(wait_once(ep, 1000));
    TELL(wait_once(ep, 0));
    clients[1] = connected(SOCK_STREAM, port);
    TELL(wait_once(ep, 1000)); /* each new one is an edge */
    TELL(watch(ep, EPOLL_CTL_MOD, server, EPOLLIN));
    TELL(wait_once(ep, 0));
    close(accept(server, NULL, NULL));
    TELL(wait_once(ep, 0));
    close(accept(server, NULL, NULL));
    TELL(wait_once(ep, 0));
    TELL(watch(ep, EPOLL_CTL_MOD, server, EPOLLIN | EPOLLONESHOT));
    clients[2] = connected(SOCK_STREAM, port);
    TELL(wait_once(ep, 1000));
    TELL(wait_once(ep, 0));
    TELL(watch(ep, EPOLL_CTL_MOD, server, EPOLLIN | EPOLLONESHOT));
    TELL(wait_once(ep, 0));
    for (int i = 0; i < 3; i++)
        close(clients[i]);
    close(server);
    TELL(wait_once(ep, 0));
    close(ep);
}

static void of_connections(void)
{
    int fds[2], ep = epoll_create1(0), again;

    TELL(tcp_pair(fds));
    TELL(watch(ep, EPOLL_CTL_ADD, fds[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET));
    TELL(wait_once(ep, 1000));
    TELL(wait_once(ep, 0));
    send(fds[0], "one", 3, 0);
    await(fds[1], POLLIN);
    TELL(wait_once(ep, 1000));
    TELL(wait_once(ep, 0));
    send(fds[0], "two", 3, 0);
    TELL(wait_once(ep, 1000)); /* more data, though the first was not read */
    TRY(recv(fds[1], text, 2, 0));
    TELL(wait_once(ep, 0)); /* data remains, but nothing new came */
    TELL(watch(ep, EPOLL_CTL_MOD, fds[1], EPOLLIN | EPOLLET));
    TELL(wait_once(ep, 0)); /* asked anew, told anew */
    shutdown(fds[0], SHUT_WR);
    await(fds[1], POLLRDHUP);
    TELL(watch(ep, EPOLL_CTL_MOD, fds[1], EPOLLIN | EPOLLRDHUP));
    TELL(wait_once(ep, 0));
    TELL(wait_once(ep, 0));
    TRY(recv(fds[1], text, 100, 0));
    TELL(wait_once(ep, 0));
    TRY(shutdown(fds[1], SHUT_WR));
    await(fds[1], POLLHUP);
    TELL(wait_once(ep, 0));
    TELL(watch(ep, EPOLL_CTL_MOD, fds[1], 0));
    TELL(wait_once(ep, 0));
    TELL(watch(ep, EPOLL_CTL_DEL, fds[1], 0));
    TELL(watch(ep, EPOLL_CTL_DEL, fds[1], 0));
    close_pair(fds);

    TELL(tcp_pair(fds));
    send(fds[0], "x", 1, 0);
    await(fds[1], POLLIN);
    TELL(watch(ep, EPOLL_CTL_ADD, fds[1], EPOLLIN | EPOLLEXCLUSIVE));
    TELL(wait_once(ep, 0));
    TELL(watch(ep, EPOLL_CTL_MOD, fds[1], EPOLLIN));
    again = dup(fds[1]);
    close(fds[1]);
    TELL(wait_once(ep, 0)); /* watched as long as a descriptor names it */
    close(again);
    TELL(wait_once(ep, 0));
    close(fds[0]);
    close(ep);
}

static void of_others(void)
{
    int ep = epoll_create1(0), outer = epoll_create1(0), fd, fds[2];

    TRY(fd = socket(AF_INET, SOCK_STREAM, 0));
    TELL(watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT));
    TELL(wait_once(ep, 0)); /* not connected: hung up */
    close(fd);
    fd = bound(AF_INET, SOCK_DGRAM);
    TELL(watch(ep, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET));
    TELL(watch(outer, EPOLL_CTL_ADD, ep, EPOLLIN));
    TELL(wait_once(ep, 0));
    TELL(wait_once(outer, 0));
    fds[0] = connected(SOCK_DGRAM, port_of(fd));
    send(fds[0], "x", 1, 0);
    TELL(wait_once(outer, 1000));
    TELL(state(ep));
    TELL(wait_once(ep, 1000));
    TELL(wait_once(ep, 0));
    send(fds[0], "x", 1, 0);
    TELL(wait_once(ep, 1000));
    close(fd);
    send(fds[0], "x", 1, 0);
    TELL(watch(ep, EPOLL_CTL_ADD, fds[0], EPOLLIN));
    TELL(wait_once(ep, 1000)); /* port unreachable */
    close(fds[0]);

    TRY(fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    fds[0] = listener(AF_INET, 5);
    connect(fd, V4(port_of(fds[0])));
    TELL(watch(ep, EPOLL_CTL_ADD, fd, EPOLLOUT | EPOLLET));
    TELL(wait_once(ep, 1000));
    close(fd);
    fd = port_of(fds[0]);
    close(fds[0]);
    TRY(fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    connect(fds[0], V4(fd));
    TELL(watch(ep, EPOLL_CTL_ADD, fds[0], EPOLLOUT));
    await(fds[0], POLLERR);
    TELL(wait_once(ep, 1000));
    close(fds[0]);
    TELL(wait_once(ep, 0));
    close(ep);
    close(outer);
}

/* A thread that waits is woken. */
static int target, how_long;

static void *poller(void *how)
{
    struct pollfd one = {.fd = target, .events = POLLIN};
    int ep = epoll_create1(0), result = 0;
    fd_set in;

    switch ((long)how) {
    case 0:
        result = poll(&one, 1, how_long);
        break;
    case 1:
        FD_ZERO(&in);
        FD_SET(target, &in);
        result = select(target + 1, &in, NULL, NULL, NULL);
        break;
    case 2:
        result = ppoll(&one, 1, NULL, NULL);
        break;
    case 3:
        watch(ep, EPOLL_CTL_ADD, target, EPOLLIN);
        result = wait_once(ep, how_long);
        break;
    case 4:
        watch(ep, EPOLL_CTL_ADD, target, EPOLLIN | EPOLLET);
        result = wait_once(ep, -1);
    }
    close(ep);
    return (void *)(long)result;
}

static void waking(void)
{
    int fds[2], server = listener(AF_INET, 50), port = port_of(server), clients[5];
    pthread_t thread;
    void *result;

    how_long = 10000;
    for (long how = 0; how < 5; how++) {
        tcp_pair(fds);
        target = fds[1];
        pthread_create(&thread, NULL, poller, (void *)how);
        rest(10);
        how == 1 ? (void)close(fds[0]) : (void)send(fds[0], "x", 1, 0);
        pthread_join(thread, &result);
        TELL((long)result);
        if (how != 1)
            close(fds[0]);
        close(fds[1]);
        target = server;
        pthread_create(&thread, NULL, poller, (void *)how);
        rest(10);
        clients[how] = connected(SOCK_STREAM, port);
        pthread_join(thread, &result);
        TELL((long)result);
        close(accept(server, NULL, NULL));
        close(clients[how]);
    }
    how_long = 20;
    target = server;
    TELL((long)poller((void *)0));
    TELL((long)poller((void *)3));
    close(server);
}

int main(void)
{
    begin();
    PART(states);
    PART(writable);
    PART(selecting);
    PART(of_listeners);
    PART(of_connections);
    PART(of_others);
    PART(waking);
    return 0;
}
