/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history of a project's figures on one class of hosts: a directory of small files, one for
 * each commit, as `tare export history` writes them. Their names, as DATE-COMMIT.json, give the
 * order.
 */
#ifndef TARE_HISTORY_H
#define TARE_HISTORY_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/base/error.h"
#include "bench/result/model.h"

struct cJSON;

/* One series at one commit. */
struct history_point {
    const char *commit;     /* the file's name, less its ending */
    double median, ends[2]; /* of its interval */
};

struct history_series {
    const char *scenario, *metric, *target, *unit, *title;
    enum model_direction direction;
    struct history_point *points; /* in the files' order, where the file has the series */
    size_t count;
    size_t *changes; /* the index of each first point of a new level (result/changes.h) */
    size_t change_count;
};

struct history {
    struct history_series *series;
    size_t count, files;
    struct cJSON **documents;
    char **names;
};

/* The small file of a result that model_load() read, for the exporter table; of which commit it is,
 * is "" where the result does not say. 0, -EIO or -ENOMEM. */
int history_export(const struct model *model, FILE *out);

/* Read every *.json of `directory` and find the changes. Release with history_free(), after a
 * failure too. -EINVAL with file, field and reason; -ENOENT where there is no file. */
int history_load(const char *directory, struct history *history, struct error *error);
void history_free(struct history *history);

/* The values between two changes. */
struct history_level {
    size_t from, end; /* the indices of its first point, and behind its last */
    double median;    /* of its points' medians: an outlier is no level, and moves none */
};

/* The level before change `index`, or the last one where that is change_count. */
struct history_level history_level(const struct history_series *series, size_t index);

/* By how much the level changes at change `index`, in percent; 0 where it was 0. */
double history_growth(const struct history_series *series, size_t index);

/* Whether that is for the better. */
bool history_improves(const struct history_series *series, size_t index);

/* Every change, with the commits between which it happened. 0 or -EIO. */
int history_print(const struct history *history, FILE *out);

/* Draw each series into DIRECTORY/SCENARIO-METRIC-TARGET.{dat,png,svg}, with its changes. How many,
 * or a negative errno. */
int history_plot(const struct history *history, const char *datadir, const char *directory,
                 struct error *error);

#endif
