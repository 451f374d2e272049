/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_REPORT_H
#define TARE_REPORT_H

#include "bench/base/error.h"
#include "bench/result/model.h"

/* Write the page of `model` (page.h), which has its document, to the file at `path`, with all
 * figures that plot_write() draws of it. 0, or what drawing and writing can bring. */
int report_write(const struct model *model, const char *datadir, const char *path,
                 struct error *error);

#endif
