/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "bench/base/shuffle.h"
#include "bench/plan/part.h"
#include "bench/plan/plan.h"

/* What one round holds: each target with each scenario in which it takes part. */
static size_t list_round(const struct plan *plan, struct planned *round)
{
    size_t count = 0;
    char why[256];

    for (unsigned s = 0; s < plan->scenario_count; s++)
        for (unsigned t = 0; t < plan->target_count; t++)
            if (part_taken(plan->scenarios[s], &plan->targets[t], why, sizeof why))
                round[count++] = (struct planned){.target = t, .scenario = s};
    return count;
}

double trial_takes(const struct plan *plan, const struct planned *planned)
{
    if (plan->targets[planned->target].driver->plays_script)
        return 0;
    return plan->scenarios[planned->scenario]->takes_s[plan->options.profile == PROFILE_FULL];
}

int plan_order(struct plan *plan, struct error *error)
{
    struct planned round[PLAN_NAMES_MAX * PLAN_NAMES_MAX];
    unsigned warmup = plan->options.warmup, rounds = warmup + plan->options.repeat;
    size_t count = list_round(plan, round), all = rounds * count;
    unsigned *places = calloc(all + 1, sizeof *places);
    int status;

    plan->trials = calloc(all + 1, sizeof *plan->trials);
    status = places && plan->trials ? shuffle_rounds(plan->options.seed, rounds, count, places)
                                    : -ENOMEM;
    for (size_t i = 0; i < all && status == 0; i++) {
        unsigned number = (unsigned)(i / count);

        plan->trials[i] = round[places[i]];
        plan->trials[i].repetition = number < warmup ? 0 : number - warmup + 1;
    }
    plan->trial_count = (unsigned)all;
    plan->round_size = (unsigned)count;
    free(places);
    return status < 0 ? fail(error, -status, "out of memory") : 0;
}
