/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "bench/plan/part.h"

static const struct offer *find(const struct target *target, const char *protocol)
{
    for (unsigned i = 0; i < target->offer_count; i++)
        if (strcmp(target->offers[i].protocol, protocol) == 0)
            return &target->offers[i];
    return NULL;
}

const struct offer *part_offer(const struct scenario *scenario, const struct target *target)
{
    const char *const *protocol = scenario->protocols;
    const struct offer *offer = NULL;

    while (target_is_foreign(target) && protocol && *protocol && !offer)
        offer = find(target, *protocol++);
    return offer;
}

static void say_protocols(const struct scenario *scenario, char *why, size_t size)
{
    size_t used = (size_t)snprintf(why, size, "its program offers none of");

    for (const char *const *protocol = scenario->protocols; *protocol && used < size; protocol++)
        used += (size_t)snprintf(why + used, size - used, "%s %s",
                                 protocol == scenario->protocols ? "" : ",", *protocol);
    if (used < size)
        snprintf(why + used, size - used, " (\"offers\" of its target.json)");
}

bool part_taken(const struct scenario *scenario, const struct target *target, char *why,
                size_t size)
{
    *why = '\0';
    if (!target_is_foreign(target)) {
        if (scenario->needs_program && !target->runs_program)
            snprintf(why, size, "it runs no program");
    } else if (!scenario->protocols) {
        if (!scenario->takes_payload)
            snprintf(why, size, "it runs its own program and not the scenario's");
    } else if (!part_offer(scenario, target)) {
        say_protocols(scenario, why, size);
    } else if (!target_has_network(target)) {
        snprintf(why, size, "it has no network");
    }
    return !*why;
}
