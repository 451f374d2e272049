/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Taking up a cut run from the document that its journal makes.
 */
#ifndef TARE_RESUME_H
#define TARE_RESUME_H

#include <cjson/cJSON.h>

#include "bench/run/run.h"

/* Fill `options`, but for datadir, out, argv and argc, as the cut run had them. The strings are the
 * document's, to which some are added. -EINVAL when it is no journal of this format. */
int resume_options(cJSON *document, struct plan_options *options, struct error *error);

/* Take over how far the cut run came: which trials are done, which targets were dropped, the
 * verdict on the accelerator. The run's plan must be made of resume_options(). -ESTALE when kernels
 * or payloads are no longer the ones that the run began with, -EINVAL when the plan differs. */
int resume_progress(const cJSON *document, struct run *run, struct error *error);

/* Whether `host`, as host_describe() makes it, is the one of the journal: -ESTALE otherwise. */
int resume_host(const cJSON *document, const cJSON *host, struct error *error);

#endif
