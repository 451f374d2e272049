/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Large segments. lwIP builds segments of up to pcb->mss bytes. Where the device can cut them up
 * (TSO), that is raised to tens of KB, so that one walk through the stack and one descriptor chain
 * carry what would be 40 packets. The MSS that the peer agreed to is kept beside the pcb and is
 * what the device cuts by. After a loss the segments shrink to it until the loss is repaired, since
 * a lost packet must not cost the resending of 40.
 */
#ifndef PITH_NET_SEGMENTS_H
#define PITH_NET_SEGMENTS_H

#include <lwip/err.h>
#include <lwip/ip_addr.h>

/* The largest, in bytes: 42 of 1460, with all headers below what IP's length can say. Over loopback
 * it is always allowed. */
#define SEGMENT_LARGEST 61320

struct tcp_hdr;
struct tcp_pcb;

void segments_init(void);

/* Segments of up to so many bytes may be given to the device; 0, the default: none. */
void segments_allow(unsigned over_ip4, unsigned over_ip6);

/* A connection has been made: send in segments larger than its MSS, which is returned. Call it in
 * lwIP's connected and accept callbacks. */
uint16_t segments_begin(struct tcp_pcb *pcb);

/* lwIP's tcp_write(), which this must stand in for: segments already queued may be larger than
 * those that are made now. */
err_t segments_write(struct tcp_pcb *pcb, const void *data, uint16_t size, uint8_t flags);

/* The MSS of the connection that an outgoing TCP packet belongs to; 0 when it is unknown. */
uint16_t segments_mss(const struct tcp_hdr *header, const ip_addr_t *remote);

/* After each frame from the NIC: see to the connection that it may have been for. */
void segments_after_input(void);

/* The NIC's queue, which was full, has room again. */
void segments_room(void);

/* Before lwIP's TCP timer, which may be about to send again. */
void segments_before_timer(void);

#endif
