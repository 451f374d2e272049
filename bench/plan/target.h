/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Targets: kernel + driver + options, declared by DATADIR/kernels/NAME/target.json.
 * docs/adding-a-kernel.md describes the file for its writers.
 */
#ifndef TARE_TARGET_H
#define TARE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "drivers/driver.h"
#include "bench/base/file.h"

#define EXTRAS_MAX 32 /* files in the initrd beside the payload */

/* How a program reaches a kernel: in the initrd, in the kernel's own file, or not at all. */
enum payload_way { PAYLOAD_INITRD, PAYLOAD_BAKED, PAYLOAD_NONE };

struct target {
    char *name;
    char *twin_of; /* the target that this one is the twin of, or NULL */
    char *summary;
    const struct driver *driver;
    bool runs_program; /* false: it has no part in scenarios that need one, and its markers tell
                          when it has started */
    bool built_in;     /* comes with tare: if KVM refuses it, KVM is broken, not the target */
    bool in_all;       /* part of --target all */
    unsigned baseline_rank; /* ratios are to the target whose rank is lowest; 0: to others if any */
    enum payload_way payload;
    struct file kernel;  /* empty where the driver needs none */
    struct file *extras; /* archives that follow the payload in the initrd */
    size_t extra_count;
    char *cmdline;     /* template: {payload}, {args}, {network}, {tsc_khz}, {rep_good} */
    char *cmdline_tcg; /* goes before cmdline under TCG; empty where there is none */
    char *script;      /* the null driver's, as JSON text */
};

/* Read DATADIR/kernels/NAME/target.json of `name`, NAME or NAME:DRIVER, and the files it names, and
 * check them. The message of a failure names file, field, reason and remedy. Free with
 * target_free(), also after one. */
int target_read(const char *datadir, const char *name, struct target *target, struct error *error);

/* Have `driver` run a VM target in place of the file's driver: it is then called NAME:DRIVER, so
 * that nothing takes its samples for those of the other. target_read() takes such names too. */
int target_run_by(struct target *target, const struct driver *driver, struct error *error);
void target_free(struct target *target);

/* The names of all targets under DATADIR, sorted, NULL-terminated; free each and the array.
 * NULL with `error` filled on failure. */
char **target_names(const char *datadir, struct error *error);

/* Whether guests of `target` can be given the network: where {network} is on the command line, or
 * the guest is a process. */
bool target_has_network(const struct target *target);

/* The command line of `target` for a program and its arguments; machine, accelerator and network
 * are `launch`'s. The caller frees it. */
char *target_cmdline(const struct target *target, const char *program, const char *arguments,
                     const struct launch *launch);

#endif
