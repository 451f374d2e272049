/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs whose end is not fixed, by --until, and what is judged of the machine. */
#include "tests/unit/run/session.h"

/* In the worker, after the first trial of repetition 5. */
static void interrupt_late(const struct run *run, unsigned index, const char *text)
{
    say_nothing(run, index, text);
    if (index != NO_TRIAL && run->plan->trials[index].repetition == 5)
        kill(getpid(), SIGINT);
}

/* A rule that anything meets ends the run at its first look, also across a cut; the result is then
 * that of a run of so many repetitions. */
static void test_until(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    struct verify verify;
    const cJSON *about, *until;
    cJSON *document;

    options.repeat = 30;
    options.until = 100;
    /* Of one value each: a script ends at once, and waits for nothing but the harness. */
    fixture_null(fixture, "b",
                 "[{\"at_ms\":60,\"marker\":\"M\"},{\"at_ms\":60,\"marker\":\"X\"},"
                 "{\"at_ms\":60,\"marker\":\"E\"},{\"at_ms\":60,\"exit\":0}]");
    fixture_null(fixture, "a",
                 "[{\"at_ms\":30,\"marker\":\"M\"},{\"at_ms\":30,\"marker\":\"X\"},"
                 "{\"at_ms\":30,\"marker\":\"E\"},{\"at_ms\":30,\"exit\":0}]");
    assert_int_equal(run_it(&options, NULL, interrupt_late, &document, &error), -ECANCELED);
    about = json_field(document, "run");
    assert_false(is_complete(document));
    assert_float_equal(json_number(about, "repeat"), 30, 0);
    assert_null(json_field(json_field(about, "until"), "ended"));
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);

    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &error), 0);
    about = json_field(document, "run");
    until = json_field(about, "until");
    assert_true(is_complete(document));
    assert_string_equal(json_text(until, "ended"), "narrow");
    assert_true(cJSON_IsTrue(json_field(until, "met")));
    assert_float_equal(json_number(until, "most"), 30, 0);
    assert_float_equal(json_number(until, "rounds"), 12, 0);
    assert_float_equal(json_number(about, "repeat"), 12, 0);
    assert_int_equal(cJSON_GetArraySize(json_field(about, "order")), 2 * 13);
    assert_float_equal(count(document, "a", "n"), 12, 0);
    check_orders(document);
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);
    assert_false(exists(fixture, "result.json.journal"));
}

/* Rules that nothing meets end at their limits, and the result says so. */
static void test_until_limits(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    struct verify verify;
    const cJSON *until;
    cJSON *document;

    options.repeat = 13;
    options.until = 1e-9;
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    until = json_field(json_field(document, "run"), "until");
    assert_string_equal(json_text(until, "ended"), "repeat");
    assert_float_equal(json_number(until, "rounds"), 13, 0);
    assert_true(cJSON_IsFalse(json_field(until, "met")));
    assert_non_null(json_find(json_field(document, "warnings"), "code", "until"));
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);

    options.minutes = 1e-6; /* the first repetition takes longer */
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    until = json_field(json_field(document, "run"), "until");
    assert_string_equal(json_text(until, "ended"), "minutes");
    assert_float_equal(json_number(until, "rounds"), 1, 0);
    assert_float_equal(count(document, "b", "n"), 1, 0);
    assert_true(is_complete(document));
    assert_int_equal(verify_document(document, &verify, &error), 0);
    assert_int_equal(verify.faults, 0);
    verify_free(&verify);
    cJSON_Delete(document);
}

/* Scripts tell nothing of the machine. With a real program it is watched before each part of the
 * run, and what it did in the first one is not known. */
static void test_judged(void **state)
{
    const struct fixture *fixture = *state;
    struct plan_options options = to_result(fixture);
    struct error error = {0};
    const cJSON *about, *before;
    cJSON *document;

    fixture_target(fixture, "c", "\"driver\":\"process\"");
    options.targets = "a,c";
    assert_int_equal(run_it(&options, NULL, interrupt, &document, &error), -ECANCELED);
    about = json_field(document, "run");
    before = json_field(json_field(document, "host"), "before");
    assert_true(cJSON_IsTrue(json_field(about, "judged")));
    assert_true(json_number(before, "seconds") >= HOST_WATCH_S);
    assert_non_null(json_field(before, "other_load"));
    cJSON_Delete(document);
    assert_int_equal(run_it(&options, options.out, say_nothing, &document, &error), 0);
    assert_non_null(json_find(json_field(document, "warnings"), "code", "resumed"));
    assert_true(cJSON_IsFalse(json_field(json_field(document, "run"), "quiet")));
    assert_non_null(json_field(json_field(document, "host"), "qemu"));
    cJSON_Delete(document);
    options.unjudged = true;
    assert_int_equal(run_it(&options, NULL, say_nothing, &document, &error), 0);
    assert_true(cJSON_IsFalse(json_field(json_field(document, "run"), "judged")));
    assert_null(json_field(json_field(json_field(document, "host"), "before"), "seconds"));
    cJSON_Delete(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_judged),
        FIXTURE_TEST(test_until),
        FIXTURE_TEST(test_until_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
