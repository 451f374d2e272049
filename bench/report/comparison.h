/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparisons for people and programs. */
#ifndef TARE_COMPARISON_H
#define TARE_COMPARISON_H

#include <stdio.h>

#include "bench/result/compare.h"

/* All write `comparisons`, which were judged, to `out`. 0, or -EIO when it could not be written. */
int comparison_table(const struct comparisons *comparisons, FILE *out);
int comparison_markdown(const struct comparisons *comparisons, FILE *out);
int comparison_json(const struct comparisons *comparisons, FILE *out);

/* Whether one of them is worse. */
bool comparison_has_worse(const struct comparisons *comparisons);

#endif
