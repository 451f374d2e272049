/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/measure/http.h"

/* Feed `text` at once and then byte by byte: both must end alike. `rest` is what it does not take.
 */
static int feed(const char *text, struct http_reply *reply, size_t *rest)
{
    struct http_reply slow = {0};
    size_t used = 0, one;
    int status, slowly = 0;

    *reply = (struct http_reply){0};
    status = http_feed(reply, text, strlen(text), &used);
    *rest = strlen(text) - used;
    for (size_t i = 0; text[i] && slowly == 0; i++)
        slowly = http_feed(&slow, text + i, 1, &one);
    assert_int_equal(slowly, status);
    assert_int_equal(slow.status, reply->status);
    assert_int_equal(slow.length, reply->length);
    assert_true(slow.hash == reply->hash);
    return status;
}

static void test_good(void **state)
{
    struct http_reply reply, other;
    size_t rest;

    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", &reply, &rest), 1);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.length, 5);
    assert_int_equal(rest, 0);
    assert_false(reply.close);
    assert_true(reply.hash ==
                0xa430d84680aabd0bULL); /* FNV-1a of "hello", by its authors' tables */
    assert_int_equal(feed("HTTP/1.1 200 OK\r\ncontent-length:5 \r\nConnection: Close\r\n"
                          "X-Service-Ns: 1234\r\n\r\nhellO",
                          &other, &rest),
                     1);
    assert_true(other.close && other.hash != reply.hash);
    assert_int_equal(other.service_ns, 1234);
    assert_int_equal(feed("HTTP/1.1 204 \r\n\r\n", &reply, &rest), 1);
    assert_int_equal(feed("HTTP/1.1 404 Not Found\nContent-Length: 0\n\nHTTP", &reply, &rest), 1);
    assert_int_equal(reply.status, 404);
    assert_int_equal(rest, 4);
    assert_int_equal(feed("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", &reply, &rest), 1);
    assert_true(reply.close);
    assert_int_equal(
        feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx", &reply,
             &rest),
        1);
    assert_int_equal(reply.status, 201);
    assert_int_equal(reply.length, 1);
}

static void test_chunks(void **state)
{
    struct http_reply reply;
    size_t rest;

    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n",
                          &reply, &rest),
                     1);
    assert_int_equal(reply.length, 5);
    assert_true(reply.hash == 0xa430d84680aabd0bULL);
    assert_int_equal(rest, 0);
    assert_int_equal(
        feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhelx", &reply, &rest),
        0); /* so far */
    assert_int_equal(
        feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhelx\r\n", &reply, &rest),
        -EPROTO);
}

/* What does not say how long it is ends with the connection. */
static void test_until_closed(void **state)
{
    struct http_reply reply;
    size_t rest;

    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\n\r\nhello", &reply, &rest), 0);
    assert_true(http_ends(&reply) && reply.close);
    assert_int_equal(reply.length, 5);
    assert_true(reply.hash == 0xa430d84680aabd0bULL);
    feed("HTTP/1.1 200 OK\r\n", &reply, &rest);
    assert_false(http_ends(&reply));
    feed("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", &reply, &rest);
    assert_false(http_ends(&reply));
    feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", &reply, &rest);
    assert_false(http_ends(&reply));
}

static void test_short(void **state)
{
    static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    struct http_reply reply;
    char part[sizeof whole];
    size_t rest;

    (void)state;
    for (size_t i = 0; i < sizeof whole - 1; i++) {
        memcpy(part, whole, i);
        part[i] = '\0';
        assert_int_equal(feed(part, &reply, &rest), 0);
    }
}

static void test_garbage(void **state)
{
    static const char *const bad[] = {
        "SSH-2.0-x\r\n",
        "HTTP/2.0 200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5 6\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    };
    struct http_reply reply = {0};
    char line[HTTP_LINE_MAX + 10];
    size_t rest;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(feed(bad[i], &reply, &rest), -EPROTO);
    memset(line, 'H', sizeof line);
    reply = (struct http_reply){0};
    assert_int_equal(http_feed(&reply, line, sizeof line, &rest), -EPROTO);
    reply = (struct http_reply){0};
    assert_int_equal(http_feed(&reply, "HT\0P", 4, &rest), -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),         cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_until_closed), cmocka_unit_test(test_short),
        cmocka_unit_test(test_garbage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
