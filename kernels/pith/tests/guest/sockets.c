/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets: making, naming, listening, connecting. */
#include "inet.h"
#include <netdb.h>
#include <sys/syscall.h>

static char text[100];

static void making(void)
{
    static const int asked[][3] = {
        {AF_INET, SOCK_STREAM, 0},
        {AF_INET, SOCK_STREAM, IPPROTO_TCP},
        {AF_INET, SOCK_STREAM, IPPROTO_UDP},
        {AF_INET, SOCK_DGRAM, 0},
        {AF_INET, SOCK_DGRAM, IPPROTO_UDP},
        {AF_INET, SOCK_DGRAM, IPPROTO_TCP},
        {AF_INET6, SOCK_STREAM, 0},
        {AF_INET6, SOCK_STREAM, IPPROTO_TCP},
        {AF_INET6, SOCK_DGRAM, IPPROTO_UDP},
        {AF_INET6, SOCK_DGRAM, IPPROTO_TCP},
        {AF_INET, SOCK_RDM, 0},
        {AF_INET, SOCK_SEQPACKET, 0},
        {AF_INET, SOCK_STREAM, IPPROTO_MPTCP},
        {AF_INET, 0, 0},
        {AF_INET, 11, 0},
        {AF_INET, SOCK_STREAM, 77},
        {AF_INET, SOCK_STREAM, 300},
        {AF_INET, SOCK_STREAM, -1},
        {AF_INET, SOCK_STREAM | 0x100000, 0},
        {AF_UNSPEC, SOCK_STREAM, 0},
        {AF_APPLETALK, SOCK_STREAM, 0},
        {99, SOCK_STREAM, 0},
        {-1, SOCK_STREAM, 0},
    };

    for (size_t i = 0; i < SIZE(asked); i++) {
        int fd = socket(asked[i][0], asked[i][1], asked[i][2]);

        printf("socket(%d, %d, %d): %d E%d\n", asked[i][0], asked[i][1], asked[i][2], fd,
               fd < 0 ? errno : 0);
        if (fd >= 0)
            close(fd);
    }
}

static void flags(void)
{
    int fd, pair[2];

    TRY(fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    TRY(fcntl(fd, F_GETFL));
    TRY(fcntl(fd, F_GETFD));
    TRY(close(fd));
    TRY(fd = socket(AF_INET, SOCK_DGRAM, 0));
    TRY(fcntl(fd, F_GETFL));
    TRY(fcntl(fd, F_GETFD));
    TRY(fcntl(fd, F_SETFL, O_NONBLOCK));
    TRY(fcntl(fd, F_GETFL));
    TRY(close(fd));
    TRY(socketpair(AF_INET, SOCK_STREAM, 0, pair));
    TRY(socketpair(AF_INET6, SOCK_DGRAM, 0, pair));
    TRY(socketpair(99, SOCK_STREAM, 0, pair));
}

static void no_sockets(void)
{
    int value = 0, pair[2];
    socklen_t size = sizeof value;

    pipe(pair);
    for (int i = 0; i < 2; i++) {
        int fd = i ? pair[0] : 77;

        TRY(bind(fd, V4(0)));
        TRY(listen(fd, 5));
        TRY(accept(fd, NULL, NULL));
        TRY(accept4(fd, NULL, NULL, SOCK_NONBLOCK));
        TRY(connect(fd, V4(1)));
        TRY(getsockname(fd, ANY, &any_size));
        TRY(getpeername(fd, ANY, &any_size));
        TRY(send(fd, "x", 1, 0));
        TRY(recv(fd, text, 1, 0));
        TRY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, size));
        TRY(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size));
        TRY(shutdown(fd, SHUT_RDWR));
    }
    close_pair(pair);
}

