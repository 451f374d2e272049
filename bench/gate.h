/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The gate: does a new build of a kernel cost more instructions, memory or bytes than the old one?
 * One exact run under --icount decides; there is no noise to argue with.
 */
#ifndef TARE_GATE_H
#define TARE_GATE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>

#include "bench/result/model.h"
#include "bench/run/run.h"

#define GATE_ROWS 256

struct gate_options {
    const char *datadir;
    const char *base, *new; /* kernel files */
    const char *target;     /* whose kernel they are builds of */
    const char *scenarios;  /* as plan_options' */
    const char *out;        /* the result file; NULL: none is kept */
    const char *junit;      /* the verdicts as JUnit's XML; NULL: none */
    double threshold;       /* percent of growth that still passes */
    char *const *argv;
    int argc;
};

enum gate_verdict { GATE_PASS, GATE_GREW, GATE_REFUSED };

/* One metric. base and new are less the floor's where the metric contains the firmware's part. */
struct gate_row {
    const char *scenario, *metric, *unit; /* the model's */
    double base, new, growth;             /* growth in percent; only where not refused */
    enum gate_verdict verdict;
    char reason[320]; /* why it was refused */
};

/* Run floor, base and new once in virtual time. *document is the result, deleted by the caller;
 * NULL after an error. */
int gate_run(const struct gate_options *options, progress_hook *progress, cJSON **document,
             struct error *error);

/* Judge every exact metric of which less is better, and the sizes of the kernels. Returns how many
 * rows, whose texts are the model's, or -EINVAL when there is nothing to judge. */
int gate_judge(const struct model *model, const char *target, double threshold,
               struct gate_row rows[GATE_ROWS], struct error *error);

/* Write the rows as JUnit's XML, which CI services read: a test case for each. */
void gate_junit(const struct gate_row *rows, int count, double threshold, FILE *out);

/* Print the rows; whether all pass. */
bool gate_print(const struct gate_row *rows, int count, double threshold, FILE *out);

#endif
