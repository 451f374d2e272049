/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/error.h"

int fail(struct error *error, int code, const char *format, ...)
{
    if (error && !error->text[0]) {
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return -code;
}

void error_prefix(struct error *error, const char *format, ...)
{
    struct error whole;
    va_list arguments;
    size_t used;

    if (!error)
        return;
    va_start(arguments, format);
    vsnprintf(whole.text, sizeof whole.text, format, arguments);
    va_end(arguments);
    used = strlen(whole.text);
    snprintf(whole.text + used, sizeof whole.text - used, ": %s", error->text);
    *error = whole;
}
