/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"
#include "tool.h"

/* QEMU's for its first NIC, if it is told none. */
static const uint8_t first_mac[ETH_ALEN] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

/* Know the guest's Ethernet address, so that nothing of ours tells it whose is whose. */
static void know(const char *interface, const char *address)
{
    struct arpreq entry = {.arp_flags = ATF_COM | ATF_PERM};
    struct sockaddr_in *at = (struct sockaddr_in *)&entry.arp_pa;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    at->sin_family = AF_INET;
    at->sin_addr.s_addr = inet_addr(address);
    entry.arp_ha.sa_family = ARPHRD_ETHER;
    memcpy(entry.arp_ha.sa_data, first_mac, ETH_ALEN);
    snprintf(entry.arp_dev, sizeof entry.arp_dev, "%s", interface);
    if (ioctl(fd, SIOCSARP, &entry) < 0)
        die("an ARP entry for %s: %s", address, strerror(errno));
    close(fd);
}

enum sight { NOTHING, SYN_ACK, REQUEST };

/* The next packet from the guest, within `ms`. */
static enum sight look(int fd, int ms)
{
    union {
        struct ether_arp arp;
        struct {
            struct iphdr ip;
            struct tcphdr tcp;
        } segment;
    } packet;
    struct sockaddr_ll from = {0};
    socklen_t size = sizeof from;
    ssize_t got;

    if (ready(fd, POLLIN, ms) < 0)
        return NOTHING;
    got = recvfrom(fd, &packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
    if (from.sll_pkttype == PACKET_OUTGOING)
        return NOTHING;
    if (from.sll_protocol == htons(ETH_P_ARP) && got >= (ssize_t)sizeof packet.arp)
        return ntohs(packet.arp.arp_op) == ARPOP_REQUEST ? REQUEST : NOTHING;
    return from.sll_protocol == htons(ETH_P_IP) && got >= (ssize_t)sizeof packet.segment &&
                   packet.segment.ip.protocol == IPPROTO_TCP && packet.segment.tcp.syn &&
                   packet.segment.tcp.ack
               ? SYN_ACK
               : NOTHING;
}

/* Is who asks for a connection answered first, and only then asked for his Ethernet address? */
int asker_main(char **arguments)
{
    long end = now_ms() + number(arguments[2]) * 1000;
    int fd, port = (int)number(arguments[3]);
    bool answered = false;

    know(arguments[0], arguments[1]);
    fd = watch(arguments[0], ETH_P_ALL);
    while (now_ms() < end) {
        int asked = dial(arguments[1], port, 0);
        enum sight sight;

        while ((sight = look(fd, 20)) != NOTHING) {
            if (sight == REQUEST && !answered)
                die("asks before it answers");
            if (sight == REQUEST) {
                printf("answered, then asked\n");
                return 0;
            }
            answered = true;
        }
        if (asked >= 0)
            close(asked);
    }
    die(answered ? "never asks" : "no answer");
}
