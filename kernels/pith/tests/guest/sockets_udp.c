/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDP. */
#include "inet.h"
#include <sys/mman.h>

static char text[70000];

/* Two sockets, [1] bound; its port is returned. */
static int two(int fds[2])
{
    fds[0] = socket(AF_INET, SOCK_DGRAM, 0);
    fds[1] = bound(AF_INET, SOCK_DGRAM);
    return port_of(fds[1]);
}

static void datagrams(void)
{
    int fds[2], port = two(fds), held;

    TRY(recv(fds[1], text, 10, MSG_DONTWAIT));
    TELL(port_of(fds[0]));
    TRY(sendto(fds[0], "hello", 5, 0, V4(port)));
    TELL(port_of(fds[0]) > 1023);
    printf("%s\n", words());
    TELL(await(fds[1], POLLIN));
    TRY(recv(fds[1], text, 10, MSG_PEEK));
    any_size = sizeof any;
    TRY(recvfrom(fds[1], text, 10, 0, ANY, &any_size));
    printf("%.5s from %s\n", text, words());
    TRY(sendto(fds[1], "back", 4, 0, ANY, any_size));
    TELL(take(fds[0], text, 10));
    TRY(sendto(fds[0], "first", 5, 0, V4(port)));
    TRY(sendto(fds[0], "second", 6, 0, V4(port)));
    await(fds[1], POLLIN);
    TRY(ioctl(fds[1], FIONREAD, &held)); /* of the first */
    TELL(held);
    TRY(recv(fds[1], text, 2, 0)); /* the rest of it is gone */
    TRY(recv(fds[1], text, 3, MSG_TRUNC));
    TRY(recv(fds[1], text, 3, MSG_DONTWAIT));
    TRY(sendto(fds[0], "", 0, 0, V4(port)));
    TELL(await(fds[1], POLLIN));
    TRY(ioctl(fds[1], FIONREAD, &held));
    TELL(held);
    TRY(recv(fds[1], text, 10, 0));
    TRY(recv(fds[1], text, 10, MSG_DONTWAIT));
    TRY(sendto(fds[0], "none", 4, 0, V4(port)));
    await(fds[1], POLLIN);
    TRY(recv(fds[1], text, 0, 0));
    TRY(recv(fds[1], text, 10, MSG_DONTWAIT));
    TELL(state(fds[1]));
    TRY(sendto(fds[1], "self", 4, 0, V4(port)));
    TELL(take(fds[1], text, 10));
    TRY(recv(fds[1], text, 10, MSG_OOB | MSG_DONTWAIT));
    TRY(lseek(fds[1], 0, SEEK_SET));
    TRY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[1], 0) == MAP_FAILED);
    close_pair(fds);
}

static void refused(void)
{
    int fds[2], port = two(fds);

    TRY(send(fds[0], "x", 1, 0));
    TRY(write(fds[0], "x", 1));
    TRY(sendto(fds[0], "x", 1, 0, v4("127.0.0.1", port), 15));
    TRY(sendto(fds[0], "x", 1, 0, v4("127.0.0.1", port), -1));
    TRY(sendto(fds[0], "x", 1, 0, v4("127.0.0.1", port), 300));
    TRY(sendto(fds[0], "x", 1, 0, (struct sockaddr *)8, 16));
    TRY(sendto(fds[0], "x", 1, 0, V4(0)));
    TRY(sendto(fds[0], "x", 1, 0, V6(port)));
    TRY(sendto(fds[0], "x", 1, 0, v4("10.1.2.3", port), sizeof(struct sockaddr_in)));
    TRY(sendto(fds[0], (void *)8, 1, 0, V4(port)));
    TRY(sendto(fds[0], "x", 1, MSG_OOB, V4(port)));
    TRY(sendto(fds[0], text, 65508, 0, V4(port)));
    TRY(sendto(fds[0], text, 70000, 0, V4(port)));
    TRY(sendto(fds[0], text, 65507, 0, V4(port)));
    TELL(take(fds[1], text, sizeof text));
    TRY(sendto(fds[0], "x", 1, 0, V4(port)));
    await(fds[1], POLLIN);
    TRY(recv(fds[1], (void *)8, 1, 0));
    TRY(sendto(fds[0], "y", 1, 0, V4(port)));
    await(fds[1], POLLIN);
    any_size = -1;
    TRY(recvfrom(fds[1], text, 1, 0, ANY, &any_size));
    TRY(shutdown(fds[0], SHUT_RDWR));
    TRY(getpeername(fds[0], ANY, &any_size));
    close_pair(fds);
}

