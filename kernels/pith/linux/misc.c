/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who am I, what is this system: small calls with constant or nearly constant answers. */
#include "../cpu/console.h"
#include "../cpu/cpu.h"
#include "../cpu/timer.h"
#include "../memory/copy.h"
#include "../memory/space.h"
#include "errno.h"
#include "syscall.h"

#define PID 1 /* the program is what init is on Linux */
#define SIGNALS 64
#define RLIM_INFINITY UINT64_MAX

enum { RLIMIT_STACK = 3, RLIMIT_NOFILE = 7, RLIMITS = 16 };
enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

long sys_zero(long a, long b, long c, long d, long e, long f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return 0;
}

long sys_getpid(long a, long b, long c, long d, long e, long f)
{
    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    return PID;
}

long sys_gettid(long a, long b, long c, long d, long e, long f)
{
    return sys_getpid(a, b, c, d, e, f);
}

long sys_getppid(long a, long b, long c, long d, long e, long f)
{
    return sys_zero(a, b, c, d, e, f);
}

long sys_sched_yield(long a, long b, long c, long d, long e, long f)
{
    return sys_zero(a, b, c, d, e, f);
}

long sys_set_tid_address(long a, long b, long c, long d, long e, long f)
{
    return sys_getpid(a, b, c, d, e, f);
}

long sys_set_robust_list(long head, long size, long c, long d, long e, long f)
{
    (void)head, (void)c, (void)d, (void)e, (void)f;
    return size == 24 ? 0 : -EINVAL;
}

long sys_exit(long status, long b, long c, long d, long e, long f)
{
    (void)b, (void)c, (void)d, (void)e, (void)f;
    machine_end((unsigned)status);
}

long sys_no_processes(long a, long b, long c, long d, long e, long f)
{
    static bool told;

    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    if (!told)
        print("pith: one program per VM: fork, clone and exec are not there (ENOSYS)\n");
    told = true;
    return -ENOSYS;
}

long sys_uname(long out, long b, long c, long d, long e, long f)
{
    /* The release is the Linux whose calls are meant: glibc refuses to run on an old one. */
    static const char names[6][65] = {"Linux", "pith", "6.1.0-pith", "#1 pith", "x86_64", "(none)"};

    (void)b, (void)c, (void)d, (void)e, (void)f;
    return copy_to((uint64_t)out, names, sizeof names);
}

long sys_prlimit64(long pid, long resource, long new, long old, long e, long f)
{
    uint64_t limit[2] = {RLIM_INFINITY, RLIM_INFINITY};

    (void)new, (void)e, (void)f;
    if (resource < 0 || resource >= RLIMITS)
        return -EINVAL;
    if (pid != 0 && pid != PID)
        return -ESRCH;
    if (resource == RLIMIT_STACK)
        limit[0] = STACK_SIZE;
    if (resource == RLIMIT_NOFILE)
        limit[0] = limit[1] = 64;
    return old ? copy_to((uint64_t)old, limit, sizeof limit) : 0;
}

long sys_getrlimit(long resource, long out, long c, long d, long e, long f)
{
    (void)c, (void)d;
    return sys_prlimit64(0, resource, 0, out, e, f);
}

long sys_sysinfo(long out, long b, long c, long d, long e, long f)
{
    struct {
        int64_t uptime;
        uint64_t loads[3], total, free, shared, buffers, swap, free_swap;
        uint16_t processes, padding;
        uint64_t high, free_high;
        uint32_t unit;
    } info = {
        .uptime = timer_now() / 1000000000,
        .total = memory.total_pages * PAGE,
        .free = memory.free_pages * PAGE,
        .processes = 1,
        .unit = 1,
    };

    (void)b, (void)c, (void)d, (void)e, (void)f;
    return copy_to((uint64_t)out, &info, sizeof info);
}

long sys_arch_prctl(long code, long address, long c, long d, long e, long f)
{
    uint32_t msr = code == ARCH_SET_FS || code == ARCH_GET_FS ? MSR_FS_BASE : MSR_GS_BASE;
    uint64_t value;

    (void)c, (void)d, (void)e, (void)f;
    switch (code) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
        if (!in_program((uint64_t)address, 0))
            return -EPERM;
        write_msr(msr, (uint64_t)address);
        return 0;
    case ARCH_GET_FS:
    case ARCH_GET_GS:
        value = read_msr(msr);
        return copy_to((uint64_t)address, &value, sizeof value);
    default:
        return -EINVAL;
    }
}

long sys_sched_getaffinity(long pid, long size, long out, long d, long e, long f)
{
    uint64_t one = 1;

    (void)d, (void)e, (void)f;
    if (pid != 0 && pid != PID)
        return -ESRCH;
    if (size < 8)
        return -EINVAL;
    return copy_to((uint64_t)out, &one, sizeof one) < 0 ? -EFAULT : 8;
}

/* Handlers and masks are kept and given back. Nothing sends a signal yet: a fault ends the program,
 * as its default action would. */
struct action {
    uint64_t handler, flags, restorer, mask;
};

static struct action actions[SIGNALS + 1];
static uint64_t mask;

long sys_rt_sigaction(long signal, long new, long old, long size, long e, long f)
{
    struct action action;

    (void)e, (void)f;
    if (size != 8 || signal < 1 || signal > SIGNALS)
        return -EINVAL;
    if (new && (signal == 9 || signal == 19)) /* SIGKILL, SIGSTOP */
        return -EINVAL;
    if (new &&copy_from(&action, (uint64_t) new, sizeof action) < 0)
        return -EFAULT;
    if (old && copy_to((uint64_t)old, &actions[signal], sizeof actions[signal]) < 0)
        return -EFAULT;
    if (new)
        actions[signal] = action;
    return 0;
}

long sys_rt_sigprocmask(long how, long new, long old, long size, long e, long f)
{
    uint64_t set = 0, before = mask;

    (void)e, (void)f;
    if (size != 8)
        return -EINVAL;
    if (new) {
        if (copy_from(&set, (uint64_t) new, sizeof set) < 0)
            return -EFAULT;
        if (how < 0 || how > 2)
            return -EINVAL;
        mask = how == 0 ? mask | set : how == 1 ? mask & ~set : set;
        mask &= ~(1ull << 8 | 1ull << 18);
    }
    return old ? copy_to((uint64_t)old, &before, sizeof before) : 0;
}

long sys_sigaltstack(long new, long old, long c, long d, long e, long f)
{
    static struct {
        uint64_t base;
        int32_t flags, padding;
        uint64_t size;
    } stack = {.flags = 2 /* SS_DISABLE */};

    (void)c, (void)d, (void)e, (void)f;
    if (old && copy_to((uint64_t)old, &stack, sizeof stack) < 0)
        return -EFAULT;
    return new ? copy_from(&stack, (uint64_t) new, sizeof stack) : 0;
}
