/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In which order the trials of a run come. */
#include "tests/unit/test.h"

#include "bench/plan/plan.h"

static const struct scenario any = {.name = "any"}, program = {.name = "p", .needs_program = true};

/* Four targets, the last of which runs no program, and two scenarios, one of which needs one. */
static struct plan ordered(unsigned repeat, unsigned warmup, uint64_t seed)
{
    struct plan plan = {
        .options = {.repeat = repeat, .warmup = warmup, .seed = seed},
        .scenarios = {&any, &program},
        .scenario_count = 2,
        .targets = {{.runs_program = true}, {.runs_program = true}, {.runs_program = true}},
        .target_count = 4,
    };

    assert_int_equal(plan_order(&plan, NULL), 0);
    return plan;
}

enum { PER_ROUND = 7 };

/* Each round holds every target with every scenario of which it has a part, once. */
static void test_rounds(void **state)
{
    struct plan plan = ordered(5, 2, 1);

    (void)state;
    assert_int_equal(plan.trial_count, 7 * PER_ROUND);
    for (unsigned round = 0; round < 7; round++) {
        unsigned seen[4][2] = {0};

        for (unsigned i = 0; i < PER_ROUND; i++) {
            const struct planned *planned = &plan.trials[round * PER_ROUND + i];

            assert_int_equal(planned->repetition, round < 2 ? 0 : round - 1);
            seen[planned->target][planned->scenario]++;
        }
        for (unsigned t = 0; t < 4; t++) {
            assert_int_equal(seen[t][0], 1);
            assert_int_equal(seen[t][1], t < 3);
        }
    }
    free(plan.trials);
}

static bool is_same(const struct plan *one, const struct plan *other)
{
    return one->trial_count == other->trial_count &&
           memcmp(one->trials, other->trials, one->trial_count * sizeof *one->trials) == 0;
}

static void test_seed(void **state)
{
    struct plan one = ordered(10, 1, 7), again = ordered(10, 1, 7), other = ordered(10, 1, 8);

    (void)state;
    assert_true(is_same(&one, &again));
    assert_false(is_same(&one, &other));
    free(one.trials);
    free(again.trials);
    free(other.trials);
}

/* A target that always came first would meet the machine in another state than the others: every
 * one has its turn at every place of a round. */
static void test_shuffled(void **state)
{
    struct plan plan = ordered(200, 0, 1);
    unsigned first[4] = {0}, last[4] = {0};

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        first[plan.trials[round * PER_ROUND].target]++;
        last[plan.trials[round * PER_ROUND + PER_ROUND - 1].target]++;
    }
    for (unsigned t = 0; t < 4; t++) { /* 2 of 7, of the last target 1 of 7: 57 and 29 expected */
        assert_in_range(first[t], t < 3 ? 35 : 12, t < 3 ? 80 : 50);
        assert_in_range(last[t], t < 3 ? 35 : 12, t < 3 ? 80 : 50);
    }
    free(plan.trials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_seed),
        cmocka_unit_test(test_shuffled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
