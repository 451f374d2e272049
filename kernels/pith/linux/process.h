/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one process: loading it, ending it. */
#ifndef PITH_PROCESS_H
#define PITH_PROCESS_H

#include "linux/cmdline.h"

/* Load the program that `cmdline` names from the root file system and build its first stack as
 * Linux does. Panics, saying why, when it cannot be run. Fills what cpu_enter() takes. */
void process_load(const struct cmdline *cmdline, uint64_t *entry, uint64_t *stack);

/* The path of the running program, for /proc/self/exe. */
const char *process_path(void);

/* Its arguments, each with its NUL, for /proc. Bytes, as format() counts them. */
size_t process_arguments(char *out, size_t size);

/* getrlimit(2)'s soft limit. (system.c) */
enum { RLIMIT_NOFILE = 7, RLIMIT_SIGPENDING = 11 };
uint64_t resource_limit(unsigned resource);

#endif
