/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Staging: the files of every launch, written from memory into the sandbox. What
 * is booted is therefore what was read, checked and hashed, even when the
 * originals change or lie where the sandbox cannot see.
 */
#ifndef TARE_STAGE_H
#define TARE_STAGE_H

#include "bench/run/run.h"

/* Put kernels, initrds, programs and the plugin into the sandbox's tmpfs, once, and mount disks
 * there, read-only. */
int stage_all(struct run *run, struct error *error);

/* Fill `launch`, in which memory_kib is set, with staged paths for the `program`th program of
 * `planned`, on `machine`, as guest number `instance` of those that run at once. Free with
 * stage_launch_free(). */
int stage_launch(const struct run *run, const struct planned *planned, unsigned program,
                 const struct machine *machine, unsigned instance, struct launch *launch,
                 struct error *error);
void stage_launch_free(struct launch *launch);

#endif
