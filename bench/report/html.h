/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of an HTML page. */
#ifndef TARE_HTML_H
#define TARE_HTML_H

#include <stddef.h>
#include <stdio.h>

/* Write `text` so that no byte of it is markup, a control character or half of a character: what is
 * not printable ASCII stands as \xNN, as on a terminal. Fits between tags and into a quoted
 * attribute. */
void html_text(const char *text, FILE *out);

/* Write `size` bytes as base64 (RFC 4648, 4), for a data: address. */
void html_base64(const void *data, size_t size, FILE *out);

#endif
