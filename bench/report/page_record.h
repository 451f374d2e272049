/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a page says of host and fairness; only page.c includes this. */
#ifndef TARE_PAGE_RECORD_H
#define TARE_PAGE_RECORD_H

#include <stdio.h>

#include "bench/result/model.h"

/* Hashes, each machine and how it differs from the first, the host's and the run's fields. */
void page_record(const struct model *model, FILE *out);

/* The whole document, to be saved. 0 or -ENOMEM. */
int page_data(const struct model *model, FILE *out);

#endif
