/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What guests write is hostile: terminals obey control characters, so they are never passed on. */
#ifndef TARE_ESCAPE_H
#define TARE_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

/* Copy `text` to `out` as printable ASCII, everything else as \xNN; newlines become a space. `out`
 * of `size` bytes is always terminated; what does not fit is cut. */
void escape_text(const char *text, char *out, size_t size);

/* The same, to a stream. */
void escape_print(const char *text, FILE *out);

#endif
