/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings as a load: how soon an address answers ICMP echo, one after the other. */
#ifndef TARE_PING_H
#define TARE_PING_H

#include "bench/measure/load.h"

#define PING_BYTES 56 /* of data, as ping(8) sends */

/* As load_run(), of pings alone. A latency is from before an echo is sent until its reply was read.
 */
void ping_run(const struct load *load, int stop, struct load_report *report);

#endif
