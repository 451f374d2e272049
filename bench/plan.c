/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>

#include "run.h"

int plan_make(struct run *run, struct error *error)
{
    unsigned rounds = run->options.warmup + run->options.repeat;
    unsigned per_round = run->target_count * run->scenario_count, at = 0;
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

        for (unsigned s = 0; s < run->scenario_count; s++)
            for (unsigned t = 0; t < run->target_count; t++)
                run->plan[at++] = (struct planned){
                    .target = t,
                    .scenario = s,
                    .repetition = round < run->options.warmup ? 0 : round - run->options.warmup + 1,
                };
        gsl_ran_shuffle(random, first, per_round, sizeof *first);
    }
    run->plan_count = at;
    gsl_rng_free(random);
    return 0;
}
