/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What /proc says of processes that may end meanwhile. */
#ifndef TARE_PROC_H
#define TARE_PROC_H

#include <stddef.h>
#include <sys/types.h>

/* The text of the file `path` (of `folder`, as openat(2) takes it), cut to `size`; "" where there
 * is none, or not any more. */
void proc_text(int folder, const char *path, char *text, size_t size);

/* Call `each` for every child of the first thread of `pid`, until it fails. What it returns: but
 * -ESRCH, a child that has ended, is no failure. */
int for_each_child(pid_t pid, int (*each)(pid_t child, void *data), void *data);

#endif
