/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload `iperf3d`: iperf3's server, made of Debian's libiperf (API: libiperf(3)). It serves
 * one test after another. It marks READY when it first listens, and a phase each time it listens,
 * with the number of the test it waits for: iperf3 closes its listener after every test, and would
 * refuse a client that connects before it listens again.
 */
#define HAVE_STDATOMIC_H 1 /* as libiperf was configured, whose types it changes */
#include <stdint.h>        /* iperf_api.h needs it */
#include <iperf_api.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../payload.h"
#include "iperf3d.h"

#define LISTENER_LOST (-2) /* iperf_run_server(): it could not listen */

/* The linker replaces libiperf's listen by __wrap_listen (build.mk). */
int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);

int __wrap_listen(int fd, int backlog)
{
    static unsigned tests;
    int status = __real_listen(fd, backlog);

    if (status != 0)
        return status;
    if (tests == 0)
        payload_mark(MARKER_READY, 0);
    payload_mark(MARKER_PHASE, ++tests);
    return 0;
}

/* Serve one test to its end, whether it succeeds or fails. */
static int serve(void)
{
    struct iperf_test *test = iperf_new_test();
    int status;

    if (!test)
        return LISTENER_LOST;
    iperf_defaults(test);
    iperf_set_test_role(test, 's');
    iperf_set_test_server_port(test, IPERF3D_PORT);
    /* No lines while a test runs: each character is a VM exit. */
    iperf_set_test_reporter_interval(test, 0);
    iperf_set_test_stats_interval(test, 0);
    status = iperf_run_server(test);
    if (status < 0)
        fprintf(stderr, "iperf3d: %s\n", iperf_strerror(i_errno));
    iperf_free_test(test);
    return status;
}

int main(void)
{
    payload_mark(MARKER_MAIN, 0);
    signal(SIGPIPE, SIG_IGN);
    mkdir("/tmp", 0777); /* iperf3 keeps its buffers in files there; an initramfs has no /tmp */
    while (serve() != LISTENER_LOST)
        ; /* go on, even after a client that left in mid-test */
    payload_mark(MARKER_EXIT, 1);
    return 1;
}
