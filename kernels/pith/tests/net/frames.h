/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ethernet frames, for the tools that send what no socket would. */
#ifndef PITH_NET_FRAMES_H
#define PITH_NET_FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_SIZE = 9014 };

/* Who sends to whom, in network order. */
struct link {
    int fd; /* a packet socket bound to the interface */
    uint8_t our_mac[6], guest_mac[6];
    uint32_t our_address, guest_address;
};

/* The Internet checksum (RFC 1071) of `data`, begun with the sum of a pseudo header. */
uint16_t checksum(const void *data, size_t size, uint32_t sum);

/*
 * A packet socket for what comes from and goes to the interface of one protocol (ETH_P_ARP, ...),
 * without the Ethernet header. Says "watching" on standard output: from now on nothing is missed.
 */
int watch(const char *interface, int protocol);

/* Open the interface that leads to the guest at `address` and learn both ends' addresses. */
struct link link_open(const char *interface, const char *address);

/* Hand a frame to the interface as it is. What it refuses (too long) is not sent. */
void link_send(const struct link *link, const void *frame, size_t size);

/* How many frames the interface has dropped because nobody took them in time. */
long frames_dropped(const char *interface);

/*
 * Write the Ethernet and the IPv4 header of a packet with `size` bytes of payload at `frame`, with
 * correct lengths and checksum: where the payload goes.
 */
uint8_t *put_ipv4(uint8_t *frame, const struct link *link, uint32_t source, int protocol,
                  size_t size);

/* Set the checksum of the TCP, UDP or ICMP payload of an IPv4 packet, by its own header. */
void seal_ipv4(uint8_t *frame, size_t size);

#endif
