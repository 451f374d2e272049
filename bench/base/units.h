/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units as people read them: a result keeps bit/s, a table shows Gbit/s. */
#ifndef TARE_UNITS_H
#define TARE_UNITS_H

#include <stddef.h>

/* The unit in which to show values of `unit` whose largest is `largest`. Divide them by *scale. A
 * unit that is shown unchanged is returned as it is, with scale 1. */
const char *unit_shown(const char *unit, double largest, double *scale);

/* A duration to two places: "45 s", "12 min", "1 h 5 min". Returns `out`. */
const char *duration_text(double seconds, char *out, size_t size);

#endif
