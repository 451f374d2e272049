/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole `tare run`: inputs, journal, sandbox, result.
 */
#ifndef TARE_SESSION_H
#define TARE_SESSION_H

#include "bench/run/run.h"

/* Run as `options` say, or, with `resume`, complete the cut run that was to write that file (the
 * options but datadir are then the cut run's). The journal is the result file's name with
 * ".journal", deleted once a complete result is saved; without options->out nothing is saved, nor
 * can be resumed. *document is the result, to be deleted by the caller; NULL when there is nothing
 * to show. It may be there, marked incomplete, beside an error. */
int session_run(const struct plan_options *options, const char *resume, progress_hook *progress,
                cJSON **document, struct error *error);

#endif
