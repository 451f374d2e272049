/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>
#include <string.h>

#include "bench/run/run.h"

static bool takes_part(const struct run *run, unsigned target, unsigned scenario)
{
    return !run->scenarios[scenario]->needs_program ||
           strcmp(run->targets[target].role, "floor") != 0;
}

int plan_make(struct run *run, struct error *error)
{
    unsigned rounds = run->options.warmup + run->options.repeat;
    unsigned per_round = run->target_count * run->scenario_count, at = 0; /* at most */
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

    run->plan = calloc((size_t)rounds * per_round, sizeof *run->plan);
    run->done = calloc((size_t)rounds * per_round, sizeof *run->done);
    if (!random || !run->plan || !run->done) {
        if (random)
            gsl_rng_free(random);
        return fail(error, ENOMEM, "out of memory");
    }
    gsl_rng_set(random, run->options.seed);
    for (unsigned round = 0; round < rounds; round++) {
        struct planned *first = &run->plan[at];

        for (unsigned i = 0; i < per_round; i++)
            if (takes_part(run, i % run->target_count, i / run->target_count))
                run->plan[at++] = (struct planned){
                    .target = i % run->target_count,
                    .scenario = i / run->target_count,
                    .repetition = round < run->options.warmup ? 0 : round - run->options.warmup + 1,
                };
        gsl_ran_shuffle(random, first, (size_t)(&run->plan[at] - first), sizeof *first);
    }
    run->plan_count = at;
    gsl_rng_free(random);
    return 0;
}
