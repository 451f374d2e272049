/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Verdicts: is NEW better or worse than OLD, the same, or can it not be told? The method is that of
 * docs/method.md, "Verdicts". Pure functions on models.
 */
#ifndef TARE_COMPARE_H
#define TARE_COMPARE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/base/error.h"
#include "bench/result/model.h"

#define COMPARE_ALPHA 0.01 /* how often any of all verdicts "better" or "worse" may be chance */
#define COMPARE_SAME_ALPHA 0.05 /* of each of the two one-sided tests for "same" */

enum compare_verdict { COMPARE_BETTER, COMPARE_WORSE, COMPARE_SAME, COMPARE_UNCLEAR };

/* Signed ranks of pairs that were measured close together; ranks of two runs; or both are exact. */
enum compare_method { COMPARE_PAIRS, COMPARE_RANKS, COMPARE_EXACT };

/* One metric of one target. */
struct comparison {
    const struct model_series *old, *new;
    const char *remark; /* what differs in the conditions; "" where nothing does. The caller's. */
    enum compare_method method;
    size_t n_old, n_new;          /* values; of COMPARE_PAIRS both are the pairs */
    double ratio;                 /* new / old, by Hodges and Lehmann 1963 on logarithms */
    double interval[2], coverage; /* of the ratio; coverage 0: there is none */
    double p, holm;               /* holm: p after Holm's correction; both 1 for COMPARE_EXACT */
    double threshold;             /* the relative change that counts, 0.05 is 5 % */
    enum compare_verdict verdict;
    size_t more;        /* how many more values of each side might decide; 0: nobody can say */
    const char *reason; /* why nothing could be compared; NULL where it could */
    double same[2];     /* logarithms: the interval that the test for "same" looks at */
};

struct compare_rules {
    double threshold;          /* of metrics on the host's clock */
    double exact_threshold;    /* of metrics in virtual time */
    const struct model *noise; /* of an A/A run: no threshold is below its minimum detectable
                                  effect; NULL: not known */
    unsigned long seed;        /* of the resampling of noise */
};

struct comparisons {
    struct comparison *list;
    size_t count;
};

/* What makes two results incomparable, as "accelerator, host": conditions, host, and payloads of
 * the same scenario. Kernels may differ. Returns whether there is something; `out` is "" if not. */
bool compare_conditions(const cJSON *old, const cJSON *new, char *out, size_t size);

/* Append what NEW is against OLD, in each metric of each target that both have, as separate runs.
 * The models outlive the list. 0 or -ENOMEM. */
int compare_runs(const struct model *old, const struct model *new, const char *remark,
                 const struct compare_rules *rules, struct comparisons *out);

/* The same within one run, by pairs of the same repetition: each twin against its A, or with `base`
 * each other target against that. */
int compare_targets(const struct model *model, const char *base, const char *remark,
                    const struct compare_rules *rules, struct comparisons *out);

/* Holm's correction (1979) over all of the list, and the verdicts. Call once, at the end. */
int compare_judge(struct comparisons *comparisons);

void compare_free(struct comparisons *comparisons);

/* From n values of p to those that may be read one by one (Holm 1979). -ENOMEM. */
int compare_holm(const double *p, size_t n, double *corrected);

#endif
