/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a guest that knows nothing of tare is judged: by its console and by its end. */
#include "tests/unit/test.h"

#include "bench/measure/sandbox.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

#define AT(ms, what) "{\"at_ms\":" #ms "," what "}"
#define SAYS(text) "\"console\":\"" text "\""
#define HANGS AT(3, "\"hang\":true")
#define EXIT(status) AT(3, "\"exit\":" #status)

static int conclude(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, trial_started(trial), error);

    if (status == 0)
        status = trial_conclude(trial, 0.05, error);
    if (status == 0)
        record_all(trial);
    return status;
}

/* A guest that is ready when it says "up". */
static struct rules rules(enum ending end, unsigned status, const char *success,
                          const char *failure)
{
    struct rules rules = {.end = end, .status = status};

    assert_int_equal(ready_parse("console:^up$", &rules.ready, NULL), 0);
    if (success)
        assert_int_equal(pattern_parse(success, &rules.success, NULL), 0);
    if (failure)
        assert_int_equal(pattern_parse(failure, &rules.failure, NULL), 0);
    return rules;
}

/* Play `script` under `rules`: it must fail with `reason`, or be well without one. */
static void judged(struct rules rules, const char *script, const char *reason)
{
    struct guest_trial asked = {.scripts = {script},
                                .measure = conclude,
                                .ready = &rules.ready,
                                .rules = &rules,
                                .deadline_s = 0.5};
    struct trial_report report;

    assert_int_equal(guest_run(&asked, &report), 0);
    if (reason)
        assert_holds(report.error.text, reason);
    else
        assert_string_equal(report.error.text, "");
    trial_report_free(&report);
    rules_free(&rules);
}

#define UP AT(1, SAYS("up\\r\\n"))

static void test_power_off(void **state)
{
    (void)state;
    judged(rules(END_POWER_OFF, 0, NULL, NULL), "[" UP "," EXIT(0) "]", NULL);
    judged(rules(END_POWER_OFF, 0, NULL, NULL), "[" UP "," EXIT(1) "]", "status 1, not 0");
    judged(rules(END_POWER_OFF, 0, NULL, NULL), "[" UP ",{\"at_ms\":2,\"crash\":11}]",
           "status 139, not 0");
    judged(rules(END_POWER_OFF, 0, NULL, NULL), "[" UP "," HANGS "]", "no end of guest within");
}

static void test_status(void **state)
{
    (void)state;
    judged(rules(END_DEBUG_EXIT, 83, NULL, NULL), "[" UP "," EXIT(83) "]", NULL);
    judged(rules(END_DEBUG_EXIT, 83, NULL, NULL), "[" UP "," EXIT(0) "]", "status 0, not 83");
    judged(rules(END_EXIT, 3, NULL, NULL), "[" UP "," EXIT(3) "]", NULL);
    judged(rules(END_EXIT, 0, NULL, NULL), "[" UP "," EXIT(3) "]", "status 3, not 0");
}

static void test_never(void **state)
{
    (void)state;
    judged(rules(END_NEVER, 0, NULL, NULL), "[" UP "," HANGS "]", NULL);
    judged(rules(END_NEVER, 0, NULL, NULL), "[" UP "," EXIT(0) "]",
           "ended by itself, with status 0; \"end\" says \"never\"");
}

/* Of one that stands still, only what it said tells. */
static void test_halt(void **state)
{
    (void)state;
    judged(rules(END_HALT, 0, "^done$", NULL), "[" UP "," AT(2, SAYS("done\\n")) "," HANGS "]",
           NULL);
    judged(rules(END_HALT, 0, "^done$", NULL), "[" UP "," HANGS "]", "no line of success within");
    judged(rules(END_HALT, 0, "^done$", NULL), "[" UP "," EXIT(0) "]",
           "gone before line of success");
}

/* Status 0 after a failure is no success, whichever way the failure shows. */
static void test_patterns(void **state)
{
    (void)state;
    judged(rules(END_POWER_OFF, 0, "^done$", NULL),
           "[" UP "," AT(2, SAYS("done\\r\\n")) "," EXIT(0) "]", NULL);
    judged(rules(END_POWER_OFF, 0, "^done$", NULL), "[" UP "," EXIT(0) "]",
           "no line of the console matched \"success\"");
    judged(rules(END_POWER_OFF, 0, NULL, "panic"),
           "[" UP "," AT(2, SAYS("a panic!\\n")) "," EXIT(0) "]", "the console said \"a panic!\"");
    judged(rules(END_NEVER, 0, NULL, "panic"),
           "[" AT(0, SAYS("no memory: panic\\n")) "," UP "," HANGS "]",
           "the console said \"no memory: panic\"");
}

/* An orphan's end, as that of libvirt's QEMU, is known by who reaps it. */
static int reap(void *data, struct error *error)
{
    int ends[2], status = 0;
    pid_t orphan = 0;

    (void)data;
    if (pipe(ends) < 0)
        return fail(error, errno, "pipe");
    if (fork() == 0) {
        orphan = fork();
        if (orphan == 0)
            _exit(7);
        _exit(write(ends[1], &orphan, sizeof orphan) == sizeof orphan ? 0 : 1);
    }
    if (read(ends[0], &orphan, sizeof orphan) != sizeof orphan)
        return fail(error, EIO, "no orphan");
    if (sandbox_reaped(orphan, &status) < 0)
        return fail(error, ESRCH, "the orphan's end is not known");
    if (status >> 8 != 7)
        return fail(error, EPROTO, "the orphan ended with %x", status);
    return sandbox_reaped(getpid(), &status) == -ESRCH ? 0 : fail(error, EEXIST, "we have ended");
}

static void test_reaped(void **state)
{
    struct error error = {0};

    (void)state;
    if (sandbox_run(reap, NULL, &error) < 0) {
        print_error("%s"
                    "\n",
                    error.text);
        _fail(__FILE__, __LINE__);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_off), cmocka_unit_test(test_status),
        cmocka_unit_test(test_never),     cmocka_unit_test(test_halt),
        cmocka_unit_test(test_patterns),  cmocka_unit_test(test_reaped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
