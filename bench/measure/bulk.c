/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/bulk.h"

#define BUFFER (128 << 10)   /* as iperf 2 writes */
#define HEADER 24            /* bytes of an iperf 2 client's first ones: zeros ask for nothing */
#define PATTERN "0123456789" /* what follows them */

struct bulk {
    const struct load *load;
    struct load_report *report;
    struct pollfd fds[LOAD_CONNECTIONS_MAX + 1]; /* the connections, then what stops them */
    size_t sent[LOAD_CONNECTIONS_MAX];           /* of the first buffer, which has the header */
    char first[BUFFER], other[BUFFER];
    int64_t start, mark;  /* of the load; the end of the last interval */
    uint64_t acked;       /* until then */
    uint64_t retransmits; /* at the end of the warm-up */
};

static bool look(const struct bulk *bulk, uint64_t *acked, uint64_t *retransmits)
{
    *acked = *retransmits = 0;
    for (unsigned i = 0; i < bulk->load->connections; i++) {
        struct tcp_info info;
        socklen_t size = sizeof info;

        if (getsockopt(bulk->fds[i].fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
            size <= offsetof(struct tcp_info, tcpi_bytes_acked))
            return false;
        *acked += info.tcpi_bytes_acked;
        *retransmits += info.tcpi_total_retrans;
    }
    return true;
}

/* All connections are asked for at once. */
static bool connect_all(struct bulk *bulk)
{
    const struct load *load = bulk->load;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(load->port)};

    inet_pton(AF_INET, load->address, &server.sin_addr);
    for (unsigned i = 0; i < load->connections; i++) {
        bulk->fds[i].events = POLLOUT | POLLIN;
        bulk->fds[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (bulk->fds[i].fd < 0 ||
            (connect(bulk->fds[i].fd, (const struct sockaddr *)&server, sizeof server) < 0 &&
             errno != EINPROGRESS)) {
            bulk->report->failed[LOAD_CONNECT]++;
            return false;
        }
    }
    return true;
}

/* Wait until all are open. */
static bool open_all(struct bulk *bulk)
{
    const struct load *load = bulk->load;
    int64_t deadline = clock_now() + (int64_t)(load->patience_s * 1e9), left;

    for (unsigned i = 0; i < load->connections; i++) {
        struct pollfd fds[] = {{.fd = bulk->fds[i].fd, .events = POLLOUT},
                               bulk->fds[load->connections]};
        socklen_t size = sizeof(int);
        int code = 0;

        while (!fds[0].revents && !fds[1].revents && (left = deadline - clock_now()) > 0)
            ppoll(fds, 2, &(struct timespec){left / 1000000000, left % 1000000000}, NULL);
        if (fds[1].revents)
            return false;
        getsockopt(fds[0].fd, SOL_SOCKET, SO_ERROR, &code, &size);
        if (!fds[0].revents || code) {
            bulk->report->failed[LOAD_CONNECT]++;
            return false;
        }
        bulk->report->connected++;
    }
    return true;
}

/* Discard some of what the server says nevertheless. False when it has ended the connection. */
static bool drain(int fd)
{
    static __thread char said[BUFFER];
    ssize_t got = recv(fd, said, sizeof said, MSG_DONTWAIT);

    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Write until the socket is full. False when the connection is no more. */
static bool fill(struct bulk *bulk, unsigned number)
{
    if (bulk->fds[number].revents & POLLIN && !drain(bulk->fds[number].fd))
        return false;
    for (;;) {
        size_t at = bulk->sent[number];
        bool first = at < BUFFER;
        ssize_t sent = send(bulk->fds[number].fd, first ? bulk->first + at : bulk->other,
                            first ? BUFFER - at : BUFFER, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        if (first)
            bulk->sent[number] += (size_t)sent;
    }
}

/* Note what was acknowledged since the last interval's end. */
static bool note(struct bulk *bulk, int64_t now)
{
    struct load_report *report = bulk->report;
    double from = (double)(bulk->mark - bulk->start) / 1e9;
    bool warmup = bulk->mark < report->from;
    uint64_t acked, retransmits;

    if (!look(bulk, &acked, &retransmits)) {
        report->error = ENOTSUP;
        return false;
    }
    if (report->interval_count < LOAD_INTERVALS_MAX)
        report->intervals[report->interval_count++] = (struct load_interval){
            .start = from,
            .seconds = (double)(now - bulk->mark) / 1e9,
            .bytes = acked - bulk->acked,
            .warmup = warmup,
        };
    if (warmup)
        bulk->retransmits = retransmits;
    report->retransmits = retransmits - bulk->retransmits;
    bulk->mark = now;
    bulk->acked = acked;
    return true;
}

/* Send until the next interval ends. False when that is all, for whatever reason. */
static bool send_some(struct bulk *bulk, int64_t until)
{
    unsigned count = bulk->load->connections;

    for (int64_t now = clock_now(); now < until; now = clock_now()) {
        struct timespec left = {(until - now) / 1000000000, (until - now) % 1000000000};

        if (ppoll(bulk->fds, count + 1, &left, NULL) < 0 && errno != EINTR)
            return false;
        if (bulk->fds[count].revents)
            return false;
        for (unsigned i = 0; i < count; i++) {
            if (bulk->fds[i].revents && !fill(bulk, i)) {
                bulk->report->failed[LOAD_CLOSED]++;
                return false;
            }
        }
    }
    return note(bulk, clock_now());
}

static void send_all(struct bulk *bulk)
{
    const struct load *load = bulk->load;
    struct load_report *report = bulk->report;
    int64_t interval = (int64_t)(load->interval_s * 1e9);

    bulk->start = bulk->mark = clock_now();
    report->from = bulk->start + (int64_t)(load->warmup_s * 1e9);
    report->to = report->from + (int64_t)(load->measured_s * 1e9);
    while (bulk->mark < report->to) {
        int64_t until = bulk->mark + interval;

        if (bulk->mark < report->from && until > report->from)
            until = report->from;
        if (until > report->to)
            until = report->to;
        if (!send_some(bulk, until))
            break;
    }
}

void bulk_run(const struct load *load, int stop, struct load_report *report)
{
    static __thread struct bulk bulk;

    bulk = (struct bulk){.load = load, .report = report};
    for (unsigned i = 0; i < load->connections; i++)
        bulk.fds[i].fd = -1;
    bulk.fds[load->connections] = (struct pollfd){.fd = stop, .events = POLLIN};
    for (size_t i = 0; i < BUFFER; i++)
        bulk.first[i] = bulk.other[i] = PATTERN[i % (sizeof PATTERN - 1)];
    memset(bulk.first, 0, HEADER);
    if (connect_all(&bulk) && open_all(&bulk))
        send_all(&bulk);
    for (unsigned i = 0; i < load->connections; i++)
        if (bulk.fds[i].fd >= 0)
            close(bulk.fds[i].fd);
}
