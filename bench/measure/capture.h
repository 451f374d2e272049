/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets on an interface of the sandbox, by libpcap, with the kernel's own stamps: when it took
 * the packet over, not when we got to it.
 */
#ifndef TARE_CAPTURE_H
#define TARE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"

struct capture;

/* Capture the packets on `interface` that match `filter` (man pcap-filter). Free with
 * capture_close(). */
int capture_open(const char *interface, const char *filter, struct capture **out,
                 struct error *error);
void capture_close(struct capture *capture); /* NULL is allowed */

/* A descriptor that is readable when there may be a packet. */
int capture_fd(const struct capture *capture);

/* Take the next packet: 1 and when it came, in ns of CLOCK_MONOTONIC; 0 when there is none; -ESTALE
 * when the wall clock, on which the kernel stamps packets, was set meanwhile. */
int capture_next(struct capture *capture, int64_t *stamp, struct error *error);

/* The packet just taken, good until the next is: its first `captured` bytes of `length`. */
const unsigned char *capture_bytes(const struct capture *capture, size_t *captured, size_t *length);

#endif
