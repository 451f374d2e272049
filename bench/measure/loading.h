/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A load on a guest, which is watched meanwhile, and what its packets tell. */
#ifndef TARE_LOADING_H
#define TARE_LOADING_H

#include "scenarios/scenario.h"
#include "bench/measure/load.h"
#include "bench/measure/wire.h"

/* Run `load` against the current guest of `trial`, in a thread of its own, and fill `report`. With
 * `wire`, which is all zeros, capture its packets too: the caller releases it with wire_free(),
 * also after a failure; *lost is then how many packets were missed. 0 when the load has come to its
 * end, whatever became of its requests; else as trial_wait(), or tare's own failure. */
int loading_run(struct trial *trial, const struct load *load, struct load_report *report,
                struct wire *wire, int64_t *lost, struct error *error);

#endif
