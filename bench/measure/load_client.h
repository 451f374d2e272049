/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connections of an HTTP client and their requests. load.c says when requests are sent. */
#ifndef TARE_LOAD_CLIENT_H
#define TARE_LOAD_CLIENT_H

#include <netinet/in.h>

#include "bench/measure/http.h"
#include "bench/measure/load.h"

enum connection_state {
    CLOSED,     /* there is none */
    CONNECTING, /* asked for */
    IDLE,
    WAITING, /* for a reply */
    ENDING,  /* for the server to close it, after its reply */
    OVER,    /* one of several servers has failed */
};

struct connection {
    int fd;
    enum connection_state state;
    struct sockaddr_in server;
    bool asked;       /* a request belongs to it, sent or to be sent */
    int64_t due;      /* when its request was to be sent */
    int64_t patience; /* until when its reply must be there */
    int64_t free;     /* when it could take a request */
    struct http_reply reply;
};

struct client {
    const struct load *load;
    struct load_report *report;
    char request[512];
    size_t request_size;
    struct connection *connections;
    unsigned next; /* the connection to look at first */
    int epoll;
    int64_t start, measured, end; /* of the load, its measured part, and of sending */
    int64_t next_due;             /* of an open loop */
    uint64_t sent;
    unsigned short randomness[3]; /* erand48's */
    bool stopped;
};

int64_t client_ns(double seconds);
bool client_is_open_loop(const struct client *client);

/* Whether a request that is due at `due` counts. */
bool client_measures(const struct client *client, int64_t due);

/* Ask for a connection; a failure is in the report. */
void client_open(struct client *client, struct connection *connection);
void connection_close(struct connection *connection);

/* Send the request that was due at `due` on `connection`, which is idle, or closed and then opened
 * for it. */
void client_begin(struct client *client, struct connection *connection, int64_t due);

/* The request of `connection`, if it has one, has failed, and with it the connection. */
void client_give_up(struct client *client, struct connection *connection, enum load_failure why);

/* Handle what happens until `until` at the latest. */
void client_handle(struct client *client, int64_t until);

#endif
