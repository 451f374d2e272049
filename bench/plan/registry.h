/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What there is: the one table of drivers and the one of scenarios. To add one,
 * write its file and add its line in registry.c.
 */
#ifndef TARE_REGISTRY_H
#define TARE_REGISTRY_H

#include "drivers/driver.h"
#include "scenarios/scenario.h"

extern const struct driver *const drivers[];     /* ends with NULL */
extern const struct scenario *const scenarios[]; /* ends with NULL */

/* The hidden scenario by which bench/run/accel.c proves KVM. */
extern const struct scenario scenario_kvm;

/* The entry called `name`, or NULL. */
const struct driver *driver_find(const char *name);
const struct scenario *scenario_find(const char *name);

#endif
