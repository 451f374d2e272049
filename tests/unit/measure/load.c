/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP client, against servers that are known to the nanosecond, or to be bad. */
#include "tests/unit/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "bench/measure/load.h"

#define GOOD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define BAD "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
#define CLOSING "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
#define CONNECTIONS 8
#define MS 1000000LL

/* A server of one thread, which answers request number n, from 1, of all connections by answer(n).
 * It closes the connection after NULL. */
static struct {
    const char *(*answer)(unsigned number);
    bool closes; /* after each reply */
    int listener, stop;
    uint16_t port;
    unsigned requests, connections;
    pthread_t thread;
} server;

static const char *good(unsigned number)
{
    (void)number;
    return GOOD;
}

static bool serve_one(int fd)
{
    char request[1024];
    const char *answer;

    if (recv(fd, request, sizeof request, 0) <= 0)
        return false;
    answer = server.answer(++server.requests);
    return answer && send(fd, answer, strlen(answer), MSG_NOSIGNAL) > 0 && !server.closes;
}

static void *serve(void *data)
{
    struct pollfd fds[100] = {{.fd = server.stop, .events = POLLIN},
                              {.fd = server.listener, .events = POLLIN}};
    nfds_t count = 2;

    (void)data;
    while (poll(fds, count, -1) >= 0 && !fds[0].revents) {
        for (nfds_t i = 2; i < count; i++) {
            if (!fds[i].revents || serve_one(fds[i].fd))
                continue;
            close(fds[i].fd);
            fds[i--] = fds[--count];
        }
        if (fds[1].revents && count < 100) {
            fds[count++] =
                (struct pollfd){.fd = accept(server.listener, NULL, NULL), .events = POLLIN};
            server.connections++;
        }
    }
    while (count > 2)
        close(fds[--count].fd);
    return NULL;
}

static void begin(const char *(*answer)(unsigned number))
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;

    server.answer = answer;
    server.requests = server.connections = 0;
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(server.listener, 64), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&here, &size), 0);
    server.port = ntohs(here.sin_port);
    server.stop = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void end(void)
{
    eventfd_write(server.stop, 1);
    pthread_join(server.thread, NULL);
    close(server.stop);
    close(server.listener);
    server.closes = false;
}

static struct load load;
static struct load_report report;

static void run(void)
{
    load.address = "127.0.0.1";
    load.path = "/";
    load.port = server.port;
    load_run(&load, -1, &report);
    assert_int_equal(report.error, 0);
}

static void test_closed(void **state)
{
    (void)state;
    begin(good);
    load = (struct load){
        .connections = CONNECTIONS, .warmup_s = 0.02, .measured_s = 0.1, .patience_s = 2};
    run();
    end();
    assert_int_equal(report.connected, CONNECTIONS);
    assert_int_equal(server.connections, CONNECTIONS);
    assert_int_equal(report.all, server.requests);
    assert_int_equal(load_failed(&report), 0);
    assert_true(report.answered > 0 && report.answered == report.due);
    assert_int_equal(report.latency.count, report.answered);
    assert_true(report.all > report.due); /* the warm-up does not count */
    assert_int_equal(report.length, 5);
    assert_true(report.cpu_s > 0 && report.seconds > 0.12);
}

static void test_one_request(void **state)
{
    (void)state;
    begin(good);
    load = (struct load){.connections = 1, .requests = 1, .measured_s = 2, .patience_s = 2};
    run();
    end();
    assert_int_equal(report.all, 1);
    assert_int_equal(report.answered, 1);
    assert_int_equal(server.requests, 1);
}

/* So many requests are due at the rate, at the same moments each time for a seed. */
static void test_arrivals(void **state)
{
    uint64_t due;

    (void)state;
    begin(good);
    load = (struct load){.connections = CONNECTIONS,
                         .arrivals = ARRIVALS_CONSTANT,
                         .rate = 2000,
                         .warmup_s = 0.05,
                         .measured_s = 0.2,
                         .patience_s = 5};
    run();
    assert_int_equal(report.due, 400);
    assert_int_equal(report.all, 500);
    assert_int_equal(report.answered, 400);
    assert_int_equal(report.lag.count, 400);
    assert_float_equal(report.offered, 2000, 1e-6);
    load.arrivals = ARRIVALS_POISSON;
    load.seed = 1;
    run();
    due = report.due;
    assert_true(due > 300 && due < 500 && due != 400); /* 400, with a deviation of 20 */
    run();
    assert_int_equal(report.due, due);
    load.seed = 2;
    run();
    assert_int_not_equal(report.all, 0);
    end();
}

/* A server that stops for 100 ms: who was due meanwhile has waited, on average half of it. */
static const char *stall(unsigned number)
{
    struct timespec time = {.tv_nsec = 100 * MS};

    if (number == 100)
        nanosleep(&time, NULL);
    return GOOD;
}

