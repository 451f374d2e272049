/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is this system, and small calls with constant or nearly constant answers. */
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/fcntl.h"
#include "linux/file.h"
#include "linux/process.h"
#include "memory/copy.h"
#include "memory/space.h"
#include "sched/thread.h"

#define RLIM_INFINITY UINT64_MAX

enum { RLIMIT_STACK = 3, RLIMITS = 16 };

long sys_zero(void)
{
    return 0;
}

long sys_getresuid(uint64_t real, uint64_t effective, uint64_t saved)
{
    uint32_t root = 0;

    return copy_to(real, &root, 4) < 0 || copy_to(effective, &root, 4) < 0 ||
                   copy_to(saved, &root, 4) < 0
               ? -EFAULT
               : 0;
}

/* One group, one session, and nobody else in them. */
long sys_getpgid(int pid)
{
    return pid && pid != 1 ? -ESRCH : 1;
}

long sys_getgroups(int size)
{
    return size < 0 ? -EINVAL : 0;
}

long sys_uname(uint64_t out)
{
    /* The release is the Linux whose calls are meant: glibc refuses to run on an old one. */
    static const char names[6][65] = {"Linux", "pith", "6.1.0-pith", "#1 pith", "x86_64", "(none)"};

    return copy_to(out, names, sizeof names);
}

static uint64_t limits[RLIMITS][2]; /* soft and hard; most are kept, not enforced */

static void set_limits(void)
{
    static bool ready;

    if (ready)
        return;
    ready = true;
    for (int i = 0; i < RLIMITS; i++)
        limits[i][0] = limits[i][1] = RLIM_INFINITY;
    limits[RLIMIT_STACK][0] = STACK_SIZE;
    limits[RLIMIT_NOFILE][0] = FILES_LIMIT;
    limits[RLIMIT_NOFILE][1] = 4096;
    limits[RLIMIT_SIGPENDING][0] = limits[RLIMIT_SIGPENDING][1] = memory.total_pages / 64;
}

uint64_t resource_limit(unsigned resource)
{
    set_limits();
    return limits[resource][0];
}

long sys_prlimit64(int pid, unsigned resource, uint64_t new, uint64_t old)
{
    uint64_t limit[2];

    set_limits();
    if (resource >= RLIMITS)
        return -EINVAL;
    if (pid != 0 && pid != 1)
        return -ESRCH;
    if (new &&copy_from(limit, new, sizeof limit) < 0)
        return -EFAULT;
    if (new &&limit[0] > limit[1])
        return -EINVAL;
    if (new &&resource == RLIMIT_NOFILE && limit[1] > FILES_MAX)
        return -EPERM;
    if (old && copy_to(old, limits[resource], sizeof limit) < 0)
        return -EFAULT;
    if (new)
        memcpy(limits[resource], limit, sizeof limit);
    file_limit = limits[RLIMIT_NOFILE][0];
    return 0;
}

long sys_getrlimit(unsigned resource, uint64_t out)
{
    return sys_prlimit64(0, resource, 0, out);
}

long sys_setrlimit(unsigned resource, uint64_t new)
{
    return sys_prlimit64(0, resource, new, 0);
}

long sys_getrusage(int who, uint64_t out)
{
    int64_t used = who == 1 ? thread_time(current) : process_time();
    int64_t usage[18] = {used / 1000000000, used % 1000000000 / 1000};

    if (who < -1 || who > 1)
        return -EINVAL;
    if (who == -1)
        usage[0] = usage[1] = 0; /* children */
    else
        usage[4] = (int64_t)(memory.total_pages - memory.free_pages) * 4; /* ru_maxrss, KiB */
    return copy_to(out, usage, sizeof usage);
}

long sys_sysinfo(uint64_t out)
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
        .processes = (uint16_t)thread_count(),
        .unit = 1,
    };

    return copy_to(out, &info, sizeof info);
}
