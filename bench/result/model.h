/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model of a result: what readers of a document (tables, figures, exports)
 * work on. It is read and checked once; who reads it needs neither JSON nor the
 * scenarios that this tare knows. results/README.md defines the fields.
 */
#ifndef TARE_MODEL_H
#define TARE_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/error.h"
#include "bench/result/stats.h"

struct cJSON;

/* Texts are the document's, "" where it has none; numbers that it has not are 0. */

/* The rule by which a run ended (until.h). */
struct model_until {
    double percent; /* 0: there was no rule */
    double minutes; /* 0: no limit */
    size_t rounds, most;
    const char *ended; /* "narrow", "repeat", "minutes"; "" of a run that was cut */
    bool met;
    double widest; /* 0: a ratio had no interval */
};

struct model_run {
    const char *id, *started; /* the second as YYYY-MM-DDThh:mm:ssZ */
    const char *machine, *pin, *profile;
    const char *accel, *accel_reason;
    const char *payload, *args, *ready; /* of the user's own program; "" without */
    const char **invalid_reasons;
    size_t invalid_count;
    size_t memory_mib, vcpus;
    bool icount; /* times are virtual */
    bool tcg;    /* accel is TCG, which does not predict KVM */
    bool complete, quiet, valid;
    bool judged; /* whether it matters how busy the machine was; in older results always */
    bool alike;  /* twins are of one build: --aa */
    struct model_until until;
};

struct model_host {
    const char *cpu;
    size_t cores;
};

struct model_file {
    const char *path, *sha256;
    size_t bytes;
};

struct model_target {
    const char *name;
    const char *twin_of;          /* "" where it is no twin */
    const struct model_target *a; /* what it is the twin, the B, of; NULL where it is none */
    bool has_kernel;
    struct model_file kernel;
    const char *unequal; /* how its machine or its work is not that of the others; "" where it is */
};

/* Where value is the outcome of many short intervals, one of these; warm-up included. */
struct model_interval {
    double start, seconds; /* start in seconds since the first began */
    double value;          /* in the metric's unit */
};

/* How many of the times behind a value were `low` ns or more and less than `high`. */
struct model_bucket {
    double low, high, count;
};

/* A step of scenario density: so many VMs at once; 0 where nothing is told. */
struct model_step {
    double vms, ready_all_ms, boot_while_ms, memory_mib, p50_ms;
};

struct model_sample {
    bool has_value;
    double value;        /* in the metric's unit */
    const char *failure; /* the reason; "" where it has a value */
    const char *note;
    double t;          /* seconds since the run's start */
    size_t order;      /* of the trial in the run */
    size_t repetition; /* 0: a warm-up */
    const struct model_interval *intervals;
    size_t interval_count;
    const struct model_bucket *buckets; /* by rising times */
    size_t bucket_count;
    const struct model_step *steps;
    size_t step_count;
};

struct model_ratio {
    const char *base;       /* the target that is the divisor */
    struct summary summary; /* of the pairs' ratios; .n of them */
};

enum model_verdict { MODEL_NONE, MODEL_TOO_SMALL, MODEL_WORSE, MODEL_BETTER };

/* What the twin B is against its A, by pairs of one repetition; in the metric's unit. */
struct model_twin {
    size_t pairs;
    double difference, interval[2]; /* B less A */
    double coverage;                /* of the interval; in results of earlier versions it is 0.95 */
    double p;                       /* of the signed-rank test */
    double q;                       /* the share of false finds; 0 in results of earlier versions */
    enum model_verdict verdict;
};

/* What can be found beside the noise of this host. */
struct model_noise {
    double mde;   /* the minimum detectable effect, in the metric's unit */
    double power; /* how often it is found */
};

enum model_direction { MODEL_LOWER, MODEL_HIGHER };

struct model_series;

/* What is measured: one for each scenario and metric of the result. */
struct model_metric {
    const char *scenario, *name;
    const char *title; /* in words; "" in results of earlier versions */
    const char *unit, *clock;
    const char *definition;
    const char *start, *stop;       /* its events; "" in results of earlier versions */
    enum model_direction direction; /* which is better */
    const char *shown_unit;         /* in which people are shown it, that of its largest median */
    double scale;                   /* what to divide values by for that unit */
    const struct model_series **series; /* of its targets, in their order */
    size_t series_count;
};

/* All samples of one metric of one target. */
struct model_series {
    const struct model_metric *metric;
    const struct model_target *target;
    const struct model_sample *samples, *warmups;
    size_t sample_count, warmup_count;
    struct summary summary; /* of the samples' values; .n of them */
    size_t failed;          /* how many samples are failures */
    /* NULL where the document says nothing of it: */
    const struct model_ratio *ratio;
    const struct model_twin *twin; /* where the target is a B */
    const struct model_noise *noise;
};

struct model_scenario {
    const char *name;
    const struct model_metric **metrics;
    size_t metric_count;
};

/* A target took no part in a scenario. */
struct model_skip {
    const char *scenario, *target, *reason;
};

struct model_warning {
    const char *text, *remedy;
};

/* Lists are in the document's order, metrics and scenarios in that of their first series. */
struct model {
    struct model_run run;
    struct model_host host;
    const struct model_target *targets;
    const struct model_series *series;
    const struct model_metric *metrics;
    const struct model_scenario *scenarios;
    const struct model_warning *warnings;
    const struct model_skip *skipped;
    size_t skipped_count;
    size_t target_count, series_count, metric_count, scenario_count, warning_count;
    const char *base; /* what ratios are to if they do not say otherwise; "" where there are none */
    bool has_noise;   /* whether the noise of the host is known, and with it an mde */
    bool has_twins;   /* whether there is a verdict on any twin */
    bool doubtful;    /* it does not verify (verify.h); set by who asked */
    void *memory;     /* all that was allocated */
    struct cJSON *document; /* of model_load() */
};

/* Read a complete document, which must outlive the model. -EINVAL with place, field and reason, or
 * -ENOMEM; the model is then empty. The caller releases it with model_free(), which is allowed
 * after a failure too. */
int model_read(const struct cJSON *document, struct model *model, struct error *error);

/* Read the result at `path`, as model_read(); the model keeps the document. Also -ENOENT and what
 * else reading a file can bring. */
int model_load(const char *path, struct model *model, struct error *error);

/* Drop from the model's own document the numbers of its samples, which the model has: they are most
 * of the memory of a large result. */
void model_forget_numbers(struct model *model);

/* Release what the model holds, but no document that model_read() was given. */
void model_free(struct model *model);

/* The target of this name, or NULL. */
const struct model_target *model_target(const struct model *model, const char *name);

/* What stands behind the name of `target` wherever its values are shown: "*" where it is unequal,
 * or "". */
const char *model_mark(const struct model_target *target);

/* The metric of this scenario and name, or NULL. */
const struct model_metric *model_metric(const struct model *model, const char *scenario,
                                        const char *name);

/* The (first) series of `metric` for the target called so, or NULL. */
const struct model_series *model_series(const struct model_metric *metric, const char *target);

/* Whether the metric is read on the virtual clock of --icount, which repeats to the instruction. */
bool model_is_virtual(const struct model_metric *metric);

/* Whether a counted sample failed, or the run was cut. */
bool model_has_failures(const struct model *model);

#endif
