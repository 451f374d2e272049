/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
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

const char *duration_text(double seconds, char *out, size_t size)
{
    double minutes = round(seconds / 60);

    if (seconds < 90)
        snprintf(out, size, "%.0f s", fmax(round(seconds), 1));
    else if (minutes < 90)
        snprintf(out, size, "%.0f min", minutes);
    else
        snprintf(out, size, "%.0f h %.0f min", floor(minutes / 60), fmod(minutes, 60));
    return out;
}
