/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is seen on a guest's descriptors, with sockets in the place of a guest. */
#include "tests/unit/test.h"

#include <sys/socket.h>

#include "bench/base/clock.h"
#include "bench/measure/watch.h"
#include "tests/unit/fixture.h"

/* A guest and the other ends of its descriptors: marker, console, life. */
struct stage {
    struct guest guest;
    struct watch watch;
    int ends[3];
};

static void open_stage(struct stage *stage, const struct ready *ready)
{
    int *mine[] = {&stage->guest.marker_fd, &stage->guest.console_fd, &stage->guest.exit_fd};

    guest_init(&stage->guest);
    for (int i = 0; i < 3; i++) {
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        *mine[i] = pair[0];
        stage->ends[i] = pair[1];
    }
    watch_init(&stage->watch, ready);
    watch_open(&stage->watch, &stage->guest, NULL);
}

static void hang_up(struct stage *stage, int end)
{
    if (stage->ends[end] >= 0)
        close(stage->ends[end]);
    stage->ends[end] = -1;
}

static void close_stage(struct stage *stage)
{
    for (int i = 0; i < 3; i++)
        hang_up(stage, i);
    guest_release(&stage->guest);
}

enum { MARKER, CONSOLE, LIFE };

static void say(const struct stage *stage, int end, const char *text)
{
    assert_int_equal(write(stage->ends[end], text, strlen(text)), strlen(text));
}

static int step(struct watch *watch, double seconds, struct error *error)
{
    return watch_step(&watch, 1, clock_now() + (int64_t)(seconds * 1e9), NULL, error);
}

/* Something must happen, and soon. */
static void step_well(struct stage *stage)
{
    assert_int_equal(step(&stage->watch, 10, NULL), 0);
}

static void test_stamps(void **state)
{
    struct stage stage;
    int64_t before, after;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    for (int i = 0; i < EVENT_COUNT; i++)
        assert_int_equal(stage.watch.stamps[i], -1);
    before = clock_now();
    say(&stage, MARKER,
        "K000000000000000100\nM00000000000000ff05\nR000000000000000300\n"
        "X000000000000000400\nE00000000000000058b\n");
    step_well(&stage);
    after = clock_now();
    for (int i = EVENT_KERNEL; i <= EVENT_END; i++)
        if (i != EVENT_REPLY)
            assert_in_range(stage.watch.stamps[i], before, after);
    assert_int_equal(stage.watch.stamps[EVENT_REPLY], -1);
    assert_int_equal(stage.watch.stamps[EVENT_GONE], -1);
    assert_int_equal(stage.watch.tsc[EVENT_MAIN], 255);
    assert_int_equal(stage.watch.status[EVENT_MAIN], 5);
    assert_int_equal(stage.watch.status[EVENT_END], 0x8b);
    assert_int_equal(stage.watch.bad_markers, 0);
    assert_false(stage.watch.idled[EVENT_MAIN]);
    close_stage(&stage);
}

/* A guest that marks something again cannot make it later. */
static void test_first_counts(void **state)
{
    struct stage stage;
    int64_t stamp;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    say(&stage, MARKER, "M000000000000000101\n");
    step_well(&stage);
    stamp = stage.watch.stamps[EVENT_MAIN];
    say(&stage, MARKER, "M000000000000000202\n");
    step_well(&stage);
    assert_int_equal(stage.watch.stamps[EVENT_MAIN], stamp);
    assert_int_equal(stage.watch.tsc[EVENT_MAIN], 1);
    assert_int_equal(stage.watch.status[EVENT_MAIN], 1);
    close_stage(&stage);
}

static void test_bad_markers(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    say(&stage, MARKER, "?!M00000000000000ff0x\nM000000000000000200\n");
    step_well(&stage);
    /* "?", "!", "x" in the place of a digit, and the newline that then begins nothing. */
    assert_int_equal(stage.watch.bad_markers, 4);
    assert_int_equal(stage.watch.tsc[EVENT_MAIN], 2);
    close_stage(&stage);
}

/* A record may come in pieces: its stamp is the first one's. */
static void test_pieces(void **state)
{
    struct stage stage;
    int64_t before, between;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    before = clock_now();
    say(&stage, MARKER, "M0000000000");
    step_well(&stage);
    assert_int_equal(stage.watch.stamps[EVENT_MAIN], -1);
    between = clock_now();
    say(&stage, MARKER, "00000200\n");
    step_well(&stage);
    assert_in_range(stage.watch.stamps[EVENT_MAIN], before, between);
    close_stage(&stage);
}

