/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A trial: one (target, scenario, repetition). It boots the scenario's first program, lets the
 * scenario measure, which may boot others, and ends the guest.
 */
#ifndef TARE_TRIAL_H
#define TARE_TRIAL_H

#include <cjson/cJSON.h>

#include "drivers/driver.h"
#include "scenarios/scenario.h"
#include "bench/plan/ready.h"
#include "bench/plan/target.h"
#include "bench/plan/rules.h"
#include "bench/measure/watch.h"

#define METRICS_MAX 32
#define DRIVER_S 30.0 /* what a call into a driver may take, on a host as fast as expected */

struct outcome {
    const struct metric *metric;
    bool expected; /* whether its absence is a failure */
    bool recorded; /* a value */
    double value;
    const char *note; /* static text, or NULL */
    char *failure;    /* in place of a value, why there is none; NULL otherwise */
    char *console;    /* what the guest's console had said when it failed */
    cJSON *kept;      /* an object: more fields of the sample; NULL without */
};

/* How a program ran, the first time it was booted. */
struct boot_report {
    bool booted;
    char *cmdline; /* the kernel's command line; NULL if none */
    char *xml;     /* what the driver described the machine by; NULL if none */
    char *argv;    /* of the guest's process, NUL-separated */
    size_t argv_len;
};

struct trial_report {
    struct outcome outcomes[METRICS_MAX];
    unsigned count;
    struct error error; /* the first failure; empty when there was none */
    struct boot_report boots[PROGRAMS_MAX];
    unsigned bad_markers; /* bytes in the markers' streams that belong to no marker */
};

/* What a trial is made of; all the caller's. */
struct trial_setup {
    const struct scenario *scenario;
    const struct driver *driver;
    void *context; /* the driver's */
    const struct machine *machine;
    const struct ready *ready; /* when the program counts as started */
    const struct rules *rules; /* what its target.json says of its end; NULL: nothing */
    enum profile profile;
    unsigned vms;      /* at most so many at once; 0: the scenario's own number */
    const char *url;   /* the path that requests are for */
    const char *label; /* what tells this trial from the others of the run, for names of files */
    int pcap_dir;      /* where captures are kept; 0: they are not */
    const struct offer *offers; /* of the program that the target brings */
    unsigned offer_count;
    const struct offer *offer; /* the one that the scenario measures; NULL: none of them */
    bool users_program;        /* it stands in for the scenario's */
    bool runs_program;         /* the target does */
    unsigned memory_step_kib;  /* trial_memory_step() */
    bool trying;               /* of a guest that is tried: what it said and sent is kept */
    bool probed;               /* whether any of the programs is asked over the network */
    /* Fill `launch`, in which the guest's memory is set, for `program` as guest number `instance`
     * of those that run at once; what it allocates, launch_free() frees when the guest has ended.
     * `data` is the setup's. */
    int (*launch)(const void *data, unsigned program, unsigned instance, struct launch *launch,
                  struct error *error);
    void (*launch_free)(struct launch *launch);
    const void *data;
};

/* Run one trial. Always fills `report`, which the caller releases with trial_report_free();
 * failures of the guest are in there. Returns 0, -ECANCELED when the user interrupted, or another
 * errno when tare itself failed (the trial then counts for nothing). */
int trial_run(const struct trial_setup *setup, struct trial_report *report);
void trial_report_free(struct trial_report *report);

/* A new file to keep the next capture of this trial in, or -1 where none is kept; a failure is
 * told by `error`. */
int trial_pcap(struct trial *trial, struct error *error);

/* From now on the trial has this many `seconds`, however slow the host is: where their end is no
 * failure. */
void trial_allow_exactly(struct trial *trial, double seconds);

/* Wait until `fd` is readable or at its end, while the guest runs on. 0, or as trial_wait();
 * `what` names the awaited in the message. */
int trial_await(struct trial *trial, int fd, const char *what, struct error *error);

/* What watches the trial; NULL where nothing that is measured could be disturbed. */
struct pulse *trial_pulse(const struct trial *trial);

#endif