static void binding(void)
{
    int one = bound(AF_INET, SOCK_STREAM), two = socket(AF_INET, SOCK_STREAM, 0), port, udp;

    port = port_of(one);
    printf("%s\n", words());
    TELL(port > 1023);
    TRY(bind(one, V4(0)));
    TRY(bind(two, V4(port)));
    TRY(bind(two, v4("0.0.0.0", port), sizeof(struct sockaddr_in)));
    TRY(bind(two, v4("10.99.99.99", 0), sizeof(struct sockaddr_in)));
    TRY(bind(two, v4("127.0.0.1", 0), 15));
    TRY(bind(two, ANY, 0));
    TRY(bind(two, ANY, -1));
    TRY(bind(two, ANY, 129));
    TRY(bind(two, (struct sockaddr *)8, 16));
    TRY(bind(two, V6(0)));
    any.ss_family = 99;
    TRY(bind(two, ANY, 16));
    TRY(bind(two, v4("127.0.0.1", 0), 128)); /* longer than it need be */
    printf("%s\n", (port_of(two), words()));
    close(two);
    TRY(udp = socket(AF_INET, SOCK_DGRAM, 0));
    TRY(bind(udp, V4(port))); /* ports of UDP are others */
    TRY(two = socket(AF_INET, SOCK_DGRAM, 0));
    TRY(bind(two, V4(port)));
    close(udp);
    TRY(bind(two, V4(port)));
    close(two);
    close(one);
    TRY(two = socket(AF_INET, SOCK_STREAM, 0));
    TRY(bind(two, V4(port))); /* free again */
    close(two);
    TRY(two = socket(AF_INET, SOCK_STREAM, 0));
    TRY(bind(two, V4(80)));
    TELL(port_of(two));
    close(two);
    TRY(two = socket(AF_INET, SOCK_STREAM, 0));
    TRY(port_of(two));
    printf("%s\n", words());
    close(two);
}

static void reusing(void)
{
    int one, two, port, fds[2];

    one = socket(AF_INET, SOCK_STREAM, 0);
    two = socket(AF_INET, SOCK_STREAM, 0);
    TELL(set(one, SOL_SOCKET, SO_REUSEADDR, 1));
    TRY(bind(one, V4(0)));
    port = port_of(one);
    TRY(bind(two, V4(port)));
    TELL(set(two, SOL_SOCKET, SO_REUSEADDR, 1));
    TRY(bind(two, V4(port)));
    TRY(listen(one, 5));
    TRY(listen(two, 5));
    close(two);
    two = socket(AF_INET, SOCK_STREAM, 0);
    set(two, SOL_SOCKET, SO_REUSEADDR, 1);
    TRY(bind(two, V4(port)));
    close_pair((int[]){one, two});

    one = socket(AF_INET, SOCK_STREAM, 0);
    two = socket(AF_INET, SOCK_STREAM, 0);
    TELL(set(one, SOL_SOCKET, SO_REUSEPORT, 1));
    TRY(bind(one, V4(0)));
    port = port_of(one);
    TRY(listen(one, 5));
    TRY(bind(two, V4(port)));
    TELL(set(two, SOL_SOCKET, SO_REUSEPORT, 1));
    TRY(bind(two, V4(port)));
    TRY(listen(two, 5));
    close_pair((int[]){one, two});

    one = socket(AF_INET, SOCK_DGRAM, 0);
    two = socket(AF_INET, SOCK_DGRAM, 0);
    TELL(set(one, SOL_SOCKET, SO_REUSEADDR, 1));
    TELL(set(two, SOL_SOCKET, SO_REUSEADDR, 1));
    TRY(bind(one, V4(0)));
    TRY(bind(two, V4(port_of(one))));
    close_pair((int[]){one, two});

    /* A server that closes first and is started again finds its port in TIME_WAIT. */
    for (int reuse = 0; reuse < 2; reuse++) {
        one = socket(AF_INET, SOCK_STREAM, 0);
        set(one, SOL_SOCKET, SO_REUSEADDR, reuse);
        bind(one, V4(0));
        listen(one, 5);
        port = port_of(one);
        fds[0] = connected(SOCK_STREAM, port);
        fds[1] = accept(one, NULL, NULL);
        close(one);
        close(fds[1]);
        TELL(take(fds[0], text, 1));
        close(fds[0]);
        two = socket(AF_INET, SOCK_STREAM, 0);
        TRY(bind(two, V4(port)));
        TELL(set(two, SOL_SOCKET, SO_REUSEADDR, 1));
        TRY(bind(two, V4(port)));
        close(two);
    }
}

