/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A warning that may concern many series: one line for all of them. */
#ifndef TARE_CONCERN_H
#define TARE_CONCERN_H

#include <cjson/cJSON.h>
#include <stddef.h>

/* Zeroed at first. */
struct concern {
    char *list; /* "boot.app linux DETAIL; ..." */
    size_t count;
};

/* Add `series`, or an entry that names one, with its detail, which may be "". */
void concern_add(struct concern *concern, const cJSON *series, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where it has series, warn of them: how many, `what`, the list. Releases it. */
void concern_warn(struct concern *concern, cJSON *document, const char *code, const char *remedy,
                  const char *what);

void concern_free(struct concern *concern);

#endif
