/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The threads of a process and of its children: how long they ran and how long they waited for a
 * CPU, by their schedstat (kernel documentation, scheduler/sched-stats). Their files stay open, so
 * that a look costs little.
 */
#ifndef TARE_THREADS_H
#define TARE_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define THREADS_MAX 64

struct thread {
    pid_t id;
    int fd;
    bool vcpu;                /* by its name, it runs a vCPU */
    int64_t ran_ns, delay_ns; /* as last seen */
};

struct thread_times {
    int64_t ran_ns;
    int64_t vcpu_delay_ns; /* of a process without vCPUs all */
    int64_t other_delay_ns;
};

struct threads {
    pid_t pid; /* 0: none */
    struct thread list[THREADS_MAX];
    unsigned count;
    bool have_vcpu;            /* one of them, or of those that ended, ran a vCPU */
    struct thread_times ended; /* of those that ended, as last seen */
};

void threads_of(struct threads *threads, pid_t pid);
void threads_forget(struct threads *threads);

/* Add those that are new. */
void threads_find(struct threads *threads);

struct thread_times threads_read(struct threads *threads);

#endif
