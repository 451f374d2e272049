/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options of sockets, TCP_INFO, ioctls about interfaces. */
#include "inet.h"

#define GET(level, name) printf("get " #name ": %d\n", option(fd, level, name))
#define SET(level, name, value)                                                                    \
    do {                                                                                           \
        int done_ = set(fd, level, name, value);                                                   \
        printf("set " #name " " #value ": %d, then %d\n", done_, option(fd, level, name));         \
    } while (0)

static void of_sockets(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET6, SOCK_DGRAM, 0);

    GET(SOL_SOCKET, SO_TYPE);
    GET(SOL_SOCKET, SO_DOMAIN);
    GET(SOL_SOCKET, SO_PROTOCOL);
    GET(SOL_SOCKET, SO_ERROR);
    GET(SOL_SOCKET, SO_ACCEPTCONN);
    GET(SOL_SOCKET, SO_RCVLOWAT);
    GET(SOL_SOCKET, SO_SNDLOWAT);
    SET(SOL_SOCKET, SO_TYPE, 1);
    SET(SOL_SOCKET, SO_ERROR, 1);
    SET(SOL_SOCKET, SO_ACCEPTCONN, 1);
    SET(SOL_SOCKET, SO_REUSEADDR, 7);
    SET(SOL_SOCKET, SO_REUSEADDR, 0);
    SET(SOL_SOCKET, SO_REUSEPORT, 1);
    SET(SOL_SOCKET, SO_KEEPALIVE, 1);
    SET(SOL_SOCKET, SO_KEEPALIVE, 0);
    SET(SOL_SOCKET, SO_BROADCAST, 1);
    SET(SOL_SOCKET, SO_OOBINLINE, 1);
    SET(SOL_SOCKET, SO_DONTROUTE, 0);
    SET(SOL_SOCKET, SO_PRIORITY, 4);
    SET(SOL_SOCKET, SO_RCVBUF, 20000); /* twice that, for the kernel's own needs */
    SET(SOL_SOCKET, SO_SNDBUF, 30000);
    TELL(set(fd, SOL_SOCKET, SO_RCVBUF, 1));
    TELL(option(fd, SOL_SOCKET, SO_RCVBUF) > 1);
    TELL(set(fd, SOL_SOCKET, SO_SNDBUF, 100 << 20)); /* cut to what is allowed */
    TELL(option(fd, SOL_SOCKET, SO_SNDBUF) >= 200000);
    SET(SOL_SOCKET, SO_RCVLOWAT, 5);
    SET(SOL_SOCKET, SO_TIMESTAMP, 1);
    SET(SOL_SOCKET, 9999, 1);
    SET(777, 1, 1);
    TRY(listen(fd, 1));
    GET(SOL_SOCKET, SO_ACCEPTCONN);
    close(fd);
    fd = udp;
    GET(SOL_SOCKET, SO_TYPE);
    GET(SOL_SOCKET, SO_DOMAIN);
    GET(SOL_SOCKET, SO_PROTOCOL);
    GET(SOL_SOCKET, SO_BROADCAST);
    GET(IPPROTO_TCP, TCP_NODELAY);
    SET(IPPROTO_TCP, TCP_NODELAY, 1);
    close(fd);
}

static void sizes(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), value = 0x01010101;
    char large[64] = {1};
    socklen_t size = 2;

    TRY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 3));
    TRY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, 0));
    TRY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, -1));
    TRY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, (void *)8, 4));
    TRY(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, large, 64));
    TRY(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 3));
    TRY(setsockopt(fd, IPPROTO_IP, IP_TTL, large, 0));
    TRY(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size));
    TELL(size);
    TELL(value);
    size = 64;
    TRY(getsockopt(fd, SOL_SOCKET, SO_TYPE, large, &size));
    TELL(size);
    size = 64;
    TRY(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, large, &size));
    TELL(size);
    size = -1;
    TRY(getsockopt(fd, SOL_SOCKET, SO_TYPE, large, &size));
    size = 4;
    TRY(getsockopt(fd, SOL_SOCKET, SO_TYPE, (void *)8, &size));
    TRY(getsockopt(fd, SOL_SOCKET, SO_TYPE, large, (socklen_t *)8));
    TRY(getsockopt(fd, SOL_SOCKET, 9999, large, &size));
    TRY(getsockopt(fd, 777, 1, large, &size));
    close(fd);
}

static void structures(void)
{
    struct linger linger = {1, 10};
    struct timeval time = {2, 500000}, none = {0, 0}, bad = {0, 1000000}, past = {-1, 0};
    socklen_t size = sizeof linger;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    TRY(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    linger = (struct linger){5, 5};
    TRY(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size));
    TELL(linger.l_onoff * 1000 + linger.l_linger);
    TELL(size);
    TRY(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 4));
    TRY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    TRY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bad, sizeof bad));
    TRY(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, 4));
    size = sizeof none;
    TRY(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, &size));
    TELL(size);
    TELL(none.tv_sec * 1000000 + none.tv_usec);
    TRY(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, &size));
    TELL(none.tv_sec * 1000000 + none.tv_usec);
    TRY(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &past, sizeof past));
    close(fd);
}

