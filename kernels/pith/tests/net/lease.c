/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A DHCP server (RFC 2131) that gives one address to everybody who asks, until it is killed. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tool.h"

enum { SERVER = 67, CLIENT = 68, FIXED = 240, OFFER = 2, REQUEST = 3, ACK = 5, ROOM = 1500 };

static int open_server(const char *interface)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(SERVER)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;

    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0)
        die("%s: %s", interface, strerror(errno));
    printf("watching\n");
    fflush(stdout);
    return fd;
}

/* The type of a message; 0: it has none. */
static int type_of(const uint8_t *message, size_t size)
{
    for (size_t at = FIXED; at + 2 < size && message[at] != 255;
         at += message[at] ? 2u + message[at + 1] : 1)
        if (message[at] == 53)
            return message[at + 2];
    return 0;
}

/* The server is .1 of the address's network of 24 bits. */
static size_t write_answer(uint8_t *message, int type, const uint8_t *address)
{
    const uint8_t options[] = {53,         1,          (uint8_t)type,
                               54,         4,          address[0],
                               address[1], address[2], 1,
                               51,         4,          0,
                               1,          0,          0,
                               1,          4,          255,
                               255,        255,        0,
                               3,          4,          address[0],
                               address[1], address[2], 1,
                               255};

    message[0] = 2;
    memcpy(message + 16, address, 4);
    memcpy(message + FIXED, options, sizeof options);
    return FIXED + sizeof options;
}

int lease_main(char **arguments)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(CLIENT)};
    int fd = open_server(arguments[0]);
    uint8_t message[ROOM], address[4];
    ssize_t got;

    to.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    if (!arguments[1] || inet_pton(AF_INET, arguments[1], address) != 1)
        die("%s: not an address", arguments[1] ? arguments[1] : "nothing");
    while ((got = recv(fd, message, sizeof message, 0)) >= 0) {
        int type = got > FIXED ? type_of(message, (size_t)got) : 0;
        size_t size = write_answer(message, type == REQUEST ? ACK : OFFER, address);

        if (type && sendto(fd, message, size, 0, (struct sockaddr *)&to, sizeof to) < 0)
            die("sendto: %s", strerror(errno));
    }
    die("recv: %s", strerror(errno));
}
