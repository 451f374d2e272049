/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of /proc and /sys, below `root` (NULL: the real ones). */
#ifndef TARE_HOSTFILE_H
#define TARE_HOSTFILE_H

#include <stdio.h>

/* Open `path` for reading; NULL where there is none. The caller closes it. */
FILE *host_file(const char *root, const char *path);

/* The first line of `path`, without its newline; "" where there is none. */
void host_line(const char *root, const char *path, char *line, size_t size);

#endif
