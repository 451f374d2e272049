/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPv6, and IPv4 through sockets of IPv6. */
#include "inet.h"

static char text[100];

static struct sockaddr *mapped(int port)
{
    return v6("::ffff:127.0.0.1", port);
}

static int six(int type, int only)
{
    int fd = socket(AF_INET6, type, 0);

    set(fd, IPPROTO_IPV6, IPV6_V6ONLY, only);
    return fd;
}

static void tcp(void)
{
    int server = listener(AF_INET6, 5), port = port_of(server), client, fd;

    printf("%s\n", words());
    TRY(client = socket(AF_INET6, SOCK_STREAM, 0));
    TRY(connect(client, V6(port)));
    any_size = sizeof any;
    TRY(fd = accept(server, ANY, &any_size));
    printf("%s\n", words());
    TRY(send(client, "six", 3, 0));
    TELL(take(fd, text, 10));
    any_size = sizeof any;
    TRY(getpeername(client, ANY, &any_size));
    printf("%s\n", words());
    TELL(((struct sockaddr_in6 *)&any)->sin6_scope_id);
    close_pair((int[]){client, fd});
    fd = socket(AF_INET, SOCK_STREAM, 0);
    TRY(connect(fd, V4(port))); /* bound to ::1 only */
    close(fd);
    TRY(fd = socket(AF_INET6, SOCK_STREAM, 0));
    TRY(connect(fd, v6("2001:db8::1", port), sizeof(struct sockaddr_in6)));
    TRY(connect(fd, v6("::1", port), 23));
    TRY(connect(fd, v6("::1", port), 24)); /* as of old, without a scope */
    close(fd);
    close(server);
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    TRY(bind(fd, v6("2001:db8::1", 0), sizeof(struct sockaddr_in6)));
    TRY(bind(fd, V4(0)));
    TRY(bind(fd, ANY, sizeof(struct sockaddr_in6)));
    TRY(connect(fd, V6(port)));
    close(fd);
}

static void both(void)
{
    int server = six(SOCK_STREAM, 0), port, client, fd;

    TRY(bind(server, v6("::", 0), sizeof(struct sockaddr_in6)));
    port = port_of(server);
    printf("%s\n", words());
    TRY(listen(server, 5));
    TRY(client = connected(SOCK_STREAM, port));
    any_size = sizeof any;
    TRY(fd = accept(server, ANY, &any_size));
    printf("%s\n", words());
    port_of(fd);
    printf("%s\n", words());
    any_size = sizeof any;
    TRY(getpeername(client, ANY, &any_size));
    printf("%s\n", words());
    TRY(send(fd, "four", 4, 0));
    TELL(take(client, text, 10));
    close_pair((int[]){client, fd});
    TRY(client = socket(AF_INET6, SOCK_STREAM, 0));
    TRY(connect(client, V6(port)));
    any_size = sizeof any;
    TRY(fd = accept(server, ANY, &any_size));
    printf("%s\n", words());
    close_pair((int[]){client, fd});
    TRY(fd = socket(AF_INET, SOCK_STREAM, 0));
    TRY(bind(fd, v4("0.0.0.0", port), sizeof(struct sockaddr_in))); /* taken by the other family */
    close(fd);
    close(server);
}

static void only_six(void)
{
    int server = six(SOCK_STREAM, 1), port, fd, four;

    TRY(bind(server, v6("::", 0), sizeof(struct sockaddr_in6)));
    port = port_of(server);
    TRY(listen(server, 5));
    fd = socket(AF_INET, SOCK_STREAM, 0);
    TRY(connect(fd, V4(port)));
    close(fd);
    TRY(four = socket(AF_INET, SOCK_STREAM, 0));
    TRY(bind(four, v4("0.0.0.0", port), sizeof(struct sockaddr_in))); /* as nginx does */
    TRY(listen(four, 5));
    TRY(fd = connected(SOCK_STREAM, port));
    TELL(await(four, POLLIN));
    TELL(state(server));
    close(fd);
    close(four);
    close(server);
    TRY(fd = six(SOCK_STREAM, 1));
    TRY(connect(fd, mapped(port), sizeof(struct sockaddr_in6)));
    TRY(bind(fd, mapped(0), sizeof(struct sockaddr_in6)));
    close(fd);
}

static void four_by_six(void)
{
    int server = listener(AF_INET, 5), port = port_of(server), fd;

    TRY(fd = six(SOCK_STREAM, 0));
    TRY(connect(fd, mapped(port), sizeof(struct sockaddr_in6)));
    port_of(fd);
    printf("%s\n", words());
    any_size = sizeof any;
    TRY(getpeername(fd, ANY, &any_size));
    printf("%s\n", words());
    close(fd);
    close(server);
    TRY(fd = six(SOCK_STREAM, 0));
    TRY(bind(fd, mapped(0), sizeof(struct sockaddr_in6)));
    port = port_of(fd);
    printf("%s\n", words());
    TRY(listen(fd, 5));
    TRY(server = connected(SOCK_STREAM, port));
    close(server);
    close(fd);
}

static void udp(void)
{
    int server = six(SOCK_DGRAM, 0), port, fd;

    TRY(bind(server, v6("::", 0), sizeof(struct sockaddr_in6)));
    port = port_of(server);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    TRY(sendto(fd, "four", 4, 0, V4(port)));
    await(server, POLLIN);
    any_size = sizeof any;
    TRY(recvfrom(server, text, 10, 0, ANY, &any_size));
    printf("%s\n", words());
    TRY(sendto(server, "back", 4, 0, ANY, any_size));
    TELL(take(fd, text, 10));
    close(fd);
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    TRY(sendto(fd, "six", 3, 0, V6(port)));
    await(server, POLLIN);
    any_size = sizeof any;
    TRY(recvfrom(server, text, 10, 0, ANY, &any_size));
    printf("%s\n", words());
    TRY(sendto(server, "back", 4, 0, ANY, any_size));
    TELL(take(fd, text, 10));
    TRY(connect(fd, V6(port)));
    TRY(send(fd, "known", 5, 0));
    TELL(take(server, text, 10));
    TRY(sendto(fd, "x", 1, 0, v6("2001:db8::1", port), sizeof(struct sockaddr_in6)));
    TRY(sendto(fd, "x", 1, 0, V4(port)));
    TELL(take(server, text, 10));
    close_pair((int[]){server, fd});
}

int main(void)
{
    begin();
    PART(tcp);
    PART(both);
    PART(only_six);
    PART(four_by_six);
    PART(udp);
    return 0;
}
