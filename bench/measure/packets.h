/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The packets of a guest that does not answer, as text: evidence beside a failed sample. */
#ifndef TARE_PACKETS_H
#define TARE_PACKETS_H

#include <stddef.h>

#include "scenarios/scenario.h"

#define PACKETS_KEEP 24 /* lines, the latest */

/* Ask the guest to connect to TCP port `port` and to echo a ping, and tell for `seconds` what
 * its interface carries, whatever it is: a new array of lines, the first what was asked, or why
 * nothing could be. NULL when out of memory. The caller deletes it. */
struct cJSON *packets_collect(struct trial *trial, unsigned port, double seconds);

/* One packet, an Ethernet frame of `length` bytes of which the first `captured` are at `bytes`, in
 * a line of printable ASCII. */
void packet_text(const unsigned char *bytes, size_t captured, size_t length, char *line,
                 size_t size);

#endif
