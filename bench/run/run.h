/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A run: targets x scenarios -> trials -> samples, from reading the inputs to
 * the complete journal. docs/architecture.md draws the flow.
 */
#ifndef TARE_RUN_H
#define TARE_RUN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "bench/plan/payload.h"
#include "bench/plan/ready.h"
#include "bench/plan/registry.h"
#include "bench/plan/target.h"

#define RUN_NAMES_MAX 32
#define DRIVERS_MAX 8

enum accel_choice { CHOOSE_AUTO, CHOOSE_KVM, CHOOSE_TCG };

/* A target once more, under its name with "-b": with another kernel (AB), or quite alike (AA). */
enum twins { TWINS_NONE, TWINS_AB, TWINS_AA };

/* What the command line asks for. Strings are the caller's. */
struct run_options {
    const char *datadir;
    const char *scenarios; /* comma-separated names, or "all" */
    const char *targets;   /* comma-separated names, or "all": all but those of role "test" */
    const char *payload;   /* the user's program, in place of the scenario's; NULL: none */
    const char *args;      /* its arguments, space-separated; NULL: none */
    const char *ready;     /* when it counts as started (ready.h); NULL: "marker" */
    unsigned repeat;
    unsigned warmup; /* trials per target and scenario before the counted ones, recorded apart */
    uint64_t seed;
    bool full; /* --profile full: as long as the scenarios need, not as short as they can do with */
    enum twins twins;
    const char *twin_of;   /* AB: which target; NULL: the only one */
    const char *builds[2]; /* AB: the kernel files A (NULL: the target's own) and B */
    const char *noise;     /* the result of an A/A run, or NULL */
    enum accel_choice accel;
    struct machine machine;
    const char *out; /* the result file; NULL: none is kept */
    char *const *argv;
    int argc;
};

/* One trial to do. */
struct planned {
    unsigned target;     /* index into run->targets */
    unsigned scenario;   /* index into run->scenarios */
    unsigned repetition; /* from 1; 0 is a warm-up */
    bool probe;          /* no trial: does KVM boot the target, with run->probe for payload? */
};

/* A program that a scenario boots, or the user's in its place, with its files. */
struct run_program {
    struct program about;
    struct payload payload;
};

struct run {
    struct run_options options;
    const struct scenario *scenarios[RUN_NAMES_MAX];
    struct run_program programs[RUN_NAMES_MAX][PROGRAMS_MAX];
    unsigned program_counts[RUN_NAMES_MAX]; /* per scenario */
    unsigned scenario_count;
    struct payload probe; /* known to start at once, which a user's program need not */
    struct arguments arguments;
    struct ready ready;
    struct target targets[RUN_NAMES_MAX];
    struct file plugin;          /* counts halts under --icount; empty otherwise */
    bool dropped[RUN_NAMES_MAX]; /* left out: --accel kvm was asked and KVM refuses it */
    unsigned target_count;
    cJSON *noise; /* fields of the new document, by compare_read_noise(); NULL without */
    struct planned *plan;
    unsigned plan_count;
    bool *done; /* per planned trial: already in the journal */
    int journal_fd;
    int64_t start_ns;            /* CLOCK_MONOTONIC at the start of this part of the run */
    double elapsed_s;            /* of the parts before this one (--resume) */
    bool accel_decided;          /* machine.accel holds the verdict */
    void *contexts[DRIVERS_MAX]; /* one per driver, indexed as drivers[] */
    bool opened[DRIVERS_MAX];
    /* Tells of planned trial `index`; `text` is a failure's or the accelerator's, or NULL. */
    void (*progress)(const struct run *run, unsigned index, const char *text);
};

/* Read and check everything the options name: scenarios, payloads, targets, kernels, memory. */
int run_prepare(const struct run_options *options, struct run *run, struct error *error);
void run_free(struct run *run);

/* Append the twins that the options ask for to run->targets. */
int twins_add(struct run *run, struct error *error);

/* Fill run->plan: repetitions outermost, so that the targets are interleaved; within each the order
 * is shuffled (Fisher-Yates) by GSL's mt19937 seeded with options.seed. */
int plan_make(struct run *run, struct error *error);

/* Do the trials that are not done yet, appending each to the journal: the sandbox's work. Returns
 * -ECANCELED when the user interrupted; what was measured is in the journal. `data` is the run. */
int run_trials(void *data, struct error *error);

/* Decide run->options.machine.accel and say why in `reason`, in the sandbox with all files staged.
 * KVM is chosen only after a real boot of each VM target has proven it: a /dev/kvm that opens
 * proves nothing. A target that KVM refuses is dropped under --accel kvm; otherwise one refusal
 * of a built-in target means TCG for all. */
int accel_decide(struct run *run, char *reason, size_t size, struct error *error);

/* Boot once as `planned` says, by `scenario`'s measuring: 0, or a negative errno and why. */
int run_probe(struct run *run, const struct planned *planned, const struct scenario *scenario,
              struct error *why);

/* Put kernels, initrds, programs and the plugin into the sandbox's tmpfs. */
int stage_all(struct run *run, struct error *error);
/* Fill `launch` with staged paths for the `program`th program of `planned`, under the run's name
 * `name`. Free with stage_launch_free(). */
int stage_launch(const struct run *run, const struct planned *planned, unsigned program,
                 const char *name, struct launch *launch, struct error *error);
void stage_launch_free(struct launch *launch);

#endif