static void names(void)
{
    int fds[2], port = two(fds);

    for (int i = 0; i < 3; i++)
        sendto(fds[0], "x", 1, 0, V4(port));
    await(fds[1], POLLIN);
    memset(&any, 0x55, sizeof any);
    any_size = 3;
    TRY(recvfrom(fds[1], text, 1, 0, ANY, &any_size));
    TELL(any_size);
    TELL(((unsigned char *)&any)[3]);
    any_size = sizeof any;
    TRY(recvfrom(fds[1], text, 1, 0, ANY, &any_size));
    TELL(any_size);
    TRY(recvfrom(fds[1], text, 1, 0, NULL, NULL));
    close_pair(fds);
}

static void connected_ones(void)
{
    int fds[2], port = two(fds), stranger = bound(AF_INET, SOCK_DGRAM), mine, closed;

    TRY(connect(fds[0], V4(port)));
    mine = port_of(fds[0]);
    printf("%s\n", words());
    any_size = sizeof any;
    TRY(getpeername(fds[0], ANY, &any_size));
    TELL(ntohs(((struct sockaddr_in *)&any)->sin_port) == port);
    TRY(send(fds[0], "one", 3, 0));
    TRY(write(fds[0], "three", 5));
    TELL(take(fds[1], text, 10));
    TELL(take(fds[1], text, 10));
    TRY(sendto(stranger, "strange", 7, 0, V4(mine)));
    TRY(sendto(fds[1], "known", 5, 0, V4(mine)));
    TELL(take(fds[0], text, 10)); /* only what its peer sent */
    TRY(recv(fds[0], text, 10, MSG_DONTWAIT));
    TRY(sendto(fds[0], "else", 4, 0, V4(port_of(stranger))));
    TELL(take(stranger, text, 10));
    TRY(connect(fds[0], V4(port_of(stranger))));
    TRY(send(fds[0], "again", 5, 0));
    TELL(take(stranger, text, 10));
    any.ss_family = AF_UNSPEC;
    TRY(connect(fds[0], ANY, sizeof any));
    TRY(getpeername(fds[0], ANY, &any_size));
    TRY(send(fds[0], "x", 1, 0));
    TRY(connect(fds[0], V4(port)));
    TRY(shutdown(fds[0], SHUT_RD));
    TELL(state(fds[0]));
    TRY(recv(fds[0], text, 10, 0));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    TRY(shutdown(fds[0], SHUT_WR));
    TRY(send(fds[0], "x", 1, MSG_NOSIGNAL));
    TELL(state(fds[0]));
    close(fds[0]);
    closed = port_of(stranger);
    close(stranger);
    fds[0] = connected(SOCK_DGRAM, closed);
    TRY(send(fds[0], "x", 1, 0));
    TELL(await(fds[0], POLLERR)); /* nobody is there, and says so */
    TRY(recv(fds[0], text, 10, MSG_DONTWAIT));
    TRY(recv(fds[0], text, 10, MSG_DONTWAIT));
    TRY(send(fds[0], "x", 1, 0));
    await(fds[0], POLLERR);
    TELL(option(fds[0], SOL_SOCKET, SO_ERROR));
    TRY(send(fds[0], "x", 1, 0));
    await(fds[0], POLLERR);
    TRY(send(fds[0], "x", 1, 0));
    close_pair(fds);
}