static void test_phases(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    say(&stage, MARKER,
        "P000000000000000100\nP00000000000000023f\nP000000000000000340\nP000000000000000400\n");
    step_well(&stage);
    assert_true(stage.watch.phases[0].seen);
    assert_int_equal(stage.watch.phases[0].tsc, 1); /* the first of its number */
    assert_true(stage.watch.phases[PHASES - 1].seen);
    assert_int_equal(stage.watch.phases[PHASES - 1].tsc, 2);
    assert_false(stage.watch.phases[1].seen);
    assert_int_equal(stage.watch.stamps[EVENT_END], -1);
    close_stage(&stage);
}

/* The plugin of --icount counts halts in a file. */
static void test_halts(void **state)
{
    const struct fixture *fixture = *state;
    uint64_t halts = 0;
    struct stage stage;

    open_stage(&stage, &ready_by_marker);
    stage.guest.halts = strdup(fixture_path(fixture, "halts"));
    fixture_write(fixture, "halts", &halts, sizeof halts);
    say(&stage, MARKER, "M000000000000000100\n");
    step_well(&stage);
    halts = 3;
    fixture_write(fixture, "halts", &halts, sizeof halts);
    say(&stage, MARKER, "X000000000000000200\nP000000000000000300\n");
    step_well(&stage);
    assert_false(stage.watch.idled[EVENT_MAIN]);
    assert_true(stage.watch.idled[EVENT_EXIT]);
    assert_int_equal(stage.watch.phases[0].halts, 3);
    close_stage(&stage);
}

/* The end of what was said is the evidence. */
static void test_console(void **state)
{
    char text[CONSOLE_KEEP + 1001];
    struct stage stage;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    say(&stage, CONSOLE, "hello");
    step_well(&stage);
    assert_string_equal(stage.watch.console, "hello");
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    text[sizeof text - 1] = '\0';
    say(&stage, CONSOLE, text);
    step_well(&stage);
    assert_int_equal(stage.watch.console_used, CONSOLE_KEEP);
    assert_string_equal(stage.watch.console, text + 1000);
    say(&stage, CONSOLE, "bye");
    step_well(&stage);
    assert_int_equal(stage.watch.console_used, CONSOLE_KEEP);
    assert_string_equal(stage.watch.console + CONSOLE_KEEP - 3, "bye");
    assert_memory_equal(stage.watch.console, text + 1003, CONSOLE_KEEP - 3);
    assert_int_equal(stage.watch.stamps[EVENT_READY], -1);
    close_stage(&stage);
}

/* A NUL hides nothing of what follows it, neither the evidence nor a failure. */
static void test_nul(void **state)
{
    const char said[] = "\0up\n\0panic: \0no disk\n";
    struct rules rules = {0};
    struct stage stage;

    (void)state;
    assert_int_equal(pattern_parse("panic", &rules.failure, NULL), 0);
    open_stage(&stage, &ready_by_marker);
    stage.watch.rules = &rules;
    assert_int_equal(write(stage.ends[CONSOLE], said, sizeof said - 1), sizeof said - 1);
    step_well(&stage);
    assert_string_equal(stage.watch.console, "up\npanic: no disk\n");
    assert_string_equal(stage.watch.complaint, "panic: no disk");
    close_stage(&stage);
    rules_free(&rules);
}

/* --ready console: a line tells, and then no marker does. */
static void test_ready_line(void **state)
{
    struct ready ready;
    struct stage stage;
    int64_t before;

    (void)state;
    assert_int_equal(ready_parse("console:^up$", &ready, NULL), 0);
    open_stage(&stage, &ready);
    say(&stage, MARKER, "R000000000000000100\n");
    say(&stage, CONSOLE, "down\nu");
    step_well(&stage);
    assert_int_equal(stage.watch.stamps[EVENT_READY], -1);
    before = clock_now();
    say(&stage, CONSOLE, "p\n");
    step_well(&stage);
    assert_in_range(stage.watch.stamps[EVENT_READY], before, clock_now());
    before = stage.watch.stamps[EVENT_READY];
    say(&stage, CONSOLE, "up\n");
    step_well(&stage);
    assert_int_equal(stage.watch.stamps[EVENT_READY], before);
    close_stage(&stage);
    ready_free(&ready);
}

/* What a guest said before it went is seen before its end, and its end is seen once. */
static void test_gone(void **state)
{
    struct stage stage;
    struct error error = {0};
    int64_t end;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    say(&stage, MARKER, "E000000000000000100\n");
    say(&stage, CONSOLE, "last words");
    hang_up(&stage, LIFE);
    step_well(&stage);
    end = stage.watch.stamps[EVENT_END];
    assert_true(end >= 0);
    assert_true(stage.watch.stamps[EVENT_GONE] >= end);
    assert_string_equal(stage.watch.console, "last words");
    hang_up(&stage, MARKER);
    hang_up(&stage, CONSOLE);
    step_well(&stage); /* the ends of both streams */
    assert_false(stage.watch.marker_open || stage.watch.console_open);
    assert_int_equal(step(&stage.watch, 0.001, &error), -ETIMEDOUT); /* nothing spins */
    close_stage(&stage);
}

