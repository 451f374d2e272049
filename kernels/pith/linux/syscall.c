/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "syscall.h"
#include "../cpu/console.h"
#include "errno.h"
#include "signal.h"

#define CALLS 512

typedef long call_type(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);

/* The calls take what they need of six arguments, which the System V ABI passes in registers, so
 * that the rest does no harm. By way of void (*)(void), or the compiler would warn. */
#define CALL(function) (call_type *)(void (*)(void))(function)

/* By number, as in Linux's arch/x86/entry/syscalls/syscall_64.tbl. */
static call_type *const table[CALLS] = {
    [0] = CALL(sys_read),
    [1] = CALL(sys_write),
    [2] = CALL(sys_open),
    [3] = CALL(sys_close),
    [4] = CALL(sys_stat),
    [5] = CALL(sys_fstat),
    [6] = CALL(sys_lstat),
    [7] = CALL(sys_poll),
    [8] = CALL(sys_lseek),
    [9] = CALL(sys_mmap),
    [10] = CALL(sys_mprotect),
    [11] = CALL(sys_munmap),
    [12] = CALL(sys_brk),
    [13] = CALL(sys_rt_sigaction),
    [14] = CALL(sys_rt_sigprocmask),
    [15] = CALL(sys_rt_sigreturn),
    [16] = CALL(sys_ioctl),
    [17] = CALL(sys_pread64),
    [18] = CALL(sys_pwrite64),
    [19] = CALL(sys_readv),
    [20] = CALL(sys_writev),
    [21] = CALL(sys_access),
    [22] = CALL(sys_pipe),
    [23] = CALL(sys_select),
    [24] = CALL(sys_sched_yield),
    [25] = CALL(sys_mremap),
    [26] = CALL(sys_msync),
    [27] = CALL(sys_mincore),
    [28] = CALL(sys_madvise),
    [32] = CALL(sys_dup),
    [33] = CALL(sys_dup2),
    [34] = CALL(sys_pause),
    [35] = CALL(sys_nanosleep),
    [36] = CALL(sys_getitimer),
    [37] = CALL(sys_alarm),
    [38] = CALL(sys_setitimer),
    [39] = CALL(sys_getpid),
    [40] = CALL(sys_sendfile),
    [41] = CALL(sys_socket),
    [42] = CALL(sys_connect),
    [43] = CALL(sys_accept),
    [44] = CALL(sys_sendto),
    [45] = CALL(sys_recvfrom),
    [46] = CALL(sys_sendmsg),
    [47] = CALL(sys_recvmsg),
    [48] = CALL(sys_shutdown),
    [49] = CALL(sys_bind),
    [50] = CALL(sys_listen),
    [51] = CALL(sys_getsockname),
    [52] = CALL(sys_getpeername),
    [53] = CALL(sys_socketpair),
    [54] = CALL(sys_setsockopt),
    [55] = CALL(sys_getsockopt),
    [56] = CALL(sys_clone),
    [57] = CALL(sys_no_processes), /* fork */
    [58] = CALL(sys_no_processes), /* vfork */
    [59] = CALL(sys_no_processes), /* execve */
    [60] = CALL(sys_exit),
    [61] = CALL(sys_wait4),
    [62] = CALL(sys_kill),
    [63] = CALL(sys_uname),
    [72] = CALL(sys_fcntl),
    [73] = CALL(sys_flock),
    [74] = CALL(sys_fsync),
    [75] = CALL(sys_fsync), /* fdatasync */
    [76] = CALL(sys_truncate),
    [77] = CALL(sys_ftruncate),
    [79] = CALL(sys_getcwd),
    [80] = CALL(sys_chdir),
    [81] = CALL(sys_fchdir),
    [82] = CALL(sys_rename),
    [83] = CALL(sys_mkdir),
    [84] = CALL(sys_rmdir),
    [85] = CALL(sys_creat),
    [86] = CALL(sys_link),
    [87] = CALL(sys_unlink),
    [88] = CALL(sys_symlink),
    [89] = CALL(sys_readlink),
    [90] = CALL(sys_chmod),
    [91] = CALL(sys_fchmod),
    [92] = CALL(sys_chown),
    [93] = CALL(sys_fchown),
    [94] = CALL(sys_lchown),
    [95] = CALL(sys_umask),
    [96] = CALL(sys_gettimeofday),
    [97] = CALL(sys_getrlimit),
    [98] = CALL(sys_getrusage),
    [99] = CALL(sys_sysinfo),
    [100] = CALL(sys_times),
    [102] = CALL(sys_zero),   /* getuid */
    [104] = CALL(sys_zero),   /* getgid */
    [105] = CALL(sys_zero),   /* setuid */
    [106] = CALL(sys_zero),   /* setgid */
    [107] = CALL(sys_zero),   /* geteuid */
    [108] = CALL(sys_zero),   /* getegid */
    [109] = CALL(sys_zero),   /* setpgid */
    [110] = CALL(sys_zero),   /* getppid */
    [111] = CALL(sys_getpid), /* getpgrp */
    [112] = CALL(sys_getpid), /* setsid */
    [113] = CALL(sys_zero),   /* setreuid */
    [114] = CALL(sys_zero),   /* setregid */
    [115] = CALL(sys_getgroups),
    [116] = CALL(sys_zero), /* setgroups */
    [117] = CALL(sys_zero), /* setresuid */
    [118] = CALL(sys_getresuid),
    [119] = CALL(sys_zero),      /* setresgid */
    [120] = CALL(sys_getresuid), /* getresgid */
    [121] = CALL(sys_getpgid),
    [124] = CALL(sys_getpgid), /* getsid */
    [127] = CALL(sys_rt_sigpending),
    [128] = CALL(sys_rt_sigtimedwait),
    [129] = CALL(sys_rt_sigqueueinfo),
    [130] = CALL(sys_rt_sigsuspend),
    [131] = CALL(sys_sigaltstack),
    [137] = CALL(sys_statfs),
    [138] = CALL(sys_fstatfs),
    [140] = CALL(sys_zero),           /* getpriority */
    [141] = CALL(sys_zero),           /* setpriority */
    [142] = CALL(sys_sched_getparam), /* sched_setparam */
    [143] = CALL(sys_sched_getparam),
    [144] = CALL(sys_sched_getscheduler), /* sched_setscheduler */
    [145] = CALL(sys_sched_getscheduler),
    [149] = CALL(sys_mlock),
    [150] = CALL(sys_mlock), /* munlock */
    [151] = CALL(sys_zero),  /* mlockall */
    [152] = CALL(sys_zero),  /* munlockall */
    [157] = CALL(sys_prctl),
    [158] = CALL(sys_arch_prctl),
    [160] = CALL(sys_setrlimit),
    [162] = CALL(sys_zero), /* sync */
    [172] = CALL(sys_iopl),
    [173] = CALL(sys_ioperm),
    [186] = CALL(sys_gettid),
    [200] = CALL(sys_tkill),
    [201] = CALL(sys_time),
    [202] = CALL(sys_futex),
    [203] = CALL(sys_sched_setaffinity),
    [204] = CALL(sys_sched_getaffinity),
    [213] = CALL(sys_epoll_create),
    [217] = CALL(sys_getdents64),
    [218] = CALL(sys_set_tid_address),
    [221] = CALL(sys_zero), /* fadvise64 */
    [222] = CALL(sys_timer_create),
    [223] = CALL(sys_timer_settime),
    [224] = CALL(sys_timer_gettime),
    [225] = CALL(sys_timer_getoverrun),
    [226] = CALL(sys_timer_delete),
    [227] = CALL(sys_clock_settime),
    [228] = CALL(sys_clock_gettime),
    [229] = CALL(sys_clock_getres),
    [230] = CALL(sys_clock_nanosleep),
    [231] = CALL(sys_exit_group),
    [232] = CALL(sys_epoll_wait),
    [233] = CALL(sys_epoll_ctl),
    [234] = CALL(sys_tgkill),
    [247] = CALL(sys_wait4), /* waitid */
    [257] = CALL(sys_openat),
    [258] = CALL(sys_mkdirat),
    [260] = CALL(sys_fchownat),
    [262] = CALL(sys_newfstatat),
    [263] = CALL(sys_unlinkat),
    [264] = CALL(sys_renameat),
    [265] = CALL(sys_linkat),
    [266] = CALL(sys_symlinkat),
    [267] = CALL(sys_readlinkat),
    [268] = CALL(sys_fchmodat),
    [269] = CALL(sys_faccessat),
    [270] = CALL(sys_pselect6),
    [271] = CALL(sys_ppoll),
    [273] = CALL(sys_set_robust_list),
    [274] = CALL(sys_get_robust_list),
    [277] = CALL(sys_fsync), /* sync_file_range */
    [280] = CALL(sys_utimensat),
    [281] = CALL(sys_epoll_pwait),
    [283] = CALL(sys_timerfd_create),
    [284] = CALL(sys_eventfd),
    [285] = CALL(sys_fallocate),
    [286] = CALL(sys_timerfd_settime),
    [287] = CALL(sys_timerfd_gettime),
    [288] = CALL(sys_accept4),
    [290] = CALL(sys_eventfd2),
    [291] = CALL(sys_epoll_create1),
    [292] = CALL(sys_dup3),
    [293] = CALL(sys_pipe2),
    [295] = CALL(sys_preadv),
    [296] = CALL(sys_pwritev),
    [297] = CALL(sys_rt_tgsigqueueinfo),
    [299] = CALL(sys_recvmmsg),
    [302] = CALL(sys_prlimit64),
    [306] = CALL(sys_fsync), /* syncfs */
    [307] = CALL(sys_sendmmsg),
    [309] = CALL(sys_getcpu),
    [316] = CALL(sys_renameat2),
    [318] = CALL(sys_getrandom),
    [322] = CALL(sys_no_processes), /* execveat */
    [324] = CALL(sys_membarrier),
    [325] = CALL(sys_mlock), /* mlock2 */
    [332] = CALL(sys_statx),
    [435] = CALL(sys_clone3),
    [436] = CALL(sys_close_range),
    [439] = CALL(sys_faccessat), /* faccessat2 */
};

/* Calls that C libraries probe for and do without: not worth a line. */
static bool is_probe(uint64_t number)
{
    return number == 334 /* rseq */;
}

static long missing(uint64_t number)
{
    static uint64_t told[CALLS / 64];

    if (is_probe(number))
        return -ENOSYS;
    if (number < CALLS) {
        if (told[number / 64] >> number % 64 & 1)
            return -ENOSYS;
        told[number / 64] |= 1ull << number % 64;
    }
    print("pith: system call %ld is not there (ENOSYS); see syscall_64.tbl for its name\n",
          (long)number);
    return -ENOSYS;
}

bool syscall(struct trap_frame *frame)
{
    uint64_t number = frame->rax;
    long result;

    current->frame = frame;
    if (number >= CALLS || !table[number])
        result = missing(number);
    else
        result =
            table[number](frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9);
    frame->rax = (uint64_t)result;
    if (!work_pending && result != -ERESTARTSYS)
        return false;
    return signals_before_return(frame) || frame->vector != VECTOR_SYSCALL;
}