static void test_stall(void **state)
{
    double open;

    (void)state;
    begin(stall);
    load = (struct load){.connections = 2,
                         .arrivals = ARRIVALS_CONSTANT,
                         .rate = 1000,
                         .measured_s = 0.4,
                         .patience_s = 5};
    run();
    end();
    assert_int_equal(report.answered, 400);
    open = histogram_quantile(&report.latency, 0.9); /* a quarter has waited, evenly spread */
    assert_true(open > 45e6);
    assert_true(report.latency.max >= 100 * MS);
    /* A closed loop of as many requests has one that waited for each connection. */
    begin(stall);
    load = (struct load){.connections = 2, .requests = 400, .measured_s = 60, .patience_s = 5};
    run();
    end();
    assert_int_equal(report.answered, 400);
    assert_true(histogram_quantile(&report.latency, 0.9) < open / 2);
    assert_true(report.latency.max >= 100 * MS);
}

static void test_per_request(void **state)
{
    (void)state;
    begin(good);
    load = (struct load){
        .connections = 4, .per_request = true, .requests = 50, .measured_s = 5, .patience_s = 2};
    run();
    end();
    assert_int_equal(load_failed(&report), 0);
    assert_int_equal(report.answered, 50);
    assert_int_equal(server.connections, 50);
}

static const char *closing(unsigned number)
{
    (void)number;
    return CLOSING;
}

/* Its reply is whole when the connection ends. */
static const char *unsized(unsigned number)
{
    (void)number;
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
}

/* A server that closes each connection is connected to again. */
static void check_closing(const char *(*answer)(unsigned number))
{
    begin(answer);
    server.closes = true;
    load = (struct load){.connections = 4, .requests = 50, .measured_s = 5, .patience_s = 2};
    run();
    assert_int_equal(load_failed(&report), 0);
    assert_int_equal(report.answered, 50);
    assert_int_equal(report.length, 5);
    load.per_request = true;
    run();
    end();
    assert_int_equal(load_failed(&report), 0);
    assert_int_equal(report.answered, 50);
}

static void test_closing(void **state)
{
    (void)state;
    check_closing(closing);
    check_closing(unsized);
}

static const char *busy(unsigned number)
{
    return number % 3 ? GOOD : BAD;
}

static const char *reset(unsigned number)
{
    return number % 3 ? GOOD : NULL;
}

static const char *short_body(unsigned number)
{
    return number % 3 ? GOOD : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel";
}

static const char *other_body(unsigned number)
{
    return number % 3 ? GOOD : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhallo";
}

static const char *garbage(unsigned number)
{
    return number % 3 ? GOOD : "220 mail.example.org\r\n";
}

static const char *more(unsigned number)
{
    return number % 3 ? GOOD : GOOD "?";
}

/* Each failure is counted, by its kind, and is no answer. The others go on. */
static void test_failures(void **state)
{
    static const struct {
        const char *(*answer)(unsigned number);
        enum load_failure failure;
    } kinds[] = {{busy, LOAD_STATUS},      {reset, LOAD_CLOSED},    {short_body, LOAD_LATE},
                 {other_body, LOAD_OTHER}, {garbage, LOAD_GARBAGE}, {more, LOAD_GARBAGE}};
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        begin(kinds[i].answer);
        load = (struct load){.connections = 1,
                             .requests = 9,
                             .measured_s = 5,
                             .patience_s = 0.1,
                             .same = true,
                             .length = 5,
                             .hash = 0xa430d84680aabd0bULL};
        run();
        end();
        assert_int_equal(report.failed[kinds[i].failure], 3);
        assert_int_equal(load_failed(&report), 3);
        assert_int_equal(report.answered, 6);
        assert_int_equal(report.latency.count, 6);
        load_explain(&report, text, sizeof text);
        assert_non_null(strstr(text, "3 of 9 requests failed: 3 "));
        assert_non_null(strstr(text, load_failures[kinds[i].failure]));
    }
}

static const char *never(unsigned number)
{
    (void)number;
    return "HTTP/1.1 200 OK\r\n";
}

/* In an open loop also those count that could never be sent. */
static void test_never(void **state)
{
    (void)state;
    begin(never);
    load = (struct load){.connections = 2,
                         .arrivals = ARRIVALS_CONSTANT,
                         .rate = 100,
                         .measured_s = 0.2,
                         .patience_s = 0.3};
    run();
    end();
    assert_int_equal(report.due, 20);
    assert_int_equal(report.answered, 0);
    assert_int_equal(load_failed(&report), 20);
    assert_int_equal(report.failed[LOAD_LATE], 20);
    assert_true(report.seconds < 2);
}

