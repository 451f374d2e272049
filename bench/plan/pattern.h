/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A POSIX extended regular expression for a line of the console. */
#ifndef TARE_PATTERN_H
#define TARE_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/base/error.h"

struct pattern {
    char *text; /* NULL: there is none */
    regex_t regex;
};

/* -EINVAL if `text` is no expression, or empty. Free with pattern_free(), also after a failure. */
int pattern_parse(const char *text, struct pattern *pattern, struct error *error);
bool pattern_matches(const struct pattern *pattern, const char *line, size_t length);
void pattern_free(struct pattern *pattern);

#endif
