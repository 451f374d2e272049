/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/measure/wire.h"

#define SERVER 8080
#define HEADERS (14 + 20 + 20)

static struct wire wire;
static struct histogram histogram;

static void put(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static void frame(unsigned char *bytes, unsigned from, unsigned to, unsigned length)
{
    memset(bytes, 0, HEADERS);
    put(bytes + 12, 0x0800);
    bytes[14] = 0x45;
    put(bytes + 16, 40 + length);
    bytes[23] = 6;
    put(bytes + 34, from);
    put(bytes + 36, to);
    bytes[46] = 5 << 4;
}

/* A packet with `length` bytes of data. */
static void packet(unsigned from, unsigned to, unsigned length, int64_t stamp)
{
    unsigned char bytes[HEADERS];

    frame(bytes, from, to, length);
    assert_int_equal(wire_take(&wire, bytes, sizeof bytes, stamp), 0);
}

static int setup(void **state)
{
    (void)state;
    wire = (struct wire){.port = SERVER};
    histogram = (struct histogram){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    wire_free(&wire);
    return 0;
}

static void test_pairs(void **state)
{
    (void)state;
    packet(1000, SERVER, 0, 1); /* a handshake carries nothing */
    packet(SERVER, 1000, 0, 2);
    packet(1000, SERVER, 50, 10);
    packet(2000, SERVER, 50, 11);
    packet(SERVER, 1000, 0, 12); /* an acknowledgement neither */
    packet(SERVER, 2000, 600, 15);
    packet(SERVER, 1000, 600, 20);
    packet(SERVER, 1000, 100, 40); /* the last of the reply counts */
    packet(1000, SERVER, 50, 100);
    packet(1000, SERVER, 50, 110); /* sent again */
    packet(SERVER, 1000, 600, 170);
    packet(3000, SERVER, 50, 120); /* without a reply */
    packet(SERVER, 4000, 50, 130); /* without a request */
    assert_int_equal(wire_end(&wire), 0);
    assert_int_equal(wire.count, 3);
    wire_count(&wire, 0, 1000, &histogram);
    assert_int_equal(histogram.count, 3);
    assert_int_equal(histogram.min, 4);
    assert_float_equal(histogram_quantile(&histogram, 0.5), 30, 0);
    assert_int_equal(histogram.max, 70);
}

static void test_window(void **state)
{
    (void)state;
    for (int i = 1; i <= 10000; i++) {
        packet(1000, SERVER, 50, 10 * i);
        packet(SERVER, 1000, 600, 10 * i + 5);
    }
    assert_int_equal(wire_end(&wire), 0);
    assert_int_equal(wire.count, 10000);
    wire_count(&wire, 100, 200, &histogram);
    assert_int_equal(histogram.count, 10);
}

static void test_others(void **state)
{
    unsigned char bytes[HEADERS];

    (void)state;
    for (size_t captured = 0; captured < HEADERS; captured++) {
        frame(bytes, 1000, SERVER, 50);
        assert_int_equal(wire_take(&wire, bytes, captured, 1), 0);
    }
    packet(1000, 9090, 50, 1);
    frame(bytes, 1000, SERVER, 50);
    bytes[23] = 17; /* UDP */
    assert_int_equal(wire_take(&wire, bytes, sizeof bytes, 1), 0);
    frame(bytes, 1000, SERVER, 50);
    put(bytes + 12, 0x86dd); /* IPv6 */
    assert_int_equal(wire_take(&wire, bytes, sizeof bytes, 1), 0);
    frame(bytes, 1000, SERVER, 50);
    bytes[14] = 0x4f; /* with options that were not captured */
    assert_int_equal(wire_take(&wire, bytes, sizeof bytes, 1), 0);
    assert_null(wire.open);
    assert_int_equal(wire_end(&wire), 0);
    assert_int_equal(wire.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_window, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
