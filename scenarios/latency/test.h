/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One test: a load on the guest's server, what it and the wire showed; and what to do when it
 * fails. */
#ifndef TARE_LATENCY_TEST_H
#define TARE_LATENCY_TEST_H

#include "bench/measure/cputime.h"
#include "bench/measure/load.h"
#include "../scenario.h"

/* The server of the present guest. */
struct service {
    struct trial *trial;
    uint16_t port;
    const char *path;
    const struct workload *workload; /* of a program that the target brings; or NULL */
    bool same;                       /* it is a page of ours: each reply is the first one again */
    uint64_t length, hash;
    uint64_t failed; /* requests so far, of all tests */
};

struct test {
    struct load load;
    bool on_wire; /* capture its packets too */
    struct load_report report;
    struct histogram wire;
    struct error wire_fault; /* why `wire` counts for nothing; empty if it counts */
    struct cpu_time used;    /* by the guest, from the start of the client to its end */
};

/* Wait for the server of a guest that was just booted, and for one good reply from it, which for a
 * page of ours must be the right one. */
int service_wait(struct service *service, struct test *test, struct error *error);

/* Run test->load, of which address, port and path are filled in here. 0 only if every request got
 * its good reply and the client was in time. -EIO with the reason if not, -EAGAIN if that is the
 * client's fault and not the guest's; -EPIPE if the guest has ended; -ECANCELED. */
int test_run(struct service *service, struct test *test, struct error *error);

/* Keep beside the sample of `metric` what the test was and how it went, and `histogram`, if not
 * NULL and not empty. */
void test_keep(struct trial *trial, const char *metric, const struct test *test,
               const struct histogram *histogram);

/* What makes a value of this test special, as a sample's note, or NULL. */
const char *test_note(const struct test *test);

/* A test has failed with `status` and `why`: fail `metrics` (NULL-terminated) with it, and unless
 * the client is at fault boot another guest. An errno if no test can follow. */
int test_failed(struct service *service, struct test *test, const char *const *metrics, int status,
                const struct error *why, struct error *error);

#endif
