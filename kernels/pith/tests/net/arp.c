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

#include "frames.h"
#include "tool.h"

/* Does a frame from the interface ask for the Ethernet address of ADDRESS? */
int asks_main(char **arguments)
{
    long start = now_ms(), end = start + number(arguments[2]) * 1000;
    in_addr_t address = inet_addr(arguments[1]);
    int fd = watch(arguments[0], ETH_P_ARP);
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
