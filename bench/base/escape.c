/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "bench/base/escape.h"

static size_t escape_one(unsigned char c, char out[5])
{
    if (c == '\n')
        c = ' ';
    if (c >= ' ' && c < 0x7f) {
        out[0] = (char)c;
        return 1;
    }
    return (size_t)snprintf(out, 5, "\\x%02x", c);
}

void escape_text(const char *text, char *out, size_t size)
{
    char one[5];

    for (; *text && size > 0; text++) {
        size_t length = escape_one((unsigned char)*text, one);

        if (length >= size)
            break;
        memcpy(out, one, length);
        out += length;
        size -= length;
    }
    if (size > 0)
        *out = '\0';
}

void escape_print(const char *text, FILE *out)
{
    char one[5];

    for (; *text; text++)
        fwrite(one, 1, escape_one((unsigned char)*text, one), out);
}
