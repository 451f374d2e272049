/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one alphabet of the names of targets, scenarios and metrics. They become parts of file names,
 * of lists with commas, of libvirt's domains and of lines on a terminal.
 */
#ifndef TARE_NAME_H
#define TARE_NAME_H

#include <stdbool.h>

#define NAME_LENGTH_MAX 64
#define NAME_RULE                                                                                  \
    "ASCII letters, digits, \"_\", \"-\", \".\" and \":\", at most 64, a letter or digit first"

/* Whether `name` obeys NAME_RULE. */
bool name_is_valid(const char *name);

#endif
