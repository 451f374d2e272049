/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much CPU time a guest has used, apart by what it was used for.
 *
 * QEMU's threads are told apart by the names that QEMU gives them under libvirt ("CPU 0/TCG":
 * -name debug-threads=on). A thread's time is the first number of its schedstat, in ns (kernel
 * documentation, scheduler/sched-stats); a process's, which includes threads that have ended, is
 * its CPU clock (clock_getcpuclockid(3)).
 */
#ifndef TARE_CPU_H
#define TARE_CPU_H

#include <stdbool.h>
#include <sys/types.h>

#include "bench/base/error.h"

struct cpu_time {
    double vcpu_s; /* the vCPU threads; of a process that has none, all of it */
    double vmm_s;  /* everything else: what the machine monitor does for the guest */
};

/* Whether a thread of this name runs a vCPU: one of them, or by turns all. */
bool cpu_is_vcpu(const char *name);

/* The CPU time so far of process `pid` and its children; a child that ends meanwhile may count 0.
 * -ESRCH when `pid` is gone. */
int cpu_time(pid_t pid, struct cpu_time *time, struct error *error);

/* The same of a guest whose packets the host's kernel moves: its workers count as vmm_s. -ENOTSUP
 * when they are not found. */
int cpu_time_with_vhost(pid_t pid, struct cpu_time *time, struct error *error);

#endif
