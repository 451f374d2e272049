/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tender: a program of the host that runs a target's image as a process, or is the guest itself.
 */
#ifndef TARE_TENDER_H
#define TARE_TENDER_H

#include "bench/plan/payload.h"
#include "bench/plan/target.h"

/* Read the program that target->tender names: the file `beside`, where the target's other files
 * are, or where there is none and the name has no slash one in a folder of PATH. -ENOENT when there
 * is none, with `error` filled; of a target whose files are the user's that is no failure, but
 * target->absent says so. */
int tender_read(struct target *target, const char *beside, struct error *error);

/* Whether `word`, as "{memory}", is in the tender's command line. */
bool tender_takes(const struct target *target, const char *word);

/* The tender's command line for `launch`: `image` and `program` are the paths under which the
 * process sees these files, "" where there is none. A word {args} stands for all arguments.
 * NULL-terminated; free with tender_argv_free(). NULL when out of memory. */
char **tender_argv(const struct target *target, const struct launch *launch, const char *image,
                   const char *program, const struct arguments *arguments);
void tender_argv_free(char **argv);

#endif
