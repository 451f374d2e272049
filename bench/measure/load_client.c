/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/load_client.h"

#define EVENTS 64 /* taken at once */

int64_t client_ns(double seconds)
{
    return (int64_t)(seconds * 1e9);
}

bool client_is_open_loop(const struct client *client)
{
    return client->load->arrivals != ARRIVALS_CLOSED;
}

bool client_measures(const struct client *client, int64_t due)
{
    return due >= client->measured && due < client->end;
}

void connection_close(struct connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd);
    connection->fd = -1;
    connection->state = CLOSED;
    connection->asked = false;
}

void client_give_up(struct client *client, struct connection *connection, enum load_failure why)
{
    if (connection->asked || why != LOAD_CLOSED) /* a server may close what is idle */
        client->report->failed[why]++;
    connection_close(connection);
    connection->free = clock_now();
    if (client->load->addresses)
        connection->state = OVER;
}

void client_open(struct client *client, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = connection};
    int on = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) {
        client->report->error = errno;
        client->stopped = true;
        return;
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->state = CONNECTING;
    connection->patience = clock_now() + client_ns(client->load->patience_s);
    if ((connect(connection->fd, (struct sockaddr *)&connection->server,
                 sizeof connection->server) < 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(client->epoll, EPOLL_CTL_ADD, connection->fd, &event) < 0)
        client_give_up(client, connection, LOAD_CONNECT);
}

/* Send the request that belongs to `connection`, which is open. */
static void send_request(struct client *client, struct connection *connection)
{
    ssize_t sent = send(connection->fd, client->request, client->request_size, MSG_NOSIGNAL);

    connection->reply = (struct http_reply){0};
    connection->state = WAITING;
    if (sent != (ssize_t)client->request_size)
        client_give_up(client, connection, LOAD_CLOSED);
}

void client_begin(struct client *client, struct connection *connection, int64_t due)
{
    int64_t now = clock_now(), could = due > connection->free ? due : connection->free;

    client->sent++;
    if (!client_is_open_loop(client))
        due = now;
    connection->asked = true;
    connection->due = due;
    if (client_measures(client, due)) {
        client->report->due++;
        if (client_is_open_loop(client))
            histogram_add(&client->report->lag, now - could);
    }
    if (connection->state == IDLE)
        send_request(client, connection);
    else
        client_open(client, connection);
    connection->patience = now + client_ns(client->load->patience_s);
}

static void count_good(struct client *client, const struct connection *connection, int64_t now)
{
    struct load_report *report = client->report;

    if (client->load->answers)
        client->load->answers[connection - client->connections]++;
    report->length = connection->reply.length;
    report->hash = connection->reply.hash;
    if (now >= client->measured && now < client->end)
        report->reached++;
    if (!client_measures(client, connection->due))
        return;
    report->answered++;
    histogram_add(&report->latency, now - connection->due);
    if (connection->reply.service_ns)
        histogram_add(&report->service, connection->reply.service_ns);
}

/* A whole reply has come, and is not followed by anything. */
static void end_request(struct client *client, struct connection *connection)
{
    const struct http_reply *reply = &connection->reply;
    const struct load *load = client->load;
    int64_t now = clock_now();

    if (reply->status / 100 != 2) {
        client->report->failed[LOAD_STATUS]++;
        client->report->last_status = reply->status;
    } else if (load->same && (reply->length != load->length || reply->hash != load->hash)) {
        client->report->failed[LOAD_OTHER]++;
    } else {
        count_good(client, connection, now);
    }
    connection->asked = false;
    connection->free = now;
    if (load->per_request && reply->close) {
        connection->state = ENDING;
        connection->patience = now + client_ns(load->patience_s);
    } else if (load->per_request || reply->close) {
        connection_close(connection);
    } else {
        connection->state = IDLE;
    }
}

/* The other end has closed the connection, by which a reply may end, or it broke. */
static void take_end(struct client *client, struct connection *connection, bool broken)
{
    if (!broken && connection->state == WAITING && http_ends(&connection->reply)) {
        end_request(client, connection);
        connection_close(connection);
    } else if (connection->state == ENDING) {
        connection_close(connection);
        connection->free = clock_now();
    } else {
        client_give_up(client, connection, LOAD_CLOSED);
    }
}

/* As http_feed(): the next bytes of an echo, which must be those that were sent. */
static int feed_echo(const struct client *client, struct http_reply *reply, const char *bytes,
                     size_t size, size_t *used)
{
    size_t left = client->request_size - reply->length;

    *used = size < left ? size : left;
    if (memcmp(client->request + reply->length, bytes, *used) != 0)
        return -EPROTO;
    reply->length += *used;
    reply->status = 200;
    return reply->length == client->request_size;
}

static int feed(const struct client *client, struct http_reply *reply, const char *bytes,
                size_t size, size_t *used)
{
    return client->load->echo ? feed_echo(client, reply, bytes, size, used)
                              : http_feed(reply, bytes, size, used);
}

static void take_bytes(struct client *client, struct connection *connection)
{
    static __thread char bytes[65536];

    while (connection->fd >= 0) {
        ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);
        size_t used = 0;
        int status;

        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0) {
            take_end(client, connection, got < 0);
            return;
        }
        status = connection->state == WAITING
                     ? feed(client, &connection->reply, bytes, (size_t)got, &used)
                     : -EPROTO; /* nobody asked */
        if (status < 0 || (status > 0 && used < (size_t)got))
            client_give_up(client, connection, LOAD_GARBAGE);
        else if (status > 0)
            end_request(client, connection);
    }
}

static void take_connection(struct client *client, struct connection *connection)
{
    int code = 0;
    socklen_t size = sizeof code;

    getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code) {
        client_give_up(client, connection, LOAD_CONNECT);
        return;
    }
    connection->state = IDLE;
    connection->free = clock_now();
    if (connection->asked)
        send_request(client, connection);
}

static void take_event(struct client *client, struct connection *connection, uint32_t events)
{
    if (connection->state == CONNECTING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        take_connection(client, connection);
    if (connection->fd >= 0 && connection->state != CONNECTING &&
        events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP))
        take_bytes(client, connection);
}

void client_handle(struct client *client, int64_t until)
{
    struct epoll_event events[EVENTS];
    int64_t left = until - clock_now();
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    int count;

    if (left < 0)
        timeout = (struct timespec){0};
    count = epoll_pwait2(client->epoll, events, EVENTS, &timeout, NULL);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr)
            take_event(client, events[i].data.ptr, events[i].events);
        else
            client->stopped = true;
    }
}
