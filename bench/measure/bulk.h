/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A load of bytes, as iperf 2's client sends them: to a server that takes them and says nothing.
 * What counts is what the receiver's TCP has acknowledged, interval by interval.
 */
#ifndef TARE_BULK_H
#define TARE_BULK_H

#include "bench/measure/load.h"

/* As load_run(), of load->bulk. */
void bulk_run(const struct load *load, int stop, struct load_report *report);

#endif
