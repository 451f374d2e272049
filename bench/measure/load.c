/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/bulk.h"
#include "bench/measure/load_client.h"
#include "bench/measure/ping.h"
#include "bench/measure/tls.h"

#define BEHIND_NS 1e6   /* a client whose 99th percentile of lag is above this, and above */
#define BEHIND_PART 0.1 /* this part of that of the latency, has fallen behind */

const char *const load_failures[LOAD_FAILURES] = {
    [LOAD_CONNECT] = "without a connection",
    [LOAD_CLOSED] = "cut off",
    [LOAD_GARBAGE] = "not HTTP",
    [LOAD_STATUS] = "not 2xx",
    [LOAD_OTHER] = "with another body",
    [LOAD_LATE] = "late",
};

/* A connection that can take a request, or NULL. */
static struct connection *find_free(struct client *client)
{
    enum connection_state wanted = client->load->per_request ? CLOSED : IDLE;

    for (unsigned i = 0; i < client->load->connections; i++) {
        unsigned number = (client->next + i) % client->load->connections;

        if (client->connections[number].state == wanted) {
            client->next = number + 1;
            return &client->connections[number];
        }
    }
    return NULL;
}

static void schedule_next(struct client *client)
{
    double gap = 1e9 / client->load->rate;

    if (client->load->arrivals == ARRIVALS_POISSON)
        client->next_due += (int64_t)(-log(1 - erand48(client->randomness)) * gap);
    else /* without the error of rounding to add up */
        client->next_due = client->start + (int64_t)((double)(client->sent) * gap);
}

static bool has_more(const struct client *client, int64_t now)
{
    if (client->stopped || (client->load->requests && client->sent >= client->load->requests) ||
        load_failed(client->report) >= LOAD_FAILURES_MAX)
        return false;
    return client_is_open_loop(client) ? client->next_due < client->end : now < client->end;
}

/* Send what is due and can be sent. Returns when the next is due that could be sent then; INT64_MAX
 * if that is for events to tell. */
static int64_t send_due(struct client *client)
{
    struct connection *connection;

    for (;;) {
        int64_t now = clock_now();

        if (!has_more(client, now))
            return INT64_MAX;
        connection = find_free(client);
        if (!connection)
            return INT64_MAX;
        if (client_is_open_loop(client) && client->next_due > now)
            return client->next_due;
        client_begin(client, connection, client->next_due);
        if (client_is_open_loop(client))
            schedule_next(client);
    }
}

/* Give up who had no reply in time, and open again what was lost. Returns when to look again. */
static int64_t look_after(struct client *client)
{
    int64_t now = clock_now(), next = now + client_ns(client->load->patience_s);

    for (unsigned i = 0; i < client->load->connections; i++) {
        struct connection *connection = &client->connections[i];
        bool waits = connection->state == CONNECTING || connection->state == WAITING ||
                     connection->state == ENDING;

        if (waits && connection->patience <= now)
            client_give_up(client, connection,
                           connection->state == CONNECTING ? LOAD_CONNECT : LOAD_LATE);
        else if (waits && connection->patience < next)
            next = connection->patience;
        if (connection->state == CLOSED && !client->load->per_request && has_more(client, now))
            client_open(client, connection);
    }
    return next;
}

static bool is_waiting(const struct client *client)
{
    for (unsigned i = 0; i < client->load->connections; i++)
        if (client->connections[i].asked || client->connections[i].state == ENDING)
            return true;
    return false;
}

/* Open all connections before the first request. */
static bool connect_all(struct client *client)
{
    const struct load *load = client->load;
    int64_t patience = clock_now() + client_ns(load->patience_s);
    unsigned open = 0;

    for (unsigned i = 0; i < load->connections && !client->stopped; i++)
        client_open(client, &client->connections[i]);
    while (!client->stopped && open < load->connections && clock_now() < patience) {
        unsigned asked = 0;

        client_handle(client, patience);
        open = 0;
        for (unsigned i = 0; i < load->connections; i++) {
            open += client->connections[i].state == IDLE;
            asked += client->connections[i].state == CONNECTING;
        }
        if (asked == 0)
            break;
    }
    client->report->connected = open;
    return open == load->connections || (load->addresses && open > 0);
}

static void send_all(struct client *client)
{
    const struct load *load = client->load;

    client->start = clock_now();
    client->measured = client->start + client_ns(load->warmup_s);
    client->end = client->measured + client_ns(load->measured_s);
    client->next_due = client->start;
    client->report->from = client->measured;
    client->report->to = client->end;
    for (unsigned i = 0; i < load->connections; i++)
        client->connections[i].free = client->start;
    for (;;) {
        int64_t due = send_due(client), look = look_after(client);

        if (client->stopped || (!has_more(client, clock_now()) && !is_waiting(client)))
            break;
        if (clock_now() >= client->end + client_ns(load->patience_s))
            break; /* who is still waiting has waited too long */
        client_handle(client, due < look ? due : look);
    }
}

