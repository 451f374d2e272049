/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_PLOT_H
#define TARE_PLOT_H

#include <cjson/cJSON.h>

#include "error.h"

/* Draw every metric of `document` that has values, one figure each, with gnuplot and
 * DATADIR/plots/targets.gp: DIRECTORY/SCENARIO-METRIC.{dat,png,svg}. The directory is made if need
 * be. Returns how many figures, or a negative errno. */
int plot_write(const cJSON *document, const char *datadir, const char *directory,
               struct error *error);

#endif
