/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/kvmclock.h"
#include "cpu/cpu.h"
#include "cpu/layout.h"

#define HYPERVISORS                                                                                \
    0x40000000 /* CPUID leaves; KVM's are the second where it plays Hyper-V as well */
#define NEXT_HYPERVISOR 0x100
#define FEATURE_CLOCK (1u << 0)
#define FEATURE_CLOCK_2 (1u << 3)
#define MSR_CLOCK 0x11 /* of the wall clock; behind it that of the system time */
#define MSR_CLOCK_2 0x4b564d00
#define ENABLE 1

/* KVM writes both, at physical addresses. `version` is odd while it does. */
static volatile struct {
    uint32_t version, seconds, nanoseconds;
} wall __attribute__((aligned(16))); /* when the VM began */

static volatile struct {
    uint32_t version, padding;
    uint64_t tsc, ns; /* at one moment, since the VM began */
    uint32_t multiplier;
    int8_t shift;
    uint8_t flags, padding2[2];
} ticking __attribute__((aligned(32)));

static uint32_t find_clock(void)
{
    if (!(cpu_features.ecx1 & CPU_HYPERVISOR))
        return 0;
    for (uint32_t leaf = HYPERVISORS; leaf <= HYPERVISORS + NEXT_HYPERVISOR;
         leaf += NEXT_HYPERVISOR) {
        struct cpuid name = cpuid(leaf, 0);
        uint32_t features;

        if (name.ebx != 0x4b4d564b || name.ecx != 0x564b4d56 || name.edx != 0x4d) /* KVMKVMKVM */
            continue;
        features = cpuid(leaf + 1, 0).eax;
        return features & FEATURE_CLOCK_2 ? MSR_CLOCK_2 : features & FEATURE_CLOCK ? MSR_CLOCK : 0;
    }
    return 0;
}

/* The MSR of the wall clock, after KVM has begun to write the system time; 0 where there is none.
 */
static uint32_t start(void)
{
    static uint32_t msr;
    static bool looked;

    if (looked)
        return msr;
    looked = true;
    msr = find_clock();
    if (msr)
        write_msr(msr + 1, ((uint64_t)&ticking - KERNEL_BASE) | ENABLE);
    if (!ticking.multiplier)
        msr = 0;
    return msr;
}

uint64_t kvmclock_khz(void)
{
    uint64_t khz;

    if (!start())
        return 0;
    khz = (1000000ull << 32) / ticking.multiplier;
    return ticking.shift < 0 ? khz << -ticking.shift : khz >> ticking.shift;
}

static int64_t since_start(void)
{
    uint32_t version;
    uint64_t ticks, ns;

    do {
        version = ticking.version;
        ticks = read_tsc() - ticking.tsc;
        ticks = ticking.shift < 0 ? ticks >> -ticking.shift : ticks << ticking.shift;
        ns = ticking.ns + (uint64_t)((unsigned __int128)ticks * ticking.multiplier >> 32);
    } while (version & 1 || version != ticking.version);
    return (int64_t)ns;
}

int64_t kvmclock_date(void)
{
    uint32_t msr = start();

    if (!msr)
        return 0;
    write_msr(msr, (uint64_t)&wall - KERNEL_BASE);
    return wall.seconds * 1000000000ll + wall.nanoseconds + since_start();
}
