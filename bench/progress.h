/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far the run is, on standard error: one line rewritten with the time left
 * on a terminal, a plain line per trial otherwise.
 */
#ifndef TARE_PROGRESS_H
#define TARE_PROGRESS_H

#include "bench/run/run.h"

/* A struct run's progress hook. */
void progress_print(const struct run *run, unsigned index, const char *text);

/* Finish the rewritten line. */
void progress_end(void);

#endif
