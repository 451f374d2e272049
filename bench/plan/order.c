/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>

#include "bench/plan/plan.h"

static bool takes_part(const struct plan *plan, unsigned target, unsigned scenario)
{
    return !plan->scenarios[scenario]->needs_program || plan->targets[target].runs_program;
}

int plan_order(struct plan *plan, struct error *error)
{
    unsigned rounds = plan->options.warmup + plan->options.repeat;
    unsigned per_round = plan->target_count * plan->scenario_count, at = 0; /* at most */
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    plan->trials = calloc((size_t)rounds * per_round, sizeof *plan->trials);
    if (!random || !plan->trials) {
        if (random)
            gsl_rng_free(random);
        return fail(error, ENOMEM, "out of memory");
    }
    gsl_rng_set(random, plan->options.seed);
    for (unsigned round = 0; round < rounds; round++) {
        struct planned *first = &plan->trials[at];

        for (unsigned i = 0; i < per_round; i++)
            if (takes_part(plan, i % plan->target_count, i / plan->target_count))
                plan->trials[at++] = (struct planned){
                    .target = i % plan->target_count,
                    .scenario = i / plan->target_count,
                    .repetition =
                        round < plan->options.warmup ? 0 : round - plan->options.warmup + 1,
                };
        gsl_ran_shuffle(random, first, (size_t)(&plan->trials[at] - first), sizeof *first);
    }
    plan->trial_count = at;
    gsl_rng_free(random);
    return 0;
}
