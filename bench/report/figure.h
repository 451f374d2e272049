/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What gnuplot draws the figures from (plot.h). Values are in the unit in which people are shown
 * them. */
#ifndef TARE_FIGURE_H
#define TARE_FIGURE_H

#include <stdio.h>

#include "bench/result/model.h"

/* One metric: a line per target with values: index, target, median, the ends of its interval
 * (stats_ends()); then, after two empty lines, index and value of every sample. Returns how many
 * targets have values, or -EIO. */
int figure_metric(const struct model *model, const struct model_metric *metric, FILE *out);

/* All metrics of `scenario` in bit/s, in the unit of figure_rate_unit(): a block per target, which
 * begins with its name in quotes, of a line per metric: the metric's place, median, the ends of its
 * interval. To `names` go, by their places, two words for each metric, in quotes: its name,
 * and its title or, without one, its name again. Returns how many lines have values, or -EIO. */
int figure_rates(const struct model *model, const struct model_scenario *scenario, FILE *out,
                 FILE *names);

/* The unit in which all rates of `scenario` are shown, that of the largest median; *scale is what
 * to divide bit/s by. */
const char *figure_rate_unit(const struct model_scenario *scenario, double *scale);

/* The intervals of which those rates are the outcome: for each metric a block per target, which
 * begins with its name in quotes, of a line per interval: its middle in seconds, its value. `names`
 * as above. Returns how many metrics, or -EIO. */
int figure_intervals(const struct model *model, const struct model_scenario *scenario, FILE *out,
                     FILE *names);

/* The percentiles of all times behind the metrics that keep them: for each metric a block per
 * target, as above, of a line per percentile: 1 / (1 - part), milliseconds. Returns how many
 * metrics, or a negative errno. */
int figure_percentiles(const struct model *model, const struct model_scenario *scenario, FILE *out,
                       FILE *names);

/* What each step of scenario density tells, for its number of VMs: a panel each for how long until
 * all were ready, the boot of one more, memory and latency; in it a block per target, as above, of
 * a line per step; samples stand apart by an empty line. Returns how many panels, or -EIO. */
int figure_steps(const struct model *model, const struct model_scenario *scenario, FILE *out,
                 FILE *names);

#endif
