/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_EXPORT_H
#define TARE_EXPORT_H

#include <cjson/cJSON.h>
#include <stdio.h>

/* Write every sample of a result, one line each, under a heading line: scenario, metric, target,
 * unit, order, repetition (0: warm-up), t, value, error, note. Empty fields where there is
 * nothing. -EIO when `out` fails. TSV escapes all but printable ASCII; CSV is RFC 4180's. */
int export_tsv(const cJSON *document, FILE *out);
int export_csv(const cJSON *document, FILE *out);

/* For gnuplot: a line per target of `scenario` and `metric`: index, target, median, the ends of its
 * 95 % interval; then, after two empty lines, index and value of every sample; values in the unit
 * that results_unit() names. Returns how many
 * targets have values, or -EIO. */
int export_figure(const cJSON *document, const char *scenario, const char *metric, FILE *out);

/* For gnuplot, all metrics of `scenario` in bit/s, in the unit that export_rate_unit() names: a
 * block per target, which begins with its name in quotes, of a line per metric: the metric's place,
 * median, the ends of its 95 % interval. The metrics' names, by their places, go to `names`,
 * space-separated. Returns how many lines, or -EIO. */
int export_rates(const cJSON *document, const char *scenario, FILE *out, FILE *names);
const char *export_rate_unit(const cJSON *document, const char *scenario, double *scale);

/* For gnuplot, the intervals of which those rates are the outcome: for each metric a block per
 * target, which begins with its name in quotes, of a line per interval: its middle in seconds, its
 * value. `names` as above. Returns how many metrics, or -EIO. */
int export_intervals(const cJSON *document, const char *scenario, FILE *out, FILE *names);

#endif
