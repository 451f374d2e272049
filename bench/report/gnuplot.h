/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_GNUPLOT_H
#define TARE_GNUPLOT_H

#include "bench/base/error.h"

/* Set what scripts read from the environment, printable ASCII. No text is part of a command. */
void gnuplot_give(const char *name, const char *text);

/* Run gnuplot on DATADIR/plots/SCRIPT, which draws the data of STEM.dat. -ENOENT where there is no
 * gnuplot, -EIO when it failed. */
int gnuplot_draw(const char *datadir, const char *script, const char *stem, struct error *error);

#endif
