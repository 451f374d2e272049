/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cold starts: a request comes, a VM is made for it, and answers. */
#ifndef TARE_DENSITY_COLD_H
#define TARE_DENSITY_COLD_H

#include "scenarios/scenario.h"

/* Measure cold starts, one after the other, while no other guest runs, and record their metrics.
 * None is there after it. 0, or -ECANCELED. */
int cold_measure(struct trial *trial, struct error *error);

#endif
