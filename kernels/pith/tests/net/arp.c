/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tool.h"

static int open_arp(const char *interface)
{
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ARP),
                             .sll_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP));

    if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof to) != 0)
        die("%s: %s", interface, strerror(errno));
    return fd;
}

/* Does a frame from the interface ask for the Ethernet address of ADDRESS? */
int asks_main(char **arguments)
{
    long start = now_ms(), end = start + number(arguments[2]) * 1000;
    in_addr_t address = inet_addr(arguments[1]);
    int fd = open_arp(arguments[0]);
    struct ether_arp arp;

    while (ready(fd, POLLIN, (int)(end - now_ms())) == 0) {
        struct sockaddr_ll from = {0};
        socklen_t size = sizeof from;

        if (recvfrom(fd, &arp, sizeof arp, 0, (struct sockaddr *)&from, &size) == sizeof arp &&
            from.sll_pkttype != PACKET_OUTGOING && ntohs(arp.arp_op) == ARPOP_REQUEST &&
            memcmp(arp.arp_tpa, &address, sizeof address) == 0) {
            printf("after %ld ms\n", now_ms() - start);
            return 0;
        }
    }
    die("nobody asks for %s", arguments[1]);
}
