/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_PLOT_H
#define TARE_PLOT_H

#include "bench/base/error.h"
#include "bench/result/model.h"

/* Draw `model` with gnuplot and the scripts of DATADIR/plots: every metric that has values, a
 * figure each, DIRECTORY/SCENARIO-METRIC.{dat,png,svg}; where there are rates, all of a scenario
 * together (SCENARIO-throughput), and where their samples hold intervals, those over time
 * (SCENARIO-intervals). The directory is made if need be. A result that is `doubtful`, does not
 * verify, says so. Returns how many figures, or a negative errno: -ENOENT too where there is no
 * gnuplot; data without a figure is then left. */
int plot_write(const struct model *model, const char *datadir, const char *directory,
               struct error *error);

#endif
