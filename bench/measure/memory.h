/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What memory a guest's process holds, by the kernel's accounting of its mappings
 * (proc_pid_smaps(5)), and the file that is a VM's memory.
 */
#ifndef TARE_MEMORY_H
#define TARE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "bench/base/error.h"

/* In KiB. */
struct memory_use {
    uint64_t pss, uss; /* of all mappings but TCG's buffer: shares of what is shared; what is not */
    uint64_t tcg;      /* TCG's buffer: QEMU's only anonymous memory to write and to execute. In a
                          plain process that is memory as any other */
    uint64_t ram;      /* resident of the VM's memory; its share is also in pss and uss */
};

/* Add what `smaps` says of a process, QEMU or (`vm` is false) another. 0, or -EINVAL if it is not
 * such a file. */
int memory_parse(FILE *smaps, bool vm, struct memory_use *use);

/* The memory of the guest whose process is `pid`: of QEMU, which has no children, or of all that a
 * plain process's supervisor has started, without itself. -ESRCH when it is gone. */
int memory_of(pid_t pid, struct memory_use *use, struct error *error);

/* By what memory is backed: {"ram": "memfd" or "anonymous", "thp", "thp_shmem": when the kernel
 * takes huge pages, for anonymous memory and for that of files, "ksm": whether it merges equal
 * pages}, as sysfs words them; without what it does not say. */
struct cJSON;
struct cJSON *memory_backing(const struct memory_use *use);

/* The memfd that is the memory of the VM whose QEMU is `pid`, opened, so that what the guest
 * touched can be told when QEMU has ended; -1 if there is none. */
int memory_file(pid_t pid);

/* What the host could still give to programs without swapping, in KiB: MemAvailable; 0 if it does
 * not say. */
uint64_t memory_available(void);

#endif
