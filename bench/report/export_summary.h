/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exports of summaries, a few numbers for each series; only export.c includes this. */
#ifndef TARE_EXPORT_SUMMARY_H
#define TARE_EXPORT_SUMMARY_H

#include <stdio.h>

#include "bench/result/model.h"

/* Each as struct exporter's write. */

/* OpenMetrics 1.0: a gauge for each metric, in base units (seconds, bytes, ratios), labelled with
 * the target and with the statistic: median, low and high (the ends of its interval); and how many
 * samples there were and failed. */
int export_openmetrics(const struct model *model, FILE *out);

/* What the GitHub action "github-action-benchmark" reads: an array of results. It wants smaller or
 * larger values to be better throughout, so what is better when larger is exported apart
 * (github-larger). */
int export_github_smaller(const struct model *model, FILE *out);
int export_github_larger(const struct model *model, FILE *out);

/* Bencher Metric Format: benchmark -> measure -> value, lower_value, upper_value. */
int export_bmf(const struct model *model, FILE *out);

#endif
