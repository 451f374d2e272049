/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload `httpd`: a static HTTP/1.1 server, made of Debian's libevent (evhttp, on epoll).
 *
 *     /           a page of 612 bytes, as long as nginx's first one
 *     /bytes/N    N bytes
 *
 * `httpsd` is the same (HTTPD_TLS) behind OpenSSL, with a certificate that was made when it was
 * built.
 *
 * With the argument "stamp" it is the ruler of tests: it says of every reply how long it took from
 * the whole request to the reply (X-Service-Ns), and knows two pages more:
 *
 *     /delay/US   the page after US microseconds
 *     /stall/US   the same, but nothing is sent in the first 100 ms of each second
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "../payload.h"
#include "httpd.h"

#ifdef HTTPD_TLS
#include "httpd_tls.h"
#define PORT HTTPSD_PORT
#else
#define PORT HTTPD_PORT
#endif

#define BACKLOG 128
#define BYTES_MAX (64UL << 20)
#define SECOND 1000000000LL
#define STALL 100000000LL

static char bytes[65536];
static struct event_base *base;
static bool stamps;

/* A reply that is to be sent later. */
struct later {
    struct evhttp_request *request;
    int64_t start;
};

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void reply(struct evhttp_request *request, size_t size, int64_t start)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    char took[32];

    for (size_t part; size > 0; size -= part) {
        part = size < sizeof bytes ? size : sizeof bytes;
        evbuffer_add_reference(body, bytes, part, NULL, NULL);
    }
    evhttp_add_header(headers, "Content-Type", "text/html");
    if (stamps) {
        snprintf(took, sizeof took, "%lld", (long long)(now() - start));
        evhttp_add_header(headers, "X-Service-Ns", took);
    }
    evhttp_send_reply(request, HTTP_OK, "OK", body);
    evbuffer_free(body);
}

static void reply_now(evutil_socket_t fd, short events, void *data)
{
    struct later *later = data;

    (void)fd;
    (void)events;
    reply(later->request, HTTPD_ROOT_BYTES, later->start);
    free(later);
}

static void reply_later(struct evhttp_request *request, int64_t delay, bool stall, int64_t start)
{
    struct later *later = malloc(sizeof *later);
    int64_t due = start + delay;
    struct timeval left;

    if (!later) {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return;
    }
    *later = (struct later){request, start};
    if (stall && due % SECOND < STALL)
        due += STALL - due % SECOND;
    due = (due - now() + 999) / 1000;
    if (due < 0)
        due = 0;
    left = (struct timeval){due / 1000000, due % 1000000};
    event_base_once(base, -1, EV_TIMEOUT, reply_now, later, &left);
}

/* Whether `path` is `prefix` and a whole number up to `most`. */
static bool is_number(const char *path, const char *prefix, unsigned long most,
                      unsigned long *number)
{
    size_t length = strlen(prefix);
    char *end;

    if (strncmp(path, prefix, length) != 0 || path[length] < '0' || path[length] > '9')
        return false;
    *number = strtoul(path + length, &end, 10);
    return *end == '\0' && *number <= most;
}

static void serve(struct evhttp_request *request, void *data)
{
    const char *path = evhttp_request_get_uri(request);
    int64_t start = stamps ? now() : 0;
    unsigned long number;

    (void)data;
    if (strcmp(path, "/") == 0)
        reply(request, HTTPD_ROOT_BYTES, start);
    else if (is_number(path, "/bytes/", BYTES_MAX, &number))
        reply(request, number, start);
    else if (stamps && is_number(path, "/delay/", 10000000, &number))
        reply_later(request, (int64_t)number * 1000, false, start);
    else if (stamps && is_number(path, "/stall/", 10000000, &number))
        reply_later(request, (int64_t)number * 1000, true, start);
    else
        evhttp_send_error(request, HTTP_NOTFOUND, NULL);
}

static int start(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct event_config *config = event_config_new();
    struct evconnlistener *listener;
    struct evhttp *http;

    if (!config)
        return -1;
    if (stamps) /* costs a system call for each event */
        event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
    base = event_base_new_with_config(config);
    http = base ? evhttp_new(base) : NULL;
    listener =
        http ? evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE,
                                       BACKLOG, (struct sockaddr *)&any, sizeof any)
             : NULL;
    if (!listener || !evhttp_bind_listener(http, listener))
        return -1;
#ifdef HTTPD_TLS
    if (!httpd_use_tls(http))
        return -1;
#endif
    evhttp_set_allowed_methods(http, EVHTTP_REQ_GET);
    evhttp_set_gencb(http, serve, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    payload_mark(MARKER_MAIN, 0);
    signal(SIGPIPE, SIG_IGN);
    stamps = argc > 1 && strcmp(argv[1], "stamp") == 0;
    if (stamps)
        prctl(PR_SET_TIMERSLACK, 1UL);
    memset(bytes, 'x', sizeof bytes);
    if (start() == 0) {
        payload_mark(MARKER_READY, 0);
        event_base_dispatch(base);
    }
    payload_mark(MARKER_EXIT, 1);
    return 1;
}
