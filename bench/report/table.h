/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_TABLE_H
#define TARE_TABLE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

/* Print a result for people: under which conditions, then a table per scenario, then the warnings
 * with their remedies. `color` allows terminal colours. */
void table_print(const cJSON *document, FILE *out, bool color);

#endif
