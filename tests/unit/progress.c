/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told on standard error while a run goes on. */
#include "tests/unit/test.h"

#include <sys/ioctl.h>
#include <termios.h>

#include "bench/base/clock.h"
#include "bench/progress.h"
#include "tests/unit/fixture.h"

/* A run of four trials, the first of which was done before a cut. */
static struct planned trials[] = {{0, 0, 0}, {1, 0, 0}, {0, 0, 1}, {1, 0, 1}};
static bool done[] = {true, false, false, false};
static struct plan plan;
static struct run run;

static int make_run(void **state)
{
    (void)state;
    plan = (struct plan){.scenarios = {scenario_find("boot")},
                         .targets = {{.name = (char *)"a"}, {.name = (char *)"b"}},
                         .trials = trials,
                         .trial_count = 4,
                         .round_size = 2};
    run = (struct run){.plan = &plan, .done = done, .first_ns = clock_now()};
    return 0;
}

static void expect(unsigned index, const char *why, const char *text)
{
    int memory, before = fixture_hush(&memory);
    char *said;

    progress_print(&run, index, why);
    progress_end();
    said = fixture_unhush(before, memory);
    assert_string_equal(said, text);
    free(said);
}

static void test_lines(void **state)
{
    (void)state;
    expect(1, NULL, "[2/4] boot b warm-up\n");
    expect(2, NULL, "[3/4] boot a #1\n");
    expect(3, "the guest\033[2J\nis gone", "[4/4] boot b #1: FAILED: the guest\\x1b[2J is gone\n");
}

static void test_before(void **state)
{
    (void)state;
    expect(NO_TRIAL, "choosing the accelerator", "choosing the accelerator\n");
    expect(1, NULL, "[2/4] boot b warm-up\n");
}

/* Where lines stay, the first round tells what the others will take: two of 200 trials took a
 * minute. */
static void test_rest(void **state)
{
    static struct planned many[200];
    static bool none[200];

    (void)state;
    plan.trials = many;
    plan.trial_count = 200;
    run.done = none;
    run.first_ns = clock_now() - 60000000000;
    expect(0, NULL, "[1/200] boot a warm-up\n");
    expect(1, NULL, "[2/200] boot a warm-up\nby the first round, 1 h 39 min left\n");
    expect(2, NULL, "[3/200] boot a warm-up\n");
    plan.options.until = 2;
    expect(1, NULL, "[2/200] boot a warm-up\nby the first round, at most 1 h 39 min left\n");
    plan.trial_count = 3; /* a round is not left */
    expect(1, NULL, "[2/3] boot a warm-up\n");
}

/* On a terminal one line is written again and again. */
static void test_terminal(void **state)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave, before = dup(STDERR_FILENO);
    char text[256] = "";
    struct termios raw;
    size_t used = 0;

    (void)state;
    if (master < 0 || unlockpt(master) < 0)
        skip();
    slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    assert_true(slave >= 0);
    assert_int_equal(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    dup2(slave, STDERR_FILENO);
    run.first_ns = clock_now() - 20000000000; /* 20 s for one trial: two more take 40 */
    progress_print(&run, 1, NULL);
    progress_print(&run, 2, "why");
    progress_end();
    fputs("!", stderr);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    while (used < sizeof text - 1 && !strchr(text, '!')) {
        ssize_t got = read(master, text + used, sizeof text - 1 - used);

        assert_true(got > 0);
        used += (size_t)got;
    }
    close(before);
    close(slave);
    close(master);
    assert_string_equal(text, "\r\033[K[2/4] boot b warm-up  40 s left"
                              "\r\033[K[3/4] boot a #1: FAILED: why\n"
                              "\r\033[K!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lines, make_run),
        cmocka_unit_test_setup(test_before, make_run),
        cmocka_unit_test_setup(test_terminal, make_run),
        cmocka_unit_test_setup(test_rest, make_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