static void test_deadline(void **state)
{
    struct stage stage;
    int64_t before = clock_now();

    (void)state;
    open_stage(&stage, &ready_by_marker);
    assert_int_equal(step(&stage.watch, 0.002, NULL), -ETIMEDOUT);
    assert_true(clock_now() - before >= 2000000);
    assert_int_equal(step(&stage.watch, -1, NULL), -ETIMEDOUT); /* past, whatever waits */
    close_stage(&stage);
}

static void test_other(void **state)
{
    struct stage stage;
    struct watch *watches[] = {&stage.watch};
    struct pollfd other = {.events = POLLIN};
    int pair[2];

    (void)state;
    open_stage(&stage, &ready_by_marker);
    assert_int_equal(pipe(pair), 0);
    other.fd = pair[0];
    say(&stage, CONSOLE, "x");
    assert_int_equal(watch_step(watches, 1, clock_now() + 10000000000, &other, NULL), 0);
    assert_int_equal(other.revents, 0);
    close(pair[1]);
    assert_int_equal(watch_step(watches, 1, clock_now() + 10000000000, &other, NULL), 0);
    assert_true(other.revents != 0);
    assert_int_equal(watch_step(watches, 1, clock_now() - 1, &other, NULL), -ETIMEDOUT);
    close(pair[0]);
    close_stage(&stage);
}

static void test_interrupt(void **state)
{
    struct stage stage;
    int pair[2];

    (void)state;
    open_stage(&stage, &ready_by_marker);
    assert_int_equal(pipe(pair), 0);
    watch_interrupt_on(pair[0]);
    say(&stage, CONSOLE, "x");
    step_well(&stage);
    close(pair[1]);
    assert_int_equal(step(&stage.watch, 10, NULL), -ECANCELED);
    watch_interrupt_on(-1);
    assert_int_equal(step(&stage.watch, 0.001, NULL), -ETIMEDOUT);
    close(pair[0]);
    close_stage(&stage);
}

/* Every guest is watched while any is waited for. */
static void test_two(void **state)
{
    struct stage one, two;
    struct watch *watches[] = {&one.watch, &two.watch};

    (void)state;
    open_stage(&one, &ready_by_marker);
    open_stage(&two, &ready_by_marker);
    say(&two, MARKER, "M000000000000000200\n");
    assert_int_equal(watch_step(watches, 2, clock_now() + 10000000000, NULL, NULL), 0);
    assert_int_equal(one.watch.stamps[EVENT_MAIN], -1);
    assert_int_equal(two.watch.tsc[EVENT_MAIN], 2);
    say(&one, MARKER, "M000000000000000100\n");
    say(&two, CONSOLE, "two");
    assert_int_equal(watch_step(watches, 2, clock_now() + 10000000000, NULL, NULL), 0);
    assert_int_equal(one.watch.tsc[EVENT_MAIN], 1);
    assert_string_equal(one.watch.console, "");
    assert_string_equal(two.watch.console, "two");
    hang_up(&one, LIFE);
    assert_int_equal(watch_step(watches, 2, clock_now() + 10000000000, NULL, NULL), 0);
    assert_true(one.watch.stamps[EVENT_GONE] >= 0);
    assert_int_equal(two.watch.stamps[EVENT_GONE], -1);
    close_stage(&one);
    close_stage(&two);
}

static void test_closed(void **state)
{
    struct stage stage;

    (void)state;
    open_stage(&stage, &ready_by_marker);
    say(&stage, MARKER, "M000000000000000200\n");
    watch_close(&stage.watch);
    assert_int_equal(step(&stage.watch, 0.001, NULL), -ETIMEDOUT);
    assert_int_equal(stage.watch.stamps[EVENT_MAIN], -1);
    close_stage(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stamps),      cmocka_unit_test(test_first_counts),
        cmocka_unit_test(test_bad_markers), cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_phases),      FIXTURE_TEST(test_halts),
        cmocka_unit_test(test_console),     cmocka_unit_test(test_nul),
        cmocka_unit_test(test_ready_line),  cmocka_unit_test(test_gone),
        cmocka_unit_test(test_deadline),    cmocka_unit_test(test_other),
        cmocka_unit_test(test_interrupt),   cmocka_unit_test(test_two),
        cmocka_unit_test(test_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
