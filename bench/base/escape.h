/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guests are hostile. Terminals obey control characters, so tare never passes them on. */
#ifndef TARE_ESCAPE_H
#define TARE_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/* Copy `text` to `out` as printable ASCII, everything else as \xNN; newlines become spaces. `out`
 * of `size` bytes is always terminated; text that does not fit is cut. */
void escape_text(const char *text, char *out, size_t size);

/* The same, to a stream. */
void escape_print(const char *text, FILE *out);

#endif
