/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/pattern.h"

int pattern_parse(const char *text, struct pattern *pattern, struct error *error)
{
    char why[128];
    int code;

    *pattern = (struct pattern){0};
    if (!*text) /* it would match every line */
        return fail(error, EINVAL, "the expression is empty");
    code = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        regerror(code, &pattern->regex, why, sizeof why);
        return fail(error, EINVAL, "%s; it must be a POSIX extended regular expression", why);
    }
    pattern->text = strdup(text);
    if (pattern->text)
        return 0;
    regfree(&pattern->regex);
    return fail(error, ENOMEM, "out of memory");
}

bool pattern_matches(const struct pattern *pattern, const char *line, size_t length)
{
    /* By its length: a NUL among the bytes must not hide what follows it. */
    regmatch_t span = {.rm_so = 0, .rm_eo = (regoff_t)length};

    return pattern->text && regexec(&pattern->regex, line, 0, &span, REG_STARTEND) == 0;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern->text)
        regfree(&pattern->regex);
    free(pattern->text);
    *pattern = (struct pattern){0};
}