static void test_refused(void **state)
{
    (void)state;
    begin(good);
    end(); /* nobody listens on its port */
    load = (struct load){.connections = 2, .measured_s = 5, .patience_s = 0.3};
    run();
    assert_int_equal(report.connected, 0);
    assert_int_equal(report.all, 0);
    assert_int_equal(report.failed[LOAD_CONNECT], 2);
    load.per_request = true;
    run();
    assert_true(load_failed(&report) >= LOAD_FAILURES_MAX); /* it does not go on for ever */
    assert_int_equal(report.answered, 0);
}

static void *stop_soon(void *data)
{
    struct timespec time = {.tv_nsec = 50 * MS};

    nanosleep(&time, NULL);
    eventfd_write(*(int *)data, 1);
    return NULL;
}

static void test_stop(void **state)
{
    int stop = eventfd(0, EFD_CLOEXEC);
    pthread_t thread;

    (void)state;
    begin(good);
    load = (struct load){.address = "127.0.0.1",
                         .port = server.port,
                         .path = "/",
                         .connections = 2,
                         .measured_s = 1000,
                         .patience_s = 1000};
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    load_run(&load, stop, &report);
    pthread_join(thread, NULL);
    end();
    assert_true(report.seconds < 100);
    close(stop);
}

static const char *bad_later(unsigned number)
{
    return number <= 4 ? GOOD : NULL;
}

/* Several servers: each gets its requests in turn, on one connection. The one that listens here has
 * the address 127.0.0.1 only, so the others do not take theirs, and it goes on without them. */
static void test_several(void **state)
{
    const char *const addresses[] = {"127.0.0.2", "127.0.0.1", "127.0.0.3", "127.0.0.1"};
    uint64_t answers[4] = {0};

    (void)state;
    begin(good);
    load = (struct load){.connections = 4,
                         .addresses = addresses,
                         .answers = answers,
                         .arrivals = ARRIVALS_CONSTANT,
                         .rate = 100,
                         .requests = 10,
                         .measured_s = 1,
                         .patience_s = 2};
    run();
    end();
    assert_int_equal(report.connected, 2);
    assert_int_equal(report.failed[LOAD_CONNECT], 2);
    assert_int_equal(load_failed(&report), 2);
    assert_int_equal(report.answered, 10);
    assert_int_equal(answers[0] + answers[2], 0);
    assert_int_equal(answers[1] + answers[3], 10);
    assert_true(answers[1] > 0 && answers[3] > 0); /* who is slow is passed over */
    assert_int_equal(server.connections, 2);
}

/* Whoever has failed once is asked no more, so that the others' requests are theirs. */
static void test_several_fail(void **state)
{
    const char *const addresses[] = {"127.0.0.1", "127.0.0.1"};
    uint64_t answers[2] = {0};

    (void)state;
    begin(bad_later);
    load = (struct load){.connections = 2,
                         .addresses = addresses,
                         .answers = answers,
                         .measured_s = 0.3,
                         .patience_s = 2};
    run();
    end();
    assert_int_equal(answers[0] + answers[1], 4);
    assert_int_equal(report.failed[LOAD_CLOSED], 2);
    assert_int_equal(server.connections, 2);
}

static void test_bad_load(void **state)
{
    (void)state;
    load = (struct load){.address = "nowhere", .path = "/", .connections = 1, .measured_s = 1};
    load_run(&load, -1, &report);
    assert_int_equal(report.error, EINVAL);
    load.address = "127.0.0.1";
    load.connections = LOAD_CONNECTIONS_MAX + 1;
    load_run(&load, -1, &report);
    assert_int_equal(report.error, EINVAL);
}

/* Two of 100 requests were sent late: which matters if that is much of the latency. */
static void test_late_client(void **state)
{
    struct error error = {0};

    (void)state;
    report = (struct load_report){0};
    for (int i = 0; i < 100; i++) {
        histogram_add(&report.lag, i < 98 ? 1000 : 5 * MS);
        histogram_add(&report.latency, 100 * MS);
    }
    assert_int_equal(load_check_client(&report, &error), 0);
    report.latency = report.lag;
    assert_int_equal(load_check_client(&report, &error), -EAGAIN);
    assert_non_null(strstr(error.text, "the client fell behind"));
    report.lag = (struct histogram){0};
    assert_int_equal(load_check_client(&report, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_closed),      cmocka_unit_test(test_one_request),
        cmocka_unit_test(test_arrivals),    cmocka_unit_test(test_stall),
        cmocka_unit_test(test_per_request), cmocka_unit_test(test_closing),
        cmocka_unit_test(test_failures),    cmocka_unit_test(test_never),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_stop),
        cmocka_unit_test(test_several),     cmocka_unit_test(test_several_fail),
        cmocka_unit_test(test_bad_load),    cmocka_unit_test(test_late_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
