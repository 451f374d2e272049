/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The vDSO: time without a system call (vdso(7)). Runs in the program, at whatever address it is
 * mapped. Whatever it does not know it asks the kernel, whose first answer fills the data page.
 */
#include "vdso/data.h"

#define SECOND 1000000000ull

struct timespec {
    int64_t seconds, nanoseconds;
};

extern const volatile struct vdso_data vdso_data __attribute__((visibility("hidden")));

int __vdso_clock_gettime(int clock, struct timespec *out);
int __vdso_gettimeofday(int64_t *out, int *zone);
int __vdso_clock_getres(int clock, struct timespec *out);
int64_t __vdso_time(int64_t *out);
int __vdso_getcpu(unsigned *cpu, unsigned *node);

static long call(long number, long a, void *b)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}

static uint64_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)((unsigned __int128)(((uint64_t)high << 32 | low) - vdso_data.tsc_start) *
                          vdso_data.tsc_scale >>
                      32);
}

int __vdso_clock_gettime(int clock, struct timespec *out)
{
    /* REALTIME, MONOTONIC, MONOTONIC_RAW, both COARSE, BOOTTIME; the rest is CPU time. */
    const unsigned realtime = 1u << 0 | 1u << 5,
                   known = realtime | 1u << 1 | 1u << 4 | 1u << 6 | 1u << 7;
    uint64_t ns;

    if (clock < 0 || clock > 7 || !(known >> clock & 1) || !vdso_data.tsc_scale ||
        (realtime >> clock & 1 && !vdso_data.boot_time))
        return (int)call(228, clock, out);
    ns = now() + (realtime >> clock & 1 ? (uint64_t)vdso_data.boot_time : 0);
    out->seconds = (int64_t)(ns / SECOND);
    out->nanoseconds = (int64_t)(ns % SECOND);
    return 0;
}

int __vdso_gettimeofday(int64_t *out, int *zone)
{
    uint64_t ns;

    if (zone || !out || !vdso_data.tsc_scale || !vdso_data.boot_time)
        return (int)call(96, (long)out, zone);
    ns = now() + (uint64_t)vdso_data.boot_time;
    out[0] = (int64_t)(ns / SECOND);
    out[1] = (int64_t)(ns % SECOND / 1000);
    return 0;
}

int __vdso_clock_getres(int clock, struct timespec *out)
{
    return (int)call(229, clock, out);
}

int64_t __vdso_time(int64_t *out)
{
    struct timespec time;

    __vdso_clock_gettime(0, &time);
    if (out)
        *out = time.seconds;
    return time.seconds;
}

int __vdso_getcpu(unsigned *cpu, unsigned *node)
{
    if (cpu)
        *cpu = 0;
    if (node)
        *node = 0;
    return 0;
}
