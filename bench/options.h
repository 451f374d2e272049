/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TARE_OPTIONS_H
#define TARE_OPTIONS_H

#include <argp.h>

#include "bench/gate.h"
#include "bench/run/run.h"
#include "bench/compare.h"

/* Parse the command line of `tare run`. argp prints usage errors itself and exits with
 * EXIT_USAGE. *resume is the result file whose journal is to be completed, or NULL. */
void options_run(int argc, char **argv, struct plan_options *options, const char **resume);

/* The folder of images: TARE_IMAGES, or NULL. */
const char *options_images(void);

/* The same for `tare gate`. */
void options_gate(int argc, char **argv, struct gate_options *options);

/* The same for `tare compare`. */
void options_compare(int argc, char **argv, struct compare_options *options);

/* The options of comparing builds; its input is a struct plan_options. */
extern const struct argp options_twins;

#endif
