/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands of tare, which main.c lists, and what they have in common. */
#ifndef TARE_COMMAND_H
#define TARE_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/base/error.h"

/* The exit status of a command that did not succeed. */
enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_HOST = 3, EXIT_INVALID = 3 };

/* The folder with kernels, payloads and all else that tare needs at run time. */
extern char datadir[];

/* Say on standard error why a command failed, `status` being a negative errno. The exit status. */
int complain(int status, const struct error *error);

/* Whether `out` is a terminal whose user did not ask for plain text. */
bool wants_color(FILE *out);

/* The commands on results that there are. argv[0] is "tare NAME"; the exit status is returned. */
int command_export(int argc, char **argv);
int command_history(int argc, char **argv);
int command_plot(int argc, char **argv);
int command_report(int argc, char **argv);
int command_show(int argc, char **argv);
int command_verify(int argc, char **argv);

/* tare target check FILE, which explains it, and tare target try FILE, which boots it once, too */
int command_target(int argc, char **argv);

#endif
