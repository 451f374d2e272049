/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units as people read them: a result keeps bit/s, a table shows Gbit/s. */
#ifndef TARE_UNITS_H
#define TARE_UNITS_H

/* The unit in which to show values of `unit` whose largest is `largest`. Divide them by *scale. A
 * unit that is shown unchanged is returned as it is, with scale 1. */
const char *unit_shown(const char *unit, double largest, double *scale);

#endif