static void messages(void)
{
    struct iovec out[2] = {{"scat", 4}, {"tered", 5}}, in[2] = {{text, 2}, {text + 50, 5}};
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 2};
    int fds[2], port = two(fds);

    message.msg_name = v4("127.0.0.1", port);
    message.msg_namelen = any_size;
    TRY(sendmsg(fds[0], &message, 0));
    await(fds[1], POLLIN);
    message = (struct msghdr){
        .msg_name = &any, .msg_namelen = sizeof any, .msg_iov = in, .msg_iovlen = 2};
    TRY(recvmsg(fds[1], &message, MSG_PEEK));
    TELL(message.msg_flags);
    message.msg_flags = 0;
    TRY(recvmsg(fds[1], &message, MSG_TRUNC));
    TELL(message.msg_flags);
    any_size = message.msg_namelen;
    printf("%.2s|%.5s from %s\n", text, text + 50, words());
    TRY(sendto(fds[0], "abc", 3, 0, V4(port)));
    await(fds[1], POLLIN);
    TRY(recvmsg(fds[1], &message, 0));
    TELL(message.msg_flags);
    message = (struct msghdr){.msg_iov = out, .msg_iovlen = 2};
    TRY(sendmsg(fds[0], &message, 0));
    TRY(connect(fds[0], V4(port)));
    TRY(sendmsg(fds[0], &message, 0));
    TRY(writev(fds[0], out, 2));
    TELL(take(fds[1], text, 100));
    TELL(take(fds[1], text, 100));
    TRY(send(fds[0], "ab", 2, MSG_MORE));
    TRY(recv(fds[1], text, 100, MSG_DONTWAIT));
    TRY(send(fds[0], "cd", 2, 0));
    TELL(take(fds[1], text, 100));
    close_pair(fds);
}

static void many_at_once(void)
{
    struct mmsghdr all[5] = {0};
    struct iovec parts[5];
    struct timespec soon = {0, 30000000};
    int fds[2], port = two(fds);

    connect(fds[0], V4(port));
    for (int i = 0; i < 5; i++) {
        parts[i] = (struct iovec){text + 100 * i, (size_t)i + 1};
        all[i].msg_hdr.msg_iov = &parts[i];
        all[i].msg_hdr.msg_iovlen = 1;
    }
    TRY(sendmmsg(fds[0], all, 5, 0));
    TELL(all[0].msg_len * 10000 + all[1].msg_len * 1000 + all[2].msg_len * 100 +
         all[3].msg_len * 10 + all[4].msg_len);
    await(fds[1], POLLIN);
    TRY(recvmmsg(fds[1], all, 3, 0, NULL));
    TELL(all[0].msg_len * 100 + all[1].msg_len * 10 + all[2].msg_len);
    parts[0].iov_len = 3;
    TRY(recvmmsg(fds[1], all, 5, MSG_DONTWAIT, NULL));
    TELL(all[0].msg_len);
    TELL(all[0].msg_hdr.msg_flags);
    TRY(recvmmsg(fds[1], all, 5, MSG_DONTWAIT, NULL));
    TRY(sendmmsg(fds[0], all, 2, 0));
    await(fds[1], POLLIN);
    TRY(recvmmsg(fds[1], all, 5, MSG_WAITFORONE, NULL));
    TRY(sendmmsg(fds[0], all, 2, 0));
    TRY(recvmmsg(fds[1], all, 2, 0, &soon));
    soon.tv_nsec = -1;
    TRY(recvmmsg(fds[1], all, 2, 0, &soon));
    TRY(sendmmsg(fds[0], all, 0, 0));
    parts[1].iov_base = (void *)8;
    TRY(sendmmsg(fds[0], all, 5, 0)); /* as many as went */
    TRY(sendmmsg(fds[0], all + 1, 1, 0));
    TELL(take(fds[1], text, 100));
    close_pair(fds);
}

