/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/capture.h"
#include "bench/measure/packets.h"
#include "bench/measure/trial.h"

static unsigned word(const unsigned char *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static void add(char *line, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(char *line, size_t size, const char *format, ...)
{
    size_t used = strlen(line);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line + used, size - used, format, arguments);
    va_end(arguments);
}

static void add_addresses(const unsigned char *from, const unsigned char *to, char *line,
                          size_t size)
{
    add(line, size, "%u.%u.%u.%u > %u.%u.%u.%u", from[0], from[1], from[2], from[3], to[0], to[1],
        to[2], to[3]);
}

static void add_arp(const unsigned char *bytes, size_t captured, char *line, size_t size)
{
    if (captured < 28) {
        add(line, size, "ARP, cut short");
        return;
    }
    add_addresses(bytes + 14, bytes + 24, line, size);
    add(line, size, " ARP %s", word(bytes + 6) == 1 ? "request" : "reply");
}

/* What follows the IPv4 header: `bytes`, `captured` of `length`. */
static void add_transport(unsigned protocol, const unsigned char *bytes, size_t captured,
                          size_t length, char *line, size_t size)
{
    static const char *const flags[] = {"FIN", "SYN", "RST", "PSH", "ACK"};

    if (protocol == IPPROTO_TCP && captured >= 20) {
        size_t header = (size_t)(bytes[12] >> 4) * 4;

        add(line, size, " TCP %u > %u", word(bytes), word(bytes + 2));
        for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
            if (bytes[13] >> i & 1)
                add(line, size, " %s", flags[i]);
        add(line, size, " seq %u ack %u window %u, %zu bytes",
            word(bytes + 4) << 16 | word(bytes + 6), word(bytes + 8) << 16 | word(bytes + 10),
            word(bytes + 14), length > header ? length - header : 0);
    } else if (protocol == IPPROTO_UDP && captured >= 8) {
        add(line, size, " UDP %u > %u, %zu bytes", word(bytes), word(bytes + 2), length - 8);
    } else if (protocol == IPPROTO_ICMP && captured >= 2) {
        add(line, size, " ICMP %s (type %u, code %u)",
            bytes[0] == ICMP_ECHO        ? "echo"
            : bytes[0] == ICMP_ECHOREPLY ? "echo reply"
                                         : "other",
            bytes[0], bytes[1]);
    } else {
        add(line, size, " protocol %u, %zu bytes", protocol, length);
    }
}

static void add_ipv4(const unsigned char *bytes, size_t captured, size_t length, char *line,
                     size_t size)
{
    size_t header = captured ? (size_t)(bytes[0] & 15) * 4 : 0;

    if (captured < 20 || header < 20 || captured < header) {
        add(line, size, "IPv4, cut short");
        return;
    }
    add_addresses(bytes + 12, bytes + 16, line, size);
    if (word(bytes + 6) & 0x1fff)
        add(line, size, " fragment, %zu bytes", length - header);
    else
        add_transport(bytes[9], bytes + header, captured - header, length - header, line, size);
}

void packet_text(const unsigned char *bytes, size_t captured, size_t length, char *line,
                 size_t size)
{
    unsigned type = captured >= ETHER_HDR_LEN ? word(bytes + 12) : 0;

    line[0] = '\0';
    if (captured < ETHER_HDR_LEN) {
        add(line, size, "cut short");
        return;
    }
    bytes += ETHER_HDR_LEN;
    captured -= ETHER_HDR_LEN;
    length -= ETHER_HDR_LEN;
    if (type == ETHERTYPE_ARP)
        add_arp(bytes, captured, line, size);
    else if (type == ETHERTYPE_IP)
        add_ipv4(bytes, captured, length, line, size);
    else
        add(line, size, "ethertype 0x%04x, %zu bytes", type, length);
}

/* Ask for a connection. The SYN has left when this returns; the socket is to be closed. */
static int send_syn(const struct sockaddr_in *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        (void)connect(fd, (const struct sockaddr *)to, sizeof *to);
    return fd;
}

static void send_echo(const struct sockaddr_in *to)
{
    struct icmphdr echo = {.type = ICMP_ECHO, .un.echo = {htons(1), htons(1)}};
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

    if (fd < 0)
        return;
    echo.checksum = (uint16_t)~htons((ICMP_ECHO << 8) + 1 + 1); /* of the words above */
    (void)sendto(fd, &echo, sizeof echo, 0, (const struct sockaddr *)to, sizeof *to);
    close(fd);
}

/* Add a line for each packet that has come; `start` is when the asking began. False when no more
 * can come. */
static bool take(struct capture *capture, int64_t start, cJSON *lines)
{
    struct error ignored = {0};
    int64_t stamp;
    int got;

    while ((got = capture_next(capture, &stamp, &ignored)) > 0) {
        size_t captured, length;
        const unsigned char *bytes = capture_bytes(capture, &captured, &length);
        char text[200], line[240];

        packet_text(bytes, captured, length, text, sizeof text);
        snprintf(line, sizeof line, "%+.6f s %s", (double)(stamp - start) / 1e9, text);
        cJSON_AddItemToArray(lines, cJSON_CreateString(line));
        if (cJSON_GetArraySize(lines) > 1 + PACKETS_KEEP)
            cJSON_DeleteItemFromArray(lines, 1);
    }
    return got == 0;
}

static void listen_in(struct trial *trial, unsigned port, double seconds, struct capture *capture,
                      cJSON *lines)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct error over = {0};
    int64_t start = clock_now();
    char line[120];
    int fd;

    snprintf(line, sizeof line,
             "0 s: SYN to port %u and ping sent to %s; what was on its wire:", port,
             trial_address(trial));
    cJSON_AddItemToArray(lines, cJSON_CreateString(line));
    inet_pton(AF_INET, trial_address(trial), &to.sin_addr);
    trial_allow_exactly(trial, seconds);
    fd = send_syn(&to);
    send_echo(&to);
    while (trial_await(trial, capture_fd(capture), "packet", &over) == 0 &&
           take(capture, start, lines))
        ;
    if (fd >= 0)
        close(fd);
}

cJSON *packets_collect(struct trial *trial, unsigned port, double seconds)
{
    cJSON *lines = cJSON_CreateArray();
    struct capture *capture;
    struct error error = {0};

    if (!trial_interface(trial) || trial_pid(trial) == 0) {
        cJSON_AddItemToArray(lines, cJSON_CreateString("there is no guest with a network"));
        return lines;
    }
    if (capture_open(trial_interface(trial), "", &capture, &error) < 0) {
        cJSON_AddItemToArray(lines, cJSON_CreateString(error.text));
        return lines;
    }
    listen_in(trial, port, seconds, capture, lines);
    capture_close(capture);
    return lines;
}
