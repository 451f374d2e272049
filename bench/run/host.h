/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host: what it is, and under which conditions a run was measured on it.
 */
#ifndef TARE_HOST_H
#define TARE_HOST_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct host_snapshot {
    double time_s;      /* CLOCK_MONOTONIC */
    double load1;       /* one-minute load average, /proc/loadavg */
    double busy_s;      /* CPU seconds of all programs and of the kernel (bench/base/cpus.h) */
    double steal_s;     /* CPU seconds the hypervisor withheld */
    double throttled_s; /* for how long the quota of our control group held us back */
};

/* Read /proc and /sys below `root` (NULL: the real ones). What cannot be read is 0. */
void host_snapshot(const char *root, struct host_snapshot *snapshot);

/* How the machine was used between two snapshots. */
struct host_use {
    double seconds;
    double other_load; /* CPU seconds of other programs per second: CPUs */
    double steal_percent;
    double throttled_percent;
};

/* `own_cpu_s` of it was ours. */
struct host_use host_use(const struct host_snapshot *before, const struct host_snapshot *after,
                         double own_cpu_s);

/* Watch the machine for HOST_WATCH_S, in which we do nothing. `root` as above. */
#define HOST_WATCH_S 2.0
struct host_use host_watch(const char *root);

/* Whether so little of it was used by others, withheld or held back that nothing was disturbed;
 * whether so much that figures mean nothing: docs/method.md. */
bool host_use_is_quiet(const struct host_use *use);
#define INVALID_PERCENT 10.0 /* withheld, or held back */

/* The facts that do not change: CPU, memory, kernel and how they are set, what holds for this
 * process, and the programs that measure. `root` as above. The caller deletes it. */
cJSON *host_describe(const char *root);

/* The frequency of this machine's TSC in kHz, rounded to 0.1 MHz: measured against
 * CLOCK_MONOTONIC_RAW for 20 ms. */
unsigned host_tsc_khz(void);

#endif