/* More than the receiver has room for: lost, and nobody waits. */
static void overflowing(void)
{
    int fds[2], port = two(fds), sent = 0, got = 0;

    set(fds[1], SOL_SOCKET, SO_RCVBUF, 50000);
    connect(fds[0], V4(port));
    for (int i = 0; i < 5000; i++)
        sent += send(fds[0], text, 1000, 0) == 1000;
    TELL(sent);
    while (recv(fds[1], text, 1000, MSG_DONTWAIT) == 1000)
        got++;
    TELL(got > 10);
    TELL(got < 5000);
    TRY(send(fds[0], "fits", 4, 0));
    TELL(take(fds[1], text, 1000));
    close_pair(fds);
}

static int control(int fd, int level, int type, void *data, size_t size)
{
    char space[256];
    struct iovec part = {text, 100};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *one;

    await(fd, POLLIN);
    if (recvmsg(fd, &message, MSG_DONTWAIT) < 0)
        return -errno;
    for (one = CMSG_FIRSTHDR(&message); one; one = CMSG_NXTHDR(&message, one))
        if (one->cmsg_level == level && one->cmsg_type == type) {
            memcpy(data, CMSG_DATA(one), size);
            return (int)(one->cmsg_len - CMSG_LEN(0));
        }
    return -1;
}

static void controls(void)
{
    struct in_pktinfo info = {0};
    struct timeval stamp = {0};
    int fds[2], port = two(fds), value = 0, fd;

    TELL(set(fds[1], IPPROTO_IP, IP_PKTINFO, 1));
    sendto(fds[0], "x", 1, 0, V4(port));
    TELL(control(fds[1], IPPROTO_IP, IP_PKTINFO, &info, sizeof info));
    printf("to %s by an interface %d\n", inet_ntoa(info.ipi_addr), info.ipi_ifindex > 0);
    TELL(set(fds[1], IPPROTO_IP, IP_PKTINFO, 0));
    TELL(set(fds[1], IPPROTO_IP, IP_RECVTTL, 1));
    sendto(fds[0], "x", 1, 0, V4(port));
    TELL(control(fds[1], IPPROTO_IP, IP_TTL, &value, sizeof value));
    TELL(value);
    TELL(set(fds[1], IPPROTO_IP, IP_RECVTTL, 0));
    TELL(set(fds[1], IPPROTO_IP, IP_RECVTOS, 1));
    TELL(set(fds[0], IPPROTO_IP, IP_TOS, 0x10));
    sendto(fds[0], "x", 1, 0, V4(port));
    value = 0;
    TELL(control(fds[1], IPPROTO_IP, IP_TOS, &value, 1));
    TELL(value);
    TELL(set(fds[1], IPPROTO_IP, IP_RECVTOS, 0));
    TELL(set(fds[1], SOL_SOCKET, SO_TIMESTAMP, 1));
    sendto(fds[0], "x", 1, 0, V4(port));
    TELL(control(fds[1], SOL_SOCKET, SCM_TIMESTAMP, &stamp, sizeof stamp));
    TELL(stamp.tv_sec > 1600000000);
    close_pair(fds);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    TRY(sendto(fd, "x", 1, 0, v4("127.255.255.255", 5000), sizeof(struct sockaddr_in)));
    TELL(set(fd, SOL_SOCKET, SO_BROADCAST, 1));
    TRY(sendto(fd, "x", 1, 0, v4("127.255.255.255", 5000), sizeof(struct sockaddr_in)));
    close(fd);
}

int main(void)
{
    begin();
    PART(datagrams);
    PART(refused);
    PART(names);
    PART(connected_ones);
    PART(messages);
    PART(many_at_once);
    PART(overflowing);
    PART(controls);
    return 0;
}
