/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result as one HTML page that needs nothing else: no script, no other file, no network. */
#ifndef TARE_PAGE_H
#define TARE_PAGE_H

#include <stdio.h>

#include "bench/base/error.h"
#include "bench/result/model.h"

/* Write the page of `model`, which has its document (model_load()), to `out`. `figures` is the
 * directory into which plot_write() has drawn it. 0, -EIO when `out` fails, -ENOMEM. */
int page_write(const struct model *model, const char *figures, FILE *out, struct error *error);

#endif
