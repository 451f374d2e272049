/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tare target try` says to change: each behaviour, and none without a reason. */
#include "tests/unit/test.h"

#include "bench/advice.h"
#include "tests/unit/fixture.h"

/* All advice for a guest that behaved so, in one text. */
static const char *advice_for(const struct target *target, const struct tried *tried)
{
    static char text[ADVICE_MAX * sizeof(struct advice)];
    struct advice list[ADVICE_MAX];
    unsigned count = advise(target, tried, list);

    *text = '\0';
    for (unsigned i = 0; i < count; i++)
        sprintf(text + strlen(text), "%s\n", list[i].text);
    return text;
}

static const char *advice(const struct tried *tried, enum ready_kind kind)
{
    const struct target target = {.rules = {.ready = {.kind = kind}}, .address = ""};

    return advice_for(&target, tried);
}

#define WELL .failure = "", .console = "up\n", .speaks = "", .alive = true
#define LATE .failure = "no payload ready within 60 s", .speaks = "", .alive = true

static void test_well(void **state)
{
    const struct tried silent = {WELL}, served = {WELL, .watched = true, .frames = 9, .answers = 2};

    (void)state;
    assert_string_equal(advice(&silent, READY_CONSOLE), "");
    assert_string_equal(advice(&served, READY_TCP), "");
}

static void test_nic(void **state)
{
    const struct tried tried = {LATE, .console = "hello\n", .watched = true};
    struct tried gone = tried;

    (void)state;
    assert_holds(advice(&tried, READY_PING), "no driver for this NIC");
    assert_holds(advice(&tried, READY_PING), "or it has no address");
    gone.alive = false; /* who is gone sends nothing, whatever its NIC */
    assert_null(strstr(advice(&gone, READY_PING), "NIC"));
}

static void test_deaf(void **state)
{
    const struct tried tried = {WELL, .watched = true, .frames = 3};
    const struct tried never = {LATE, .console = "hello\n", .watched = true, .frames = 3};
    const struct target told = {
        .rules = {.ready = {.kind = READY_PING}}, .address = "", .no_event_idx = true};

    (void)state;
    assert_holds(advice(&tried, READY_PING), "at first and no longer: deaf");
    assert_holds(advice(&tried, READY_CONSOLE), "does not answer: deaf");
    assert_holds(advice(&never, READY_PING), "does not answer: deaf");
    assert_holds(advice(&never, READY_PING), "\"event_idx\": false");
    assert_string_equal(advice_for(&told, &tried), ""); /* it is false already */
    assert_string_equal(advice_for(&told, &never), "");
}

static void test_address(void **state)
{
    struct tried tried = {LATE, .console = "", .watched = true, .frames = 3};

    (void)state;
    tried.speaks = "10.0.7.7";
    assert_holds(advice(&tried, READY_PING), "\"address\": \"10.0.7.7\"");
}

static void test_memory(void **state)
{
    struct tried tried = {LATE, .console = "x\nOut of memory!\n"};

    (void)state;
    assert_holds(advice(&tried, READY_CONSOLE), "\"memory_min_mib\"");
    tried.console = "all the memory one wants\n";
    assert_null(strstr(advice(&tried, READY_CONSOLE), "memory_min_mib"));
}

static void test_end(void **state)
{
    struct tried tried = {.console = "up\n", .speaks = ""};

    (void)state;
    tried.failure = "the guest ended by itself, with status 0; \"end\" says \"never\"";
    assert_holds(advice(&tried, READY_CONSOLE), "\"end\": \"power-off\"");
    tried.failure = "the guest ended with status 83, not 0";
    assert_holds(advice(&tried, READY_CONSOLE), "\"debug-exit\", \"end_status\": 83");
    tried.failure = "no end of guest within 60 s (last seen: payload ready)";
    assert_holds(advice(&tried, READY_CONSOLE), "\"end\": \"halt\"");
    tried.failure = "no line of success within 60 s";
    assert_holds(advice(&tried, READY_CONSOLE), "what \"success\" waits for");
    tried.failure = "the console said \"a panic\"";
    assert_holds(advice(&tried, READY_CONSOLE), "\"failure\" matched");
}

static void test_silence(void **state)
{
    struct tried tried = {LATE, .console = ""};

    (void)state;
    assert_holds(advice(&tried, READY_CONSOLE), "another \"boot\" or another of \"machines\"");
    tried.console = "something\n";
    assert_holds(advice(&tried, READY_CONSOLE), "what \"ready\" waits for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_well),    cmocka_unit_test(test_nic),    cmocka_unit_test(test_deaf),
        cmocka_unit_test(test_address), cmocka_unit_test(test_memory), cmocka_unit_test(test_end),
        cmocka_unit_test(test_silence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
