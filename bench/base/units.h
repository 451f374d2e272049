/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Units as people read them: a result keeps bit/s, a table shows Gbit/s. */
#ifndef TARE_UNITS_H
#define TARE_UNITS_H

/* The unit in which to show values of `unit` of which the largest is `largest`; *scale is what to
 * divide them by. A unit that is shown as it is comes back itself, with scale 1. */
const char *unit_shown(const char *unit, double largest, double *scale);

#endif
