/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of AF_UNIX, as programs use them to talk to themselves. */
#include "inet.h"
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>

static char text[300000];
static int fds[2];

static void making(void)
{
    struct sockaddr_un name;
    struct stat about;

    TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    TELL(fds[1] - fds[0]);
    TRY(fcntl(fds[0], F_GETFL));
    any_size = sizeof name;
    TRY(getsockname(fds[0], (struct sockaddr *)&name, &any_size));
    TELL(any_size);
    TELL(name.sun_family);
    any_size = sizeof name;
    TRY(getpeername(fds[0], (struct sockaddr *)&name, &any_size));
    TELL(any_size);
    TELL(option(fds[0], SOL_SOCKET, SO_TYPE));
    TELL(option(fds[0], SOL_SOCKET, SO_DOMAIN));
    TELL(option(fds[0], SOL_SOCKET, SO_ACCEPTCONN));
    TRY(fstat(fds[0], &about));
    TELL(S_ISSOCK(about.st_mode));
    TRY(lseek(fds[0], 0, SEEK_SET));
    TRY(connect(fds[0], V4(1)));
    TRY(listen(fds[0], 1));
    TRY(accept(fds[0], NULL, NULL));
    close_pair(fds);
    TRY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds));
    TRY(fcntl(fds[0], F_GETFL));
    TRY(fcntl(fds[1], F_GETFD));
    close_pair(fds);
    TRY(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
    TELL(option(fds[0], SOL_SOCKET, SO_TYPE));
    close_pair(fds);
    TRY(socketpair(AF_UNIX, SOCK_RDM, 0, fds));
    TRY(socketpair(AF_UNIX, SOCK_STREAM, 17, fds));
    TRY(socketpair(AF_UNIX, SOCK_STREAM | 0x100000, 0, fds));
    TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8));
    TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, fds)); /* and the failed ones took no descriptor */
    TELL(fds[0] + fds[1]);
    close_pair(fds);
}

static void streams(void)
{
    struct iovec two[2] = {{"ab", 2}, {"cde", 3}};
    struct msghdr message = {.msg_iov = two, .msg_iovlen = 2};
    int held;

    TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    TELL(state(fds[0]));
    TRY(recv(fds[0], text, 1, MSG_DONTWAIT));
    TRY(write(fds[0], "hello", 5));
    TRY(sendmsg(fds[0], &message, 0));
    TRY(ioctl(fds[1], FIONREAD, &held));
    TELL(held);
    TRY(recv(fds[1], text, 3, MSG_PEEK));
    TRY(read(fds[1], text, 7));
    TRY(recv(fds[1], text, 100, 0));
    printf("%.3s\n", text);
    TRY(write(fds[1], "back", 4));
    TRY(read(fds[0], text, 100));
    TELL(fill(fds[0]) > 10000);
    TELL(state(fds[0]));
    TELL(state(fds[1]));
    TRY(send(fds[0], "x", 1, MSG_DONTWAIT));
    while (recv(fds[1], text, sizeof text, MSG_DONTWAIT) > 0)
        ;
    TELL(state(fds[0]));
    TRY(shutdown(fds[0], SHUT_WR));
    TELL(state(fds[1]));
    TRY(read(fds[1], text, 1));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    TRY(write(fds[1], "still", 5));
    TRY(read(fds[0], text, 100));
    TRY(write(fds[1], "unread", 6));
    TRY(close(fds[0]));
    TELL(state(fds[1]));
    TRY(read(fds[1], text, 1)); /* what it did not read is told once */
    TRY(read(fds[1], text, 1));
    TRY(send(fds[1], "x", 1, MSG_NOSIGNAL));
    close(fds[1]);
}

static void datagrams(void)
{
    int sent = 0;

    TRY(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
    TRY(write(fds[0], "one", 3));
    TRY(write(fds[0], "", 0));
    TRY(write(fds[0], "three", 5));
    TRY(recv(fds[1], text, 2, MSG_TRUNC));
    TRY(read(fds[1], text, 10));
    TRY(read(fds[1], text, 10));
    TRY(recv(fds[1], text, 10, MSG_DONTWAIT));
    while (sent < 100000 && send(fds[0], "x", 1, MSG_DONTWAIT) == 1)
        sent++;
    TELL(sent > 0 && sent < 100000);
    TELL(state(fds[0]));
    TRY(close(fds[1]));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    close(fds[0]);
    TRY(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
    TRY(write(fds[0], "one", 3));
    TRY(write(fds[0], "three", 5));
    TRY(read(fds[1], text, 2));
    TRY(read(fds[1], text, 10));
    close(fds[0]);
    TRY(read(fds[1], text, 10));
    close(fds[1]);
}

static void *writer(void *unused)
{
    for (size_t i = 0; i < 10; i++)
        write(fds[0], text, 30000);
    close(fds[0]);
    return unused;
}

static void threads(void)
{
    struct epoll_event event = {.events = EPOLLIN}, got;
    long all = 0, now;
    pthread_t thread;
    int ep = epoll_create1(0);

    TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    TRY(epoll_ctl(ep, EPOLL_CTL_ADD, fds[1], &event));
    TRY(epoll_wait(ep, &got, 1, 0));
    pthread_create(&thread, NULL, writer, NULL);
    while (epoll_wait(ep, &got, 1, 5000) == 1 && (now = read(fds[1], text, 7000)) > 0)
        all += now;
    pthread_join(thread, NULL);
    TELL(all);
    TELL(got.events);
    close(fds[1]);
    close(ep);
}

int main(void)
{
    begin();
    PART(making);
    PART(streams);
    PART(datagrams);
    PART(threads);
    return 0;
}
