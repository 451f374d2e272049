/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_TABLE_H
#define TARE_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/result/model.h"

/* Print a result for people: under which conditions, then a table per scenario, the verdicts on
 * twins, then the warnings with their remedies. All text is escaped. `color` allows terminal
 * colours. */
void table_print(const struct model *model, FILE *out, bool color);

/* How the rule of --until ended, in words. */
void table_until(const struct model_until *until, FILE *out);

#endif
