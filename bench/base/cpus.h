/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the machine's CPUs did since it was booted. */
#ifndef TARE_CPUS_H
#define TARE_CPUS_H

#include <stdbool.h>
#include <stdint.h>

/* In nanoseconds, summed over all CPUs, in steps of a clock tick. */
struct cpus {
    int64_t busy;   /* of all programs and of the kernel. Interrupts are nobody's: the measured
                       packets cause most of them. But a kernel that does not account them apart
                       (CONFIG_IRQ_TIME_ACCOUNTING), and so sees no hard ones, has soft ones also in
                       the time of the programs that they interrupt, ours included */
    int64_t idle;   /* of nobody, while disks worked or not */
    int64_t stolen; /* withheld by the hypervisor */
};

/* Read the first line of /proc/stat (proc_stat(5)). False, and nothing is written, if `line` is
 * none. */
bool cpus_parse(const char *line, struct cpus *cpus);

#endif
