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

/* The same for many packets, of which each must be seen: they come in blocks, up to 100 ms late, so
 * that taking them costs little beside what is measured. */
int capture_open_all(const char *interface, const char *filter, struct capture **out,
                     struct error *error);

/* How many packets were lost for want of room so far; or a negative errno. */
int64_t capture_lost(const struct capture *capture, struct error *error);

/* Write each packet that is taken from now on also to `fd`, which is the capture's then, in the
 * format of pcap-savefile(5). */
int capture_keep(struct capture *capture, int fd, struct error *error);

/* A descriptor that is readable when there may be a packet. */
int capture_fd(const struct capture *capture);

/* Take the next packet: 1 and when it came, in ns of CLOCK_MONOTONIC; 0 when there is none; -ESTALE
 * when the wall clock, on which the kernel stamps packets, was set meanwhile. */
int capture_next(struct capture *capture, int64_t *stamp, struct error *error);

/* The packet just taken, good until the next is: its first `captured` bytes of `length`. */
const unsigned char *capture_bytes(const struct capture *capture, size_t *captured, size_t *length);

#endif
