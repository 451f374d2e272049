/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Exporting a result for other programs. To add a format, write its function
 * and add a line to the table in export.c.
 */
#ifndef TARE_EXPORT_H
#define TARE_EXPORT_H

#include <stdio.h>

#include "bench/result/model.h"

struct exporter {
    const char *name;      /* as the user says it; NULL ends the table */
    const char *extension; /* of the files of this format, without the dot */
    int (*write)(const struct model *model, FILE *out); /* 0, or -EIO when `out` fails */
};

/* tsv and csv hold every sample, a line each, under a heading line: scenario, metric, target, unit,
 * order, repetition (0: warm-up), t, value, error, note. Empty fields where there is nothing. Both
 * escape all but printable ASCII; CSV is RFC 4180's, and keeps newlines. */
extern const struct exporter exporters[];

/* The exporter called `name`, or NULL. */
const struct exporter *export_find(const char *name);

#endif
