/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan: what the options ask for, read, checked and hashed, with every trial in its order.
 * Nothing writes to it once plan_prepare() has returned. What a run does with it is struct run's.
 */
#ifndef TARE_PLAN_H
#define TARE_PLAN_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/plan/payload.h"
#include "bench/plan/ready.h"
#include "bench/plan/registry.h"
#include "bench/plan/target.h"
#include "drivers/driver.h"

#define PLAN_NAMES_MAX 32 /* scenarios, and targets */

#define REPEAT_MAX 100000
#define VMS_MAX 65000
#define WARMUP_MAX 1000
#define MINUTES_MAX 100000
#define SEED_MAX (1ULL << 53) /* larger ones would not survive JSON's numbers */
#define MEMORY_MIB_MAX (1 << 24)
#define VCPUS_MAX 255

extern const char *const machine_types[];  /* QEMU's names; ends with NULL */
extern const struct machine machine_usual; /* what is not asked for */

enum accel_choice { CHOOSE_AUTO, CHOOSE_KVM, CHOOSE_TCG };

/* A target once more, under its name with "-b": with another kernel (AB), or quite alike (AA). */
enum twins { TWINS_NONE, TWINS_AB, TWINS_AA };

/* What the command line asks for. Strings are the caller's. */
struct plan_options {
    const char *datadir;
    const char *scenarios; /* comma-separated names, or "all": all but the hidden ones */
    const char *targets;   /* comma-separated, as target_read() takes them, or "all": all with
                              `in_all` */
    struct images images;  /* of the targets that bring none */
    const char *drivers;   /* comma-separated, each running every VM target; NULL: their own */
    const char *payload;   /* the user's program, in place of the scenario's; NULL: none */
    const char *args;      /* its arguments, space-separated; NULL: none */
    const char *ready;     /* when it counts as started (ready.h); NULL: "marker" */
    unsigned vms;          /* at most so many VMs at once in scenario density; 0: its own */
    const char *url;       /* what scenarios that send requests ask for, a path; NULL: "/" */
    const char *keep_pcap; /* a folder for what was captured, or NULL */
    unsigned repeat;
    double until; /* end before that, once the leading ratios are known to so many percent; 0: no */
    double minutes;  /* with `until`: begin no round after so long; 0: however long it takes */
    unsigned warmup; /* trials per target and scenario before the counted ones, recorded apart */
    uint64_t seed;
    enum profile profile;
    enum twins twins;
    const char *twin_of;   /* AB: which target; NULL: the only one */
    const char *builds[2]; /* AB: the kernel files A (NULL: the target's own) and B */
    const char *noise;     /* the result of an A/A run, or NULL */
    enum accel_choice accel;
    struct machine machine; /* as asked: the run completes its own copy */
    bool trying;            /* what a guest said and sent is wanted, too */
    bool unjudged;          /* how busy the machine is does not matter */
    const char *out;        /* the result file; NULL: none is kept */
    const char *commit;     /* of tare's source; NULL: not known */
    char *const *argv;
    int argc;
};

/* One trial to do. */
struct planned {
    unsigned target;     /* index into plan->targets */
    unsigned scenario;   /* index into plan->scenarios */
    unsigned repetition; /* from 1; 0 is a warm-up */
};

/* A program that a scenario boots, or the user's in its place, with its files. */
struct planned_program {
    struct program about;
    struct payload payload;
    const struct arguments *arguments;
    const struct ready *ready; /* when it counts as started */
};

struct plan {
    struct plan_options options;
    const struct scenario *scenarios[PLAN_NAMES_MAX + 1];
    struct planned_program programs[PLAN_NAMES_MAX + 1][PROGRAMS_MAX];
    unsigned program_counts[PLAN_NAMES_MAX + 1]; /* per scenario */
    unsigned scenario_count;                     /* those asked for */
    unsigned all_count;                          /* and after them the hidden ones */
    struct arguments arguments;                  /* of the user's program */
    struct ready ready;                          /* likewise */
    struct target targets[PLAN_NAMES_MAX];
    unsigned target_count;
    char left_out[512];      /* the targets of "all" whose images are not there, with commas */
    const struct driver *by; /* of options.drivers, whose targets are added */
    int pcap_dir;            /* the folder of options.keep_pcap, open; else 0 */
    struct file plugin;      /* counts halts under --icount; empty otherwise */
    cJSON *noise;            /* fields of the new document, by twins_read_noise(); NULL without */
    struct planned *trials;
    unsigned trial_count;
    unsigned round_size; /* trials of one repetition */
};

/* Whether `text` is a list of CPUs as 0,2-3. */
bool pin_is_list(const char *text);

/* Whether `path` can stand in the first line of a request. -EINVAL; the message tells how it must
 * be. */
int plan_check_path(const char *path, struct error *error);

/* Whether the values of the options are within these limits and go together, without looking at
 * what they name. -EINVAL with the option in the message. */
int plan_check_options(const struct plan_options *options, struct error *error);

/* Read and check everything the options name: scenarios, payloads, targets, kernels, memory. The
 * plan must stay where it is, since it points into itself. Free with plan_free(), also after a
 * failure. 0, or a negative errno with a message that names the option or the file and its field.
 */
int plan_prepare(const struct plan_options *options, struct plan *plan, struct error *error);
void plan_free(struct plan *plan);

/* Whether it matters how busy the machine is: not in virtual time, for scripts alone, or if the
 * user does not want to know. */
bool plan_is_judged(const struct plan *plan);

/* How many seconds a trial is likely to take: what the scenario says, by the kind of target. */
double trial_takes(const struct plan *plan, const struct planned *planned);

/* Append the twins that the options ask for to plan->targets. */
int plan_add_twins(struct plan *plan, struct error *error);

/* Fill plan->trials: repetitions outermost, so that the targets are interleaved; within each the
 * order is shuffled (Fisher-Yates) by GSL's mt19937 seeded with options.seed. */
int plan_order(struct plan *plan, struct error *error);

#endif
