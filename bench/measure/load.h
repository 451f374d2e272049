/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An HTTP client that puts load on a guest's server and measures how long its replies take. It also
 * asks servers that know less: TCP echo, and ping.
 *
 * An open loop sends by a schedule, whatever the server does, and takes a request's time from when
 * it was due: one that had to wait for a free connection has waited for the server. A closed loop
 * sends the next request when the last was answered, and takes the time from when it was sent: it
 * finds how much the server can do, but leaves out who would have waited (coordinated omission).
 */
#ifndef TARE_LOAD_H
#define TARE_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/histogram.h"

#define LOAD_CONNECTIONS_MAX 2048
#define LOAD_ECHO_BYTES 64
#define LOAD_FAILURES_MAX 1000 /* so many failed requests end the load */

enum arrivals {
    ARRIVALS_CLOSED,   /* as soon as the last request of the connection was answered */
    ARRIVALS_CONSTANT, /* at equal distances */
    ARRIVALS_POISSON,  /* at distances that are exponentially distributed */
};

struct load {
    const char *address; /* IPv4 */
    uint16_t port;
    const char *path;     /* of the URL: "/" */
    unsigned connections; /* all are opened before the first request is sent */
    /* Several servers, one for each connection, in place of `address`: the first failure of one
     * ends its part, and the others go on. */
    const char *const *addresses;
    uint64_t *answers; /* with `addresses`: how many good replies came from each; zeros before */
    bool per_request;  /* a connection for each request instead, at most `connections` at once;
                          its time begins before it is asked for */
    bool tls;          /* handshakes of TLS alone, one after the other (tls.h) */
    bool echo;         /* not HTTP: LOAD_ECHO_BYTES that a TCP echo server (RFC 862) sends back */
    bool bulk;         /* bytes without end in place of requests (bulk.h) */
    double interval_s; /* of `bulk` */
    bool icmp;         /* pings alone, one after the other (ping.h) */
    enum arrivals arrivals;
    double rate; /* requests per second, of an open loop */
    uint64_t seed;
    double warmup_s, measured_s; /* requests that are due in the latter are measured */
    double patience_s; /* a request, or opening all connections, that takes longer fails */
    uint64_t requests; /* end after so many; 0: by time only */
    bool same;         /* each reply is the one of `length` and `hash` */
    uint64_t length, hash;
};

enum load_failure {
    LOAD_CONNECT, /* the connection was refused, or did not come */
    LOAD_CLOSED,  /* the connection ended before the reply did */
    LOAD_GARBAGE, /* no HTTP */
    LOAD_STATUS,  /* not 2xx */
    LOAD_OTHER,   /* not the reply that was expected */
    LOAD_LATE,    /* no whole reply in time */
    LOAD_FAILURES,
};

extern const char *const load_failures[LOAD_FAILURES]; /* in words */

/* Of `bulk`: what the receiver acknowledged, start in seconds since the first began. */
struct load_interval {
    double start, seconds;
    uint64_t bytes;
    bool warmup;
};

#define LOAD_INTERVALS_MAX 512

struct load_report {
    unsigned connected;             /* connections that were open at the start */
    uint64_t due, answered;         /* requests that were measured, and those with a good reply */
    uint64_t failed[LOAD_FAILURES]; /* requests, also those of the warm-up */
    uint64_t all;                   /* requests that were sent, warm-up included */
    double offered, reached;  /* per second, over the measured time: due, and answered in it */
    struct histogram latency; /* of good replies, in ns */
    struct histogram lag;     /* how late the client sent what it could have sent */
    struct histogram service; /* what the server says of itself (HTTP_SERVICE_HEADER) */
    unsigned last_status;     /* of the latest reply that was not 2xx */
    uint64_t length, hash;    /* of the latest good reply */
    int64_t from, to;         /* CLOCK_MONOTONIC: what was measured was due then */
    struct load_interval intervals[LOAD_INTERVALS_MAX]; /* of `bulk` */
    unsigned interval_count;
    uint64_t retransmits;  /* of `bulk`: segments sent again, warm-up excluded */
    double cpu_s, seconds; /* CPU time of the client, and how long it ran */
    int error;             /* errno by which the client itself failed; 0 */
};

/* Run `load` to its end in this thread; it can be stopped by writing to `stop`, an eventfd, or -1.
 * Replies that fail are in the report. */
void load_run(const struct load *load, int stop, struct load_report *report);

/* All requests that failed. */
uint64_t load_failed(const struct load_report *report);

/* A line that says how many requests failed, and how. */
void load_explain(const struct load_report *report, char *text, size_t size);

/* Whether the client sent in time: 0, or -EAGAIN with `error` filled. */
int load_check_client(const struct load_report *report, struct error *error);

#endif
