/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A load of bytes on a server that is none, speaks, or leaves. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/measure/load.h"

#define WORDS 100000 /* bytes that nobody asked for */

/* A socket of loopback that does not listen yet. */
static int open_server(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (const void *)&address, size), 0);
    assert_int_equal(getsockname(fd, (void *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct load_report report;

static void load(uint16_t port)
{
    const struct load load = {.address = "127.0.0.1",
                              .port = port,
                              .connections = 1,
                              .bulk = true,
                              .interval_s = 0.05,
                              .measured_s = 0.2,
                              .patience_s = 0.2};

    report = (struct load_report){0};
    load_run(&load, -1, &report);
}

static void test_refused(void **state)
{
    uint16_t port;
    int fd = open_server(&port);

    (void)state;
    load(port);
    close(fd);
    assert_int_equal(report.connected, 0);
    assert_int_equal(report.failed[LOAD_CONNECT], 1);
    assert_int_equal(load_failed(&report), 1);
}

/* Its queue is full: the SYN is dropped. */
static void test_no_answer(void **state)
{
    uint16_t port;
    int fd = open_server(&port), others[2];
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    (void)state;
    assert_int_equal(listen(fd, 0), 0);
    for (int i = 0; i < 2; i++) {
        others[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(others[i], (const void *)&address, sizeof address); /* is under way */
    }
    load(port);
    close(others[0]);
    close(others[1]);
    close(fd);
    assert_int_equal(report.connected, 0);
    assert_int_equal(report.failed[LOAD_CONNECT], 1);
}

struct server {
    int fd;
    bool leaves;
    bool heard; /* all that it said was taken */
};

static void *serve(void *data)
{
    static char words[WORDS], bytes[1 << 16];
    struct server *server = data;
    int fd = accept(server->fd, NULL, NULL);

    if (server->leaves) {
        if (read(fd, bytes, 1) == 1)
            close(fd);
        return NULL;
    }
    for (int i = 0; i < 100; i++) /* more than a socket holds */
        server->heard = send(fd, words, sizeof words, MSG_NOSIGNAL) == sizeof words;
    while (read(fd, bytes, sizeof bytes) > 0)
        ;
    close(fd);
    return NULL;
}

static void load_on(struct server *server)
{
    pthread_t thread;
    uint16_t port;

    server->fd = open_server(&port);
    assert_int_equal(listen(server->fd, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, server), 0);
    load(port);
    pthread_join(thread, NULL);
    close(server->fd);
}

static void test_talkative(void **state)
{
    struct server server = {.leaves = false};

    (void)state;
    load_on(&server);
    assert_int_equal(report.connected, 1);
    assert_int_equal(load_failed(&report), 0);
    assert_true(server.heard);
    assert_true(report.interval_count >= 1);
}

static void test_leaves(void **state)
{
    struct server server = {.leaves = true};

    (void)state;
    load_on(&server);
    assert_int_equal(report.failed[LOAD_CLOSED], 1);
    assert_int_equal(load_failed(&report), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_talkative),
        cmocka_unit_test(test_leaves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