static void listening(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), udp = bound(AF_INET, SOCK_DGRAM), fds[2];

    TRY(accept(fd, NULL, NULL));
    TRY(listen(fd, 5));
    TELL(port_of(fd) > 1023);
    printf("%s\n", words());
    TRY(listen(fd, 50));
    TRY(listen(fd, -1));
    TRY(listen(fd, 0));
    TRY(connect(fd, V4(port_of(fd))));
    TRY(getpeername(fd, ANY, &any_size));
    TRY(send(fd, "x", 1, MSG_NOSIGNAL));
    TRY(recv(fd, text, 1, 0));
    TRY(listen(udp, 5));
    TRY(accept(udp, NULL, NULL));
    TELL(tcp_pair(fds));
    TRY(listen(fds[0], 5));
    TRY(accept(fds[0], NULL, NULL));
    TRY(bind(fds[0], V4(0)));
    close_pair(fds);
    close_pair((int[]){fd, udp});
}

static void accepting(void)
{
    int server = listener(AF_INET, 50), port = port_of(server), clients[6], fd;

    nonblocking(server, 1);
    TRY(accept(server, NULL, NULL));
    for (int i = 0; i < 6; i++)
        clients[i] = connected(SOCK_STREAM, port);
    TELL(await(server, POLLIN));
    any_size = sizeof any;
    TRY(fd = accept(server, ANY, &any_size));
    printf("%s\n", words());
    TELL(ntohs(((struct sockaddr_in *)&any)->sin_port) == port_of(clients[0]));
    TRY(fcntl(fd, F_GETFL)); /* not inherited */
    TRY(fcntl(fd, F_GETFD));
    any_size = sizeof any;
    TRY(getpeername(fd, ANY, &any_size));
    printf("%s\n", words());
    TELL(port_of(fd) == port);
    close(fd);
    await(server, POLLIN);
    TRY(syscall(SYS_accept4, server, NULL, NULL, 0x1234)); /* musl would accept without flags */
    TRY(fd = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    TRY(fcntl(fd, F_GETFL));
    TRY(fcntl(fd, F_GETFD));
    TRY(recv(fd, text, 1, 0));
    close(fd);
    memset(&any, 0x55, sizeof any);
    any_size = 4;
    await(server, POLLIN);
    TRY(fd = accept(server, ANY, &any_size));
    TELL(any_size);
    TELL(((unsigned char *)&any)[4]);
    close(fd);
    any_size = -1;
    await(server, POLLIN);
    TRY(accept(server, ANY, &any_size));
    any_size = 16;
    await(server, POLLIN);
    TRY(accept(server, (struct sockaddr *)8, &any_size));
    await(server, POLLIN);
    TRY(fd = accept(server, NULL, (socklen_t *)8));
    close(fd);
    TRY(accept(server, NULL, NULL));
    for (int i = 0; i < 6; i++)
        close(clients[i]);
    close(server);
}

static void connecting(void)
{
    int server = listener(AF_INET, 50), port = port_of(server), fd, closed, peer;

    closed = port_of(fd = bound(AF_INET, SOCK_STREAM));
    close(fd);
    TRY(fd = socket(AF_INET, SOCK_STREAM, 0));
    TRY(getpeername(fd, ANY, &any_size));
    TRY(connect(fd, V4(closed)));
    TELL(option(fd, SOL_SOCKET, SO_ERROR));
    TRY(connect(fd, v4("127.0.0.1", port), 15));
    TRY(connect(fd, (struct sockaddr *)8, 16));
    TRY(connect(fd, V6(port)));
    TRY(connect(fd, v4("10.1.2.3", port), sizeof(struct sockaddr_in)));
    TRY(connect(fd, V4(port))); /* after all those, the same socket can */
    TRY(connect(fd, V4(port)));
    any_size = sizeof any;
    TRY(getpeername(fd, ANY, &any_size));
    printf("%s\n", words());
    any_size = 3;
    TRY(getpeername(fd, ANY, &any_size));
    TELL(any_size);
    any_size = -5;
    TRY(getsockname(fd, ANY, &any_size));
    any_size = 16;
    TRY(getsockname(fd, (struct sockaddr *)8, &any_size));
    TRY(getsockname(fd, ANY, (socklen_t *)8));
    TELL(port_of(fd) > 1023);
    printf("%s\n", words());
    close(fd);
    TRY(fd = socket(AF_INET, SOCK_STREAM, 0));
    TRY(connect(fd, v4("0.0.0.0", port), sizeof(struct sockaddr_in)));
    any_size = sizeof any;
    TRY(getpeername(fd, ANY, &any_size));
    printf("%s\n", words());
    close(fd);
    TRY(fd = bound(AF_INET, SOCK_STREAM));
    peer = port_of(fd);
    TRY(connect(fd, V4(port)));
    TELL(port_of(fd) == peer);
    close(fd);
    close(server);
}

static void connecting_later(void)
{
    int server = listener(AF_INET, 1), port = port_of(server), fd, closed, i, fds[64];

    closed = port_of(fd = bound(AF_INET, SOCK_STREAM));
    close(fd);
    TRY(fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    TRY(connect(fd, V4(port)));
    TELL(await(fd, POLLOUT));
    TELL(option(fd, SOL_SOCKET, SO_ERROR));
    TRY(connect(fd, V4(port)));
    TRY(connect(fd, V4(port)));
    close(fd);
    close(accept(server, NULL, NULL));
    TRY(fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    TRY(connect(fd, V4(closed)));
    TELL(await(fd, POLLOUT | POLLERR | POLLHUP));
    TELL(state(fd));
    TELL(option(fd, SOL_SOCKET, SO_ERROR));
    TELL(option(fd, SOL_SOCKET, SO_ERROR));
    TRY(connect(fd, V4(closed)));
    TRY(connect(fd, V4(closed)));
    await(fd, POLLERR);
    TRY(send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);
    /* Once its backlog is full, a listener answers no more. */
    for (i = 0; i < 64; i++) {
        struct pollfd one = {.events = POLLOUT};

        one.fd = fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fds[i], V4(port));
        if (poll(&one, 1, 300) == 0)
            break;
    }
    TELL(i > 0 && i < 64);
    TRY(connect(fds[i], V4(port)));
    TELL(option(fds[i], SOL_SOCKET, SO_ERROR));
    TELL(state(fds[i]));
    TRY(send(fds[i], "x", 1, MSG_NOSIGNAL));
    TRY(recv(fds[i], text, 1, 0));
    TRY(getpeername(fds[i], ANY, &any_size));
    for (; i >= 0; i--)
        close(fds[i]);
    close(server);
}

static void resolving(void)
{
    static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6};
    static const char *const names[] = {NULL, "127.0.0.1", "::1"};
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *one;

    hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
    for (size_t i = 0; i < SIZE(families) * SIZE(names); i++) {
        hints.ai_family = families[i / SIZE(names)];
        if (getaddrinfo(names[i % SIZE(names)], "8080", &hints, &found) != 0) {
            printf("none\n");
            continue;
        }
        for (one = found; one; one = one->ai_next) {
            memcpy(&any, one->ai_addr, one->ai_addrlen);
            any_size = one->ai_addrlen;
            printf("%s\n", words());
        }
        freeaddrinfo(found);
    }
}

int main(void)
{
    begin();
    PART(making);
    PART(flags);
    PART(no_sockets);
    PART(binding);
    PART(reusing);
    PART(listening);
    PART(accepting);
    PART(connecting);
    PART(connecting_later);
    PART(resolving);
    return 0;
}
