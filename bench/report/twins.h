/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_REPORT_TWINS_H
#define TARE_REPORT_TWINS_H

#include <stdio.h>

#include "bench/result/model.h"

/* Print, in words, what comparing twins came to: for each B its build and its A's, and a line per
 * metric with at least 8 pairs. Nothing where there is none. */
void twins_print(const struct model *model, FILE *out);

#endif
