/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "tool.h"

/* The flags of the TCP segment from the guest that comes next, within `ms`; 0: none. */
static int next_flags(int fd, int ms)
{
    struct {
        struct iphdr ip;
        struct tcphdr tcp;
    } packet;
    struct sockaddr_ll from = {0};
    socklen_t size = sizeof from;

    if (ready(fd, POLLIN, ms) < 0 ||
        recvfrom(fd, &packet, sizeof packet, 0, (struct sockaddr *)&from, &size) < 40 ||
        from.sll_pkttype == PACKET_OUTGOING || packet.ip.protocol != IPPROTO_TCP)
        return 0;
    return packet.tcp.th_flags;
}

/* Ask for a connection every few ms from before the guest is there: is the first word yes? */
int early_main(char **arguments)
{
    long end = now_ms() + number(arguments[2]) * 1000;
    int fd = watch(arguments[0], ETH_P_IP), flags = 0, tries = 0;

    while (!flags && now_ms() < end) {
        int asked = dial(arguments[1], ECHO_PORT, 0);

        tries++;
        flags = next_flags(fd, 5);
        if (asked >= 0)
            close(asked);
    }
    if (!flags || flags & TH_RST)
        die("%s at first, after asking %d times", flags ? "refused" : "no answer", tries);
    printf("asked %d times\n", tries);
    return 0;
}
