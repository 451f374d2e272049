/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/tls.h"

/* A connection on which nothing waits longer than the load's patience. */
static int connect_to(const struct load *load)
{
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(load->port)};
    struct timeval patience = {(time_t)load->patience_s,
                               (suseconds_t)(1e6 * (load->patience_s - (time_t)load->patience_s))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -1;
    inet_pton(AF_INET, load->address, &server.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) == 0)
        return fd;
    close(fd);
    return -1;
}

static void shake_hands(const struct load *load, SSL_CTX *context, struct load_report *report)
{
    int fd = connect_to(load);
    int64_t start = clock_now(), now;
    bool measured = start >= report->from && start < report->to;
    SSL *tls;

    report->all++;
    report->due += measured;
    if (fd < 0) {
        report->failed[LOAD_CONNECT]++;
        return;
    }
    tls = SSL_new(context);
    errno = 0;
    if (tls && SSL_set_fd(tls, fd) == 1 && SSL_connect(tls) == 1) {
        now = clock_now();
        if (measured) {
            report->answered++;
            histogram_add(&report->latency, now - start);
        }
    } else {
        report->failed[errno == EAGAIN ? LOAD_LATE : LOAD_CLOSED]++;
    }
    SSL_free(tls);
    close(fd);
}

void tls_run(const struct load *load, int stop, struct load_report *report)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct pollfd stopping = {.fd = stop, .events = POLLIN};

    if (!context) {
        report->error = ENOMEM;
        return;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    report->from = clock_now() + (int64_t)(load->warmup_s * 1e9);
    report->to = report->from + (int64_t)(load->measured_s * 1e9);
    while (clock_now() < report->to && load_failed(report) < LOAD_FAILURES_MAX &&
           poll(&stopping, 1, 0) == 0)
        shake_hands(load, context, report);
    SSL_CTX_free(context);
}
