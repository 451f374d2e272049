/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a step of scenario density tells of VMs that fail: scripted guests. */
#include "tests/unit/test.h"

#include "bench/base/json.h"
#include "scenarios/density/step.h"
#include "tests/unit/fixture.h"
#include "tests/unit/measure/guest.h"

static struct step step;

static int take_step(struct trial *trial, struct error *error)
{
    const struct step_plan plan = {.idle_s = 1, .load_s = 0.1, .more = 1};

    trial_end_crowd(trial, 0);
    return step_take(trial, &plan, 1, &step, error);
}

/* What a VM used that ended meanwhile is no CPU time at rest. */
static void test_ends_at_rest(void **state)
{
    const struct guest_trial asked = {
        .scripts = {"[" MARK("R") ",{\"at_ms\":100,\"exit\":0}]"},
        .measure = take_step,
    };
    struct trial_report report;
    cJSON *json;

    (void)state;
    assert_int_equal(guest_run(&asked, &report), 0);
    trial_report_free(&report);
    assert_int_equal(step.ready, 1);
    assert_true(step.idle_to - step.idle_from >= 1000000000);
    assert_holds(step.idle_fault.text, "gone");
    assert_holds(step.why, "gone");
    assert_float_equal(step.idle_percent, 0, 0);
    step.requests = 1; /* as if the others had been asked */
    json = step_json(&step);
    assert_null(json_field(json, "idle_percent"));
    assert_non_null(json_field(json, "memory_mib"));
    cJSON_Delete(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ends_at_rest)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
