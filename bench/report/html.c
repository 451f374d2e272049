/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "bench/report/html.h"

void html_text(const char *text, FILE *out)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c == '&')
            fputs("&amp;", out);
        else if (*c == '<')
            fputs("&lt;", out);
        else if (*c == '>')
            fputs("&gt;", out);
        else if (*c == '"')
            fputs("&quot;", out);
        else if (*c == '\n')
            fputc('\n', out);
        else if (*c < ' ' || *c > '~')
            fprintf(out, "\\x%02x", *c);
        else
            fputc(*c, out);
}

void html_base64(const void *data, size_t size, FILE *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i += 3) {
        unsigned char group[3] = {0};
        size_t have = size - i < 3 ? size - i : 3;

        memcpy(group, bytes + i, have);
        fputc(digits[group[0] >> 2], out);
        fputc(digits[(group[0] & 3) << 4 | group[1] >> 4], out);
        fputc(have > 1 ? digits[(group[1] & 15) << 2 | group[2] >> 6] : '=', out);
        fputc(have > 2 ? digits[group[2] & 63] : '=', out);
    }
}
