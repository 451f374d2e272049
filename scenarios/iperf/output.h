/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What iperf3's client puts out about one run (`iperf3 -J`, version 3.12), as far as it is used
 * here. "Rx" is what goes to the guest, which receives it; "tx" what comes from it.
 */
#ifndef TARE_IPERF_OUTPUT_H
#define TARE_IPERF_OUTPUT_H

#include <cjson/cJSON.h>

#include "bench/base/error.h"

struct flow {
    cJSON *series;       /* the client's intervals, warm-up included, as results/README.md defines a
                            sample's `series`; NULL: nothing went this way */
    double received_bps; /* bits per second that the RECEIVER counted, warm-up excluded */
    double retransmits;  /* TCP: segments that the sender sent again, warm-up excluded */
    double sent_bps;     /* what the sender counted, warm-up excluded */
    double lost_percent; /* UDP: datagrams of the whole run that had not arrived at its end */
    double silent_s;     /* the longest time in which no byte went */
    double clock_error;  /* by what share the receiver's seconds are more than the sender's */
};

struct output {
    struct flow rx, tx;
    double moved_bytes; /* both ways, warm-up included */
    double cpu_percent; /* of one CPU, by the client itself */
};

/* Read the client's output. A run that iperf3 calls failed, or that is not whole, is an error with
 * its words; what it measured until then is in `output` all the same, which the caller releases
 * with output_free(). -EPROTO when `text` is none of iperf3. */
int output_read(const char *text, struct output *output, struct error *error);
void output_free(struct output *output);

#endif
