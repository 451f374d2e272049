/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/test.h"

#include "bench/measure/markers.h"

static int feed(struct marker_stream *stream, const char *bytes, size_t size, int64_t stamp,
                struct marker_record *out)
{
    int complete = 0;

    for (size_t i = 0; i < size; i++)
        complete += marker_feed(stream, bytes[i], stamp + (int64_t)i, out) == 1;
    return complete;
}

static void test_round_trip(void **state)
{
    struct marker_stream stream = {0};
    struct marker_record record;
    char bytes[MARKER_SIZE];

    (void)state;
    marker_format(bytes, MARKER_EXIT, 0xab);
    assert_int_equal(feed(&stream, bytes, sizeof bytes, 1000, &record), 1);
    assert_int_equal(record.kind, 'X');
    assert_int_equal(record.status, 0xab);
    assert_int_equal(record.stamp, 1000); /* of the first byte, not the last */
    assert_true(record.tsc > 0);
}

static void test_known_bytes(void **state)
{
    struct marker_stream stream = {0};
    struct marker_record record;

    (void)state;
    assert_int_equal(feed(&stream, "M00000000000000ff05\n", 20, 0, &record), 1);
    assert_int_equal(record.tsc, 255);
    assert_int_equal(record.status, 5);
}

/* Nothing a guest writes may be taken for a marker but a marker, and one bad record must not
 * cost the next. */
static void test_hostile(void **state)
{
    static const char *const bad[] = {"Z00000000000000ff05\n", "M00000000000000fF05\n",
                                      "M00000000000000ff05x",
                                      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct marker_stream stream = {0};
        struct marker_record record;

        assert_int_equal(feed(&stream, bad[i], 20, 0, &record), 0);
        stream.used = 0;
        assert_int_equal(feed(&stream, "R000000000000000100\n", 20, 0, &record), 1);
        assert_int_equal(record.kind, 'R');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_known_bytes),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
