/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "tool.h"

enum { LARGEST = 60000 };

/* Is this packet the answer to the request? Raw sockets hand out all ICMP, requests too. */
static bool matches(const uint8_t *packet, ssize_t size, const struct icmphdr *request,
                    size_t bytes)
{
    size_t header = size > 0 ? (packet[0] & 15u) * 4u : 0;
    struct icmphdr reply;

    if (size < 0 || (size_t)size != header + bytes)
        return false;
    memcpy(&reply, packet + header, sizeof reply);
    return reply.type == ICMP_ECHOREPLY && reply.un.echo.id == request->un.echo.id &&
           reply.un.echo.sequence == request->un.echo.sequence &&
           memcmp(packet + header + sizeof reply, request + 1, bytes - sizeof reply) == 0;
}

bool ping_once(const char *address, int sequence, size_t size, int ms)
{
    static uint8_t request[LARGEST], packet[LARGEST + 60];
    struct icmphdr *icmp = (struct icmphdr *)request;
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    size_t bytes = sizeof *icmp + size;
    long left, end = now_ms() + ms;
    bool found = false;

    if (fd < 0)
        die("ping: %s", strerror(errno));
    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || bytes > sizeof request)
        die("ping %s: not an IPv4 address", address);
    *icmp = (struct icmphdr){.type = ICMP_ECHO};
    icmp->un.echo.id = htons((uint16_t)getpid());
    icmp->un.echo.sequence = htons((uint16_t)sequence);
    for (size_t i = sizeof *icmp; i < bytes; i++)
        request[i] = (uint8_t)(i + (size_t)sequence);
    icmp->checksum = checksum(request, bytes, 0);
    if (sendto(fd, request, bytes, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)bytes)
        while (!found && (left = end - now_ms()) > 0 && ready(fd, POLLIN, (int)left) == 0)
            found = matches(packet, recv(fd, packet, sizeof packet, 0), icmp, bytes);
    close(fd);
    return found;
}

int ping_main(char **arguments)
{
    static const size_t sizes[] = {56, 0, 1, 1000, 1472, 1473, 5000};
    long count = number(arguments[1]), answered = 0;

    for (int i = 0; i < count; i++)
        answered +=
            ping_once(arguments[0], i, sizes[(size_t)i % (sizeof sizes / sizeof *sizes)], STALL_MS);
    printf("%ld of %ld pings answered\n", answered, count);
    return answered != count;
}
