/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host: what it is, and under which conditions a run was measured on it.
 */
#ifndef TARE_HOST_H
#define TARE_HOST_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct host_snapshot {
    double time_s;  /* CLOCK_MONOTONIC */
    double load1;   /* one-minute load average, /proc/loadavg */
    double busy_s;  /* CPU seconds spent by anything but idling, all CPUs (steal not counted) */
    double steal_s; /* CPU seconds the hypervisor withheld */
};

/* Read /proc/stat and /proc/loadavg below `root` (NULL: the real ones). What cannot be read is
 * 0. */
void host_snapshot(const char *root, struct host_snapshot *snapshot);

/* The facts that do not change: CPU, cores, memory, kernel, microcode, mitigations, governor, QEMU
 * and libvirt versions. `root` as above. The caller deletes it. */
cJSON *host_describe(const char *root);

/* How the machine was used between two snapshots, `own_cpu_s` of it by us:
 * {"before": {"load1"}, "after": {"load1"}, "other_load", "steal_percent"}. other_load is the CPU
 * time of others per second, in CPUs. The caller deletes it. */
cJSON *host_load(const struct host_snapshot *before, const struct host_snapshot *after,
                 double own_cpu_s);

/* What the limits of a quiet and of a valid measurement are; docs/method.md. */
#define QUIET_LOAD 0.3
#define QUIET_STEAL_PERCENT 1.0
#define INVALID_STEAL_PERCENT 10.0

/* The frequency of this machine's TSC in kHz, rounded to 0.1 MHz: measured against
 * CLOCK_MONOTONIC_RAW for 20 ms. */
unsigned host_tsc_khz(void);

bool host_is_quiet(double load1_before, double other_load, double steal_percent);

#endif
