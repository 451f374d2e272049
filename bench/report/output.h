/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of whatever is written for somebody: did it all get there? */
#ifndef TARE_OUTPUT_H
#define TARE_OUTPUT_H

#include <cjson/cJSON.h>
#include <stdio.h>

/* Flush `out`. 0, or -EIO where anything written to it was lost. */
int output_finish(FILE *out);

/* Write `document`, which is deleted, and flush. 0, -EIO or -ENOMEM. */
int output_json(cJSON *document, FILE *out);

#endif
