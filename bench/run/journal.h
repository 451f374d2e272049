/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The journal: one JSON object per line, appended and synced as things happen,
 * so that a run cut at any moment keeps what it measured. Its first line is the
 * result document without samples; each further line changes that document.
 * The result is what comes out when all lines are applied, live or after a cut.
 */
#ifndef TARE_JOURNAL_H
#define TARE_JOURNAL_H

#include <cjson/cJSON.h>

#include "bench/base/error.h"

/* Append one line and sync it (fdatasync). Takes `line` over. */
int journal_append(int fd, cJSON *line, struct error *error);

/* Read the journal at `path` into *document, which the caller deletes. A last line that was cut
 * short is ignored: its sample was not yet measured as far as the run is concerned; *length is
 * where the good lines end. */
int journal_read(const char *path, cJSON **document, long *length, struct error *error);

#endif