/* What was due and never sent, for want of a connection. */
static void count_unsent(struct client *client)
{
    while (client_is_open_loop(client) && !client->stopped && client->load->requests == 0 &&
           load_failed(client->report) < LOAD_FAILURES_MAX && client->next_due < client->end) {
        client->report->due += client_measures(client, client->next_due);
        client->report->failed[LOAD_LATE]++;
        client->sent++;
        schedule_next(client);
    }
    for (unsigned i = 0; i < client->load->connections; i++)
        if (client->connections[i].asked)
            client_give_up(client, &client->connections[i], LOAD_LATE);
}

/* The connections, not yet open, each with its server. */
static int prepare_connections(struct client *client, const struct load *load)
{
    if (load->connections > LOAD_CONNECTIONS_MAX)
        return EINVAL;
    client->connections = calloc(load->connections + 1, sizeof *client->connections);
    if (!client->connections)
        return ENOMEM;
    for (unsigned i = 0; i < load->connections; i++)
        client->connections[i].fd = -1;
    for (unsigned i = 0; i < load->connections; i++) {
        struct connection *connection = &client->connections[i];
        const char *address = load->addresses ? load->addresses[i] : load->address;

        connection->server =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(load->port)};
        if (inet_pton(AF_INET, address, &connection->server.sin_addr) != 1)
            return EINVAL;
    }
    return 0;
}

/* The request, its length returned. */
static int write_request(struct client *client, const struct load *load)
{
    if (!load->echo)
        return snprintf(client->request, sizeof client->request,
                        "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", load->path ? load->path : "/",
                        load->addresses ? "guest" : load->address,
                        load->per_request ? "Connection: close\r\n" : "");
    for (int i = 0; i < LOAD_ECHO_BYTES; i++)
        client->request[i] = (char)('!' + i);
    return LOAD_ECHO_BYTES;
}

static int prepare(struct client *client, const struct load *load, int stop)
{
    struct epoll_event stopping = {.events = EPOLLIN};
    int size = write_request(client, load);

    if (size >= (int)sizeof client->request)
        return EINVAL;
    client->request_size = (size_t)size;
    for (int i = 0; i < 3; i++)
        client->randomness[i] = (unsigned short)(load->seed >> 16 * i);
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (client->epoll < 0 ||
        (stop >= 0 && epoll_ctl(client->epoll, EPOLL_CTL_ADD, stop, &stopping) < 0))
        return errno;
    return prepare_connections(client, load);
}

void load_run(const struct load *load, int stop, struct load_report *report)
{
    struct client client;
    int64_t start = clock_now(), used = clock_read(CLOCK_THREAD_CPUTIME_ID);

    prctl(PR_SET_TIMERSLACK, 1UL); /* wake when asked to, not up to 50 us later */
    *report = (struct load_report){0};
    client = (struct client){.load = load, .report = report, .epoll = -1};
    report->error = prepare(&client, load, stop);
    if (report->error == 0 && load->tls) {
        tls_run(load, stop, report);
    } else if (report->error == 0 && load->bulk) {
        bulk_run(load, stop, report);
    } else if (report->error == 0 && load->icmp) {
        ping_run(load, stop, report);
    } else if (report->error == 0 && (load->per_request || connect_all(&client))) {
        send_all(&client);
        count_unsent(&client);
        report->all = client.sent;
    }
    for (unsigned i = 0; client.connections && i < load->connections; i++)
        connection_close(&client.connections[i]);
    free(client.connections);
    if (client.epoll >= 0)
        close(client.epoll);
    report->offered = (double)report->due / load->measured_s;
    report->reached /= load->measured_s;
    report->cpu_s = (double)(clock_read(CLOCK_THREAD_CPUTIME_ID) - used) / 1e9;
    report->seconds = (double)(clock_now() - start) / 1e9;
}

uint64_t load_failed(const struct load_report *report)
{
    uint64_t failed = 0;

    for (int i = 0; i < LOAD_FAILURES; i++)
        failed += report->failed[i];
    return failed;
}

void load_explain(const struct load_report *report, char *text, size_t size)
{
    size_t used = (size_t)snprintf(
        text, size, "%llu of %llu requests failed:", (unsigned long long)load_failed(report),
        (unsigned long long)report->all);

    for (int i = 0; i < LOAD_FAILURES && used < size; i++)
        if (report->failed[i])
            used += (size_t)snprintf(text + used, size - used, " %llu %s",
                                     (unsigned long long)report->failed[i], load_failures[i]);
    if (report->failed[LOAD_STATUS] && used < size)
        snprintf(text + used, size - used, " (%u)", report->last_status);
}

int load_check_client(const struct load_report *report, struct error *error)
{
    double lag = histogram_quantile(&report->lag, 0.99);
    double latency = histogram_quantile(&report->latency, 0.99);

    if (lag <= fmax(BEHIND_NS, BEHIND_PART * latency))
        return 0;
    return fail(error, EAGAIN,
                "the client fell behind: it sent 1 %% of the requests %.3g ms late or more",
                lag / 1e6);
}
