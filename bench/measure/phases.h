/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Payloads that do things many times over and mark phase 2n before thing n, and 2n + 1 after it. */
#ifndef TARE_PHASES_H
#define TARE_PHASES_H

#include "scenarios/scenario.h"

/* Wait for the payload's end, and record of each of `count` things the mean of its repeat[n]
 * repetitions: as metrics[2n], or metrics[2n + 1] in virtual time. 0, or a negative errno with
 * `error` filled. */
int phases_measure(struct trial *trial, const struct metric *metrics, const unsigned *repeat,
                   unsigned count, struct error *error);

#endif