static void of_tcp(void)
{
    char name[16] = "";
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    GET(IPPROTO_TCP, TCP_NODELAY);
    SET(IPPROTO_TCP, TCP_NODELAY, 5);
    SET(IPPROTO_TCP, TCP_NODELAY, 0);
    GET(IPPROTO_TCP, TCP_MAXSEG);
    SET(IPPROTO_TCP, TCP_MAXSEG, 1000);
    TELL(set(fd, IPPROTO_TCP, TCP_MAXSEG, 10));
    TELL(set(fd, IPPROTO_TCP, TCP_MAXSEG, 70000));
    SET(IPPROTO_TCP, TCP_CORK, 1);
    SET(IPPROTO_TCP, TCP_CORK, 0);
    GET(IPPROTO_TCP, TCP_KEEPIDLE);
    GET(IPPROTO_TCP, TCP_KEEPINTVL);
    GET(IPPROTO_TCP, TCP_KEEPCNT);
    SET(IPPROTO_TCP, TCP_KEEPIDLE, 300);
    SET(IPPROTO_TCP, TCP_KEEPINTVL, 30);
    SET(IPPROTO_TCP, TCP_KEEPCNT, 3);
    SET(IPPROTO_TCP, TCP_KEEPIDLE, 0);
    SET(IPPROTO_TCP, TCP_KEEPIDLE, 40000);
    SET(IPPROTO_TCP, TCP_KEEPINTVL, 0);
    SET(IPPROTO_TCP, TCP_KEEPCNT, 128);
    GET(IPPROTO_TCP, TCP_DEFER_ACCEPT);
    TELL(set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
    TELL(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) >= 5); /* rounded up to whole retries */
    SET(IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
    SET(IPPROTO_TCP, TCP_USER_TIMEOUT, 5000);
    SET(IPPROTO_TCP, TCP_USER_TIMEOUT, -1);
    SET(IPPROTO_TCP, TCP_QUICKACK, 1);
    SET(IPPROTO_TCP, TCP_SYNCNT, 3);
    SET(IPPROTO_TCP, TCP_SYNCNT, 0);
    GET(IPPROTO_TCP, TCP_LINGER2);
    SET(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384);
    SET(IPPROTO_TCP, 999, 1);
    TRY(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size));
    TELL(size);
    TELL(strlen(name) > 2);
    TRY(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name)));
    TRY(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
    size = sizeof name;
    TRY(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size));
    printf("%s\n", name);
    TRY(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8));
    TRY(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 0));
    TRY(listen(fd, 5));
    SET(IPPROTO_TCP, TCP_FASTOPEN, 5);
    SET(IPPROTO_TCP, TCP_FASTOPEN, 0);
    close(fd);
}

static void tell_info(const char *what, int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof info;

    memset(&info, 0, sizeof info);
    TRY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
    printf("%s: state %d, whole %d\n", what, info.tcpi_state, size >= 104);
    if (info.tcpi_state != TCP_ESTABLISHED)
        return;
    printf("mss %d %d, cwnd %d, rtt %d, rto %d, retransmits %d\n", info.tcpi_snd_mss > 500,
           info.tcpi_rcv_mss > 500, info.tcpi_snd_cwnd > 0,
           info.tcpi_rtt<10000000, info.tcpi_rto> 0, (int)info.tcpi_total_retrans);
}

static void info(void)
{
    struct tcp_info some;
    socklen_t size = 10;
    char text[2000];
    int fds[2], fd = socket(AF_INET, SOCK_STREAM, 0);

    tell_info("new", fd);
    listen(fd, 5);
    tell_info("listening", fd);
    close(fd);
    TELL(tcp_pair(fds));
    for (int i = 0; i < 20; i++) {
        send(fds[0], text, sizeof text, 0);
        recv(fds[1], text, sizeof text, MSG_WAITALL);
        send(fds[1], text, sizeof text, 0);
        recv(fds[0], text, sizeof text, MSG_WAITALL);
    }
    tell_info("connected", fds[0]);
    tell_info("accepted", fds[1]);
    fd = fds[0];
    TELL(option(fd, IPPROTO_TCP, TCP_MAXSEG) > 500);
    TRY(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &some, &size));
    TELL(size);
    TRY(setsockopt(fd, IPPROTO_TCP, TCP_INFO, &some, sizeof some));
    shutdown(fd, SHUT_WR);
    await(fds[1], POLLRDHUP);
    tell_info("told the end", fds[1]);
    close(fds[1]);
    await(fd, POLLHUP);
    close(fd);
}

