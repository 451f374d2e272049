/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `tare compare` does: results in, verdicts out. */
#ifndef TARE_COMPARE_COMMAND_H
#define TARE_COMPARE_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/base/error.h"
#include "bench/report/comparison.h"

#define COMPARE_FILES 64

struct compare_options {
    const char *files[COMPARE_FILES]; /* OLD first, or the only one */
    int count;
    const char *base;  /* the target to compare the others of one file with; NULL: twins */
    const char *noise; /* the file of an A/A run, or NULL */
    double threshold, exact_threshold;
    bool anyway; /* compare what is not comparable */
    int (*write)(const struct comparisons *comparisons, FILE *out);
};

/* Load, compare, judge and write. Whether something is worse (1), or a negative errno: -EINVAL too
 * where the results are not comparable, or hold nothing to compare. */
int compare_print(const struct compare_options *options, FILE *out, struct error *error);

#endif
