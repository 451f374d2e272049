/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which samples were disturbed, by the evidence that is kept with them: docs/method.md.
 */
#ifndef TARE_DISTURBED_H
#define TARE_DISTURBED_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* A result of which more samples were disturbed is invalid. */
#define DISTURBED_SHARE 0.1

struct disturbed {
    size_t samples, disturbed; /* warm-ups do not count */
};

/* Give every disturbed sample of `document` the note "disturbed" and the list `disturbed` of what
 * was seen, and those of full CPUs the note "host-bound". Samples that have intervals get what
 * these tell as evidence. What an earlier call found is found anew. */
struct disturbed disturbed_mark(cJSON *document);

/* Whether `word` is among the words of a sample's note: "client-bound, disturbed". */
bool note_has(const char *note, const char *word);

#endif
