/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The console: the first serial port. */
#ifndef PITH_CONSOLE_H
#define PITH_CONSOLE_H

#include "lib/lib.h"

/* Write bytes; a newline goes out as CR LF, as a terminal wants it. */
void console_write(const char *text, size_t size);

/* A byte that was typed, or -1. */
int console_read(void);

/* Kernel messages, formatted as format() does. */
void print(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/* Wait until the last byte has left. */
void console_drain(void);

#endif
