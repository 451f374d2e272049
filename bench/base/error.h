/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Functions return a negative errno. The message for the user travels beside it in a struct error.
 * The code that finds the fault fills it in, because only there are file, field, reason and remedy
 * known. Only main.c prints it.
 */
#ifndef TARE_ERROR_H
#define TARE_ERROR_H

struct error {
    char text[1024];
};

/* Fill `error` (may be NULL) with a formatted message and return -code, where code is an errno:
 * `return fail(error, EINVAL, "%s: field \"kernel\" is missing", path);`. An earlier message stays:
 * the first fault is the cause. */
int fail(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "what: " before the message already in `error` (may be NULL), for a caller that knows the
 * context. */
void error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
