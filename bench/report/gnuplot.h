/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_GNUPLOT_H
#define TARE_GNUPLOT_H

#include "bench/base/error.h"

/* Run gnuplot on the script at `script`, which reads what it needs from the environment. -ENOENT
 * where there is no gnuplot, -EIO when it failed. */
int gnuplot_run(const char *script, struct error *error);

#endif
