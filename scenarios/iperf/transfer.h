/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One test of iperf3 against the guest's server, and what to do when the guest fails. */
#ifndef TARE_IPERF_TRANSFER_H
#define TARE_IPERF_TRANSFER_H

#include "bench/measure/cputime.h"
#include "../scenario.h"
#include "output.h"

struct server {
    struct trial *trial;
    unsigned test; /* the number of the test that it waits for, or serves */
};

/* How long a test is, in whole seconds for iperf3, and how long one of its intervals. */
struct pace {
    unsigned warmup_s, measured_s;
    double interval_s;
};

struct transfer {
    struct output output;
    struct cpu_time used; /* by the guest, from the start of the client to its end */
    double client_s;      /* CPU seconds of the client */
    int64_t from, to;     /* its life */
};

/* Wait for the server of a guest that was just booted. */
int server_wait(struct server *server, struct error *error);

/* Run iperf3 at `pace` with more `options`, ended by NULL. -EIO or -ETIMEDOUT with the reason if it
 * did not finish or no byte moved for a second; -EPIPE if the guest has ended; -ENOENT without
 * iperf3; -ECANCELED. `transfer` holds what was measured so far. Always release it with
 * transfer_free(). */
int transfer_run(struct server *server, const struct pace *pace, const char *const *options,
                 struct transfer *transfer, struct error *error);
void transfer_free(struct transfer *transfer);

/* What makes a value of this test special, as a sample's note, or NULL. */
const char *transfer_note(const struct transfer *transfer);

/* Keep beside the sample of `metric` the intervals of `flow`, what arrived, and the client's CPU
 * time.
 */
void transfer_keep(struct trial *trial, const char *metric, const struct transfer *transfer,
                   const struct flow *flow);

/* Keep what could have disturbed the test, beside the samples of `metrics` (NULL-terminated). */
void transfer_observe(struct trial *trial, const char *const *metrics,
                      const struct transfer *transfer);

/* The guest has failed, as `why` says. Ask it to reply, fail `metrics` (NULL-terminated) with what
 * its interface carried meanwhile, and boot another guest. An errno if that fails. */
int server_replace(struct server *server, const char *const *metrics, const struct error *why,
                   struct error *error);

#endif
