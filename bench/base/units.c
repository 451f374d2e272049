/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "bench/base/units.h"

const char *unit_shown(const char *unit, double largest, double *scale)
{
    static const struct {
        const char *name;
        double scale;
    } rates[] = {{"Gbit/s", 1e9}, {"Mbit/s", 1e6}, {"kbit/s", 1e3}};

    *scale = 1;
    if (strcmp(unit, "bit/s") != 0)
        return unit;
    for (unsigned i = 0; i < sizeof rates / sizeof *rates; i++)
        if (fabs(largest) >= rates[i].scale) {
            *scale = rates[i].scale;
            return rates[i].name;
        }
    return unit;
}
