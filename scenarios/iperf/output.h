/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What iperf3's client prints about one test (`iperf3 -J`, version 3.12), as far as tare uses it.
 * "Rx" goes to the guest, which receives it; "tx" comes from the guest.
 */
#ifndef TARE_IPERF_OUTPUT_H
#define TARE_IPERF_OUTPUT_H

#include <cjson/cJSON.h>

#include "bench/base/error.h"

struct flow {
    cJSON *series;       /* the client's intervals, warm-up included, as results/README.md defines a
                            sample's `series`; NULL: nothing went in this direction */
    double seconds;      /* of the test by the client's clock, the host's; warm-up excluded */
    double received;     /* bytes that the RECEIVER counted, warm-up excluded */
    double received_bps; /* those bits per such second */
    double retransmits;  /* TCP: segments that the sender retransmitted, warm-up excluded */
    double sent_bps;     /* what the sender counted, likewise */
    double lost_percent; /* UDP: datagrams of the whole run that had not arrived at its end */
    double silent_s;     /* the longest time without a byte */
    double clock_error;  /* the guest's seconds of the test / the host's - 1 */
};

struct output {
    struct flow rx, tx;
    double moved_bytes; /* both ways, warm-up included */
    double cpu_percent; /* of one CPU, by the client itself */
};

/* Read the client's output. A test that iperf3 calls failed, or that is incomplete, is an error
 * with iperf3's message. `output` then holds what was measured so far. The caller always releases
 * it with output_free(). -EPROTO if `text` is not from iperf3. */
int output_read(const char *text, struct output *output, struct error *error);
void output_free(struct output *output);

/* Both directions as one, whose intervals have two streams: to the guest, and from it. Its series
 * is the caller's to delete; NULL where the directions have not the same intervals. */
struct flow output_both(const struct output *output);

#endif
