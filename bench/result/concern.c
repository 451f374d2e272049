/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/json.h"
#include "bench/result/concern.h"
#include "bench/result/results.h"

void concern_add(struct concern *concern, const cJSON *series, const char *format, ...)
{
    char detail[128], *longer;
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    concern->count++;
    if (asprintf(&longer, "%s%s%s.%s %s%s%s", concern->list ? concern->list : "",
                 concern->list ? "; " : "", json_text(series, "scenario"),
                 json_text(series, "metric"), json_text(series, "target"), *detail ? " " : "",
                 detail) < 0)
        return; /* the count tells of it */
    free(concern->list);
    concern->list = longer;
}

void concern_warn(struct concern *concern, cJSON *document, const char *code, const char *remedy,
                  const char *what)
{
    if (concern->count)
        results_warn(document, code, remedy, "%zu of %d series: %s: %s", concern->count,
                     cJSON_GetArraySize(json_field(document, "metrics")), what,
                     concern->list ? concern->list : "");
    concern_free(concern);
}

void concern_free(struct concern *concern)
{
    free(concern->list);
    *concern = (struct concern){0};
}
