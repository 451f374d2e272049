/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/ping.h"

struct echo {
    struct icmphdr header;
    unsigned char data[PING_BYTES];
};

/* The Internet's checksum (RFC 1071) of an even number of bytes. */
static uint16_t checksum(const void *bytes, size_t size)
{
    const uint16_t *words = bytes;
    uint32_t sum = 0;

    for (size_t i = 0; i < size / 2; i++)
        sum += words[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static bool send_echo(int fd, uint16_t id, uint16_t number)
{
    struct echo echo = {.header = {.type = ICMP_ECHO, .un.echo = {htons(id), htons(number)}}};

    for (int i = 0; i < PING_BYTES; i++)
        echo.data[i] = (unsigned char)i;
    echo.header.checksum = checksum(&echo, sizeof echo);
    return send(fd, &echo, sizeof echo, 0) == sizeof echo;
}

/* Whether the packet answers echo `number` in full. */
static bool answers(const unsigned char *packet, size_t size, uint16_t id, uint16_t number)
{
    size_t skip = size > 0 ? (size_t)(packet[0] & 15) * 4 : 0;
    struct echo echo;

    if (size != skip + sizeof echo)
        return false;
    memcpy(&echo, packet + skip, sizeof echo);
    if (echo.header.type != ICMP_ECHOREPLY || ntohs(echo.header.un.echo.id) != id ||
        ntohs(echo.header.un.echo.sequence) != number)
        return false;
    for (int i = 0; i < PING_BYTES; i++)
        if (echo.data[i] != i)
            return false;
    return true;
}

/* Wait for the reply. False if it has not come by `patience`, or `stop` came. */
static bool await(int fd, int stop, uint16_t id, uint16_t number, int64_t patience)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
    unsigned char packet[2048];

    for (int64_t now = clock_now(); now < patience && !fds[1].revents; now = clock_now()) {
        struct timespec left = {(patience - now) / 1000000000, (patience - now) % 1000000000};
        ssize_t got;

        if (ppoll(fds, 2, &left, NULL) <= 0)
            continue;
        while ((got = recv(fd, packet, sizeof packet, MSG_DONTWAIT)) > 0)
            if (answers(packet, (size_t)got, id, number))
                return true;
    }
    return false;
}

static void ping(const struct load *load, int fd, int stop, struct load_report *report)
{
    uint16_t id = (uint16_t)getpid(), number = (uint16_t)report->all;
    int64_t start = clock_now(), now;
    bool measured = start >= report->from && start < report->to;

    report->all++;
    report->due += measured;
    if (!send_echo(fd, id, number) ||
        !await(fd, stop, id, number, start + (int64_t)(load->patience_s * 1e9))) {
        report->failed[LOAD_LATE]++;
        return;
    }
    now = clock_now();
    if (!measured)
        return;
    report->answered++;
    report->reached += now < report->to;
    report->length = PING_BYTES;
    histogram_add(&report->latency, now - start);
}

void ping_run(const struct load *load, int stop, struct load_report *report)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    struct pollfd stopping = {.fd = stop, .events = POLLIN};
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

    if (fd < 0 || inet_pton(AF_INET, load->address, &server.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&server, sizeof server) < 0) {
        report->error = fd < 0 || errno ? errno : EINVAL;
        if (fd >= 0)
            close(fd);
        return;
    }
    report->connected = load->connections;
    report->from = clock_now() + (int64_t)(load->warmup_s * 1e9);
    report->to = report->from + (int64_t)(load->measured_s * 1e9);
    while (clock_now() < report->to && load_failed(report) < LOAD_FAILURES_MAX &&
           (load->requests == 0 || report->all < load->requests) && poll(&stopping, 1, 0) == 0)
        ping(load, fd, stop, report);
    close(fd);
}
