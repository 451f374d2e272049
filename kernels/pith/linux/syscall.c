/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "syscall.h"
#include "../cpu/console.h"
#include "errno.h"

#define CALLS 512

/* By number, as in Linux's arch/x86/entry/syscalls/syscall_64.tbl. */
static long (*const table[CALLS])(long a, long b, long c, long d, long e, long f) = {
    [0] = sys_read,
    [1] = sys_write,
    [2] = sys_open,
    [3] = sys_close,
    [4] = sys_stat,
    [5] = sys_fstat,
    [6] = sys_stat, /* lstat */
    [8] = sys_lseek,
    [9] = sys_mmap,
    [10] = sys_mprotect,
    [11] = sys_munmap,
    [12] = sys_brk,
    [13] = sys_rt_sigaction,
    [14] = sys_rt_sigprocmask,
    [16] = sys_ioctl,
    [17] = sys_pread64,
    [19] = sys_readv,
    [20] = sys_writev,
    [21] = sys_access,
    [24] = sys_sched_yield,
    [28] = sys_madvise,
    [32] = sys_dup,
    [35] = sys_nanosleep,
    [39] = sys_getpid,
    [56] = sys_no_processes, /* clone */
    [57] = sys_no_processes, /* fork */
    [58] = sys_no_processes, /* vfork */
    [59] = sys_no_processes, /* execve */
    [60] = sys_exit,
    [63] = sys_uname,
    [72] = sys_fcntl,
    [79] = sys_getcwd,
    [89] = sys_readlink,
    [96] = sys_gettimeofday,
    [97] = sys_getrlimit,
    [99] = sys_sysinfo,
    [102] = sys_zero, /* getuid */
    [104] = sys_zero, /* getgid */
    [107] = sys_zero, /* geteuid */
    [108] = sys_zero, /* getegid */
    [110] = sys_getppid,
    [131] = sys_sigaltstack,
    [158] = sys_arch_prctl,
    [186] = sys_gettid,
    [201] = sys_time,
    [204] = sys_sched_getaffinity,
    [218] = sys_set_tid_address,
    [228] = sys_clock_gettime,
    [229] = sys_clock_getres,
    [230] = sys_clock_nanosleep,
    [231] = sys_exit, /* exit_group */
    [257] = sys_openat,
    [262] = sys_newfstatat,
    [267] = sys_readlinkat,
    [269] = sys_faccessat,
    [273] = sys_set_robust_list,
    [302] = sys_prlimit64,
    [318] = sys_getrandom,
    [322] = sys_no_processes, /* execveat */
    [435] = sys_no_processes, /* clone3 */
};

/* Calls that C libraries probe for and do without: not worth a line. */
static bool is_probe(long number)
{
    return number == 334 /* rseq */;
}

static long missing(long number)
{
    static uint64_t told[CALLS / 64];

    if (number >= 0 && number < CALLS && !is_probe(number)) {
        if (told[number / 64] >> number % 64 & 1)
            return -ENOSYS;
        told[number / 64] |= 1ull << number % 64;
    }
    if (!is_probe(number))
        print("pith: system call %ld is not there (ENOSYS); see syscall_64.tbl for its name\n",
              number);
    return -ENOSYS;
}

long syscall(long a, long b, long c, long d, long e, long f, long number)
{
    if (number < 0 || number >= CALLS || !table[number])
        return missing(number);
    return table[number](a, b, c, d, e, f);
}
