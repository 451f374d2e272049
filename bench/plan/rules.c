/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "bench/plan/rules.h"

const char *const ending_names[] = {"marker", "power-off", "debug-exit", "exit",
                                    "halt",   "never",     NULL};

const struct rules rules_by_marker = {.ready = {.kind = READY_MARKER}};

void rules_free(struct rules *rules)
{
    ready_free(&rules->ready);
    pattern_free(&rules->success);
    pattern_free(&rules->failure);
    *rules = (struct rules){0};
}
