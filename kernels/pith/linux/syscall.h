/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linux's system calls (x86-64). Every one has the same shape, so that one table by number holds
 * them all: six arguments, and a result that is a negative errno on failure.
 */
#ifndef PITH_SYSCALL_H
#define PITH_SYSCALL_H

#include "../lib/lib.h"

#define SYSCALL(name) long sys_##name(long a, long b, long c, long d, long e, long f)

struct timespec {
    int64_t seconds, nanoseconds;
};

/* files.c */
SYSCALL(read);
SYSCALL(write);
SYSCALL(open);
SYSCALL(close);
SYSCALL(stat);
SYSCALL(fstat);
SYSCALL(lseek);
SYSCALL(ioctl);
SYSCALL(pread64);
SYSCALL(readv);
SYSCALL(writev);
SYSCALL(access);
SYSCALL(dup);
SYSCALL(fcntl);
SYSCALL(getcwd);
SYSCALL(readlink);
SYSCALL(openat);
SYSCALL(newfstatat);
SYSCALL(readlinkat);
SYSCALL(faccessat);
SYSCALL(getrandom);

/* mmap.c */
SYSCALL(mmap);
SYSCALL(mprotect);
SYSCALL(munmap);
SYSCALL(brk);
SYSCALL(madvise);

/* time.c */
SYSCALL(nanosleep);
SYSCALL(gettimeofday);
SYSCALL(time);
SYSCALL(clock_gettime);
SYSCALL(clock_getres);
SYSCALL(clock_nanosleep);

/* misc.c */
SYSCALL(rt_sigaction);
SYSCALL(rt_sigprocmask);
SYSCALL(sched_yield);
SYSCALL(getpid);
SYSCALL(gettid);
SYSCALL(getppid);
SYSCALL(zero);
SYSCALL(exit);
SYSCALL(uname);
SYSCALL(getrlimit);
SYSCALL(sysinfo);
SYSCALL(sigaltstack);
SYSCALL(arch_prctl);
SYSCALL(sched_getaffinity);
SYSCALL(set_tid_address);
SYSCALL(set_robust_list);
SYSCALL(prlimit64);
SYSCALL(no_processes);

/* traps.S calls it for every `syscall`. */
long syscall(long a, long b, long c, long d, long e, long f, long number);

#endif