static void inherited(void)
{
    struct linger linger = {1, 3};
    int server = listener(AF_INET, 5), client, fd;

    set(server, IPPROTO_TCP, TCP_NODELAY, 1);
    set(server, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(server, IPPROTO_TCP, TCP_KEEPIDLE, 55);
    set(server, SOL_SOCKET, SO_RCVBUF, 30000);
    set(server, IPPROTO_IP, IP_TOS, 8);
    setsockopt(server, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    client = connected(SOCK_STREAM, port_of(server));
    TRY(fd = accept(server, NULL, NULL));
    GET(IPPROTO_TCP, TCP_NODELAY);
    GET(SOL_SOCKET, SO_KEEPALIVE);
    GET(IPPROTO_TCP, TCP_KEEPIDLE);
    GET(SOL_SOCKET, SO_RCVBUF);
    GET(IPPROTO_IP, IP_TOS);
    GET(SOL_SOCKET, SO_ACCEPTCONN);
    GET(SOL_SOCKET, SO_LINGER);
    close(client);
    close(fd);
    close(server);
}

static void of_ip(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), fds[2];

    SET(IPPROTO_IP, IP_TOS, 0x10);
    GET(IPPROTO_IP, IP_TTL);
    SET(IPPROTO_IP, IP_TTL, 32);
    SET(IPPROTO_IP, IP_TTL, 0);
    SET(IPPROTO_IP, IP_TTL, 256);
    SET(IPPROTO_IP, IP_TTL, -1);
    GET(IPPROTO_IP, IP_MTU);
    SET(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    SET(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    SET(IPPROTO_IP, IP_MTU_DISCOVER, 77);
    SET(IPPROTO_IP, IP_RECVERR, 1);
    SET(IPPROTO_IP, IP_FREEBIND, 1);
    SET(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    SET(IPPROTO_IP, IP_PKTINFO, 1);
    SET(IPPROTO_IP, IP_RECVTOS, 1);
    SET(IPPROTO_IP, IP_RECVTTL, 1);
    SET(IPPROTO_IP, 999, 1);
    SET(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    close(fd);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    GET(IPPROTO_IP, IP_MULTICAST_TTL);
    SET(IPPROTO_IP, IP_MULTICAST_TTL, 9);
    SET(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    close(fd);
    tcp_pair(fds);
    TELL(option(fds[0], IPPROTO_IP, IP_MTU) >= 1500);
    TELL(option(fds[1], IPPROTO_IP, IP_TTL));
    close_pair(fds);
}

static void of_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    GET(IPPROTO_IPV6, IPV6_V6ONLY);
    SET(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    SET(IPPROTO_IPV6, IPV6_V6ONLY, 0);
    GET(IPPROTO_IPV6, IPV6_UNICAST_HOPS);
    SET(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9);
    SET(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256);
    SET(IPPROTO_IPV6, IPV6_TCLASS, 0x20);
    SET(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    SET(IPPROTO_IPV6, 999, 1);
    SET(IPPROTO_IP, IP_TOS, 0x10);
    TRY(bind(fd, V6(0)));
    SET(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    close(fd);
}

static void interfaces(void)
{
    struct ifreq one = {.ifr_name = "lo"}, all[10];
    struct ifconf list = {.ifc_len = sizeof all, .ifc_req = all};
    int fd = socket(AF_INET, SOCK_DGRAM, 0), found = 0;
    char name[IF_NAMESIZE];

    TRY(ioctl(fd, SIOCGIFCONF, &list));
    for (int i = 0; i < list.ifc_len / (int)sizeof *all; i++)
        found += strcmp(all[i].ifr_name, "lo") == 0;
    TELL(found);
    TRY(ioctl(fd, SIOCGIFADDR, &one));
    memcpy(&any, &one.ifr_addr, any_size = 16);
    printf("%s\n", words());
    TRY(ioctl(fd, SIOCGIFNETMASK, &one));
    memcpy(&any, &one.ifr_addr, any_size = 16);
    printf("%s\n", words());
    TRY(ioctl(fd, SIOCGIFFLAGS, &one));
    TELL(one.ifr_flags & (IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_BROADCAST));
    TRY(ioctl(fd, SIOCGIFMTU, &one));
    TELL(one.ifr_mtu >= 1500);
    TRY(ioctl(fd, SIOCGIFHWADDR, &one));
    TELL(one.ifr_hwaddr.sa_family);
    TRY(ioctl(fd, SIOCGIFINDEX, &one));
    TELL(one.ifr_ifindex > 0);
    TELL(if_nametoindex("lo") == (unsigned)one.ifr_ifindex);
    TELL(if_indextoname(one.ifr_ifindex, name) != NULL);
    printf("%s\n", name);
    strcpy(one.ifr_name, "none9");
    TRY(ioctl(fd, SIOCGIFADDR, &one));
    TRY(ioctl(fd, SIOCGIFFLAGS, &one));
    TRY(ioctl(fd, SIOCGIFINDEX, &one));
    TRY(ioctl(fd, SIOCGIFADDR, 8));
    TRY(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "none9", 6));
    TRY(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
    close(fd);
}

int main(void)
{
    begin();
    PART(of_sockets);
    PART(sizes);
    PART(structures);
    PART(of_tcp);
    PART(info);
    PART(inherited);
    PART(of_ip);
    PART(of_ipv6);
    PART(interfaces);
    return 0;
}
