/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors inside tare are negative errno values; the words for the user travel
 * beside them in a struct error, filled where the fault is found (only there
 * are the file, the field, the reason and the remedy known) and printed by
 * main.c alone.
 */
#ifndef TARE_ERROR_H
#define TARE_ERROR_H

struct error {
    char text[1024];
};

/* Fill `error` (may be NULL) with a formatted message and return -code, code being an errno
 * value: `return fail(error, EINVAL, "%s: field \"kernel\" is missing", path);`. An earlier
 * message is kept: the first fault is the cause. */
int fail(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "what: " before the message already in `error`, for a caller that knows the context. */
void error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
