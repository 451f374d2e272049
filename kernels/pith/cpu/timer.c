/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/timer.h"
#include "cpu/apic.h"
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "cpu/kvmclock.h"
#include "vdso/data.h"

#define SECOND 1000000000ll
#define MASKED 0x10000
#define DIVIDE_BY_1 11
#define DIVIDE_BY_128 10

/* QEMU's and KVM's APIC timers count nanoseconds of the VM's clock. */
#define APIC_MAX 0x7fffffffll
#define CALIBRATION_NS 1000000
#define READ_TRIES 5
#define KHZ_MOST 100000000

static const char *given; /* tsc_early_khz= */

void timer_init(const char *khz)
{
    given = khz;
}

/* The hypervisor or the CPU may just tell (leaf 0x40000010, VMware's and QEMU's; 0x15, Intel's). */
static uint64_t told_khz(void)
{
    struct cpuid leaf;
    uint64_t khz;

    if (cpu_features.ecx1 & CPU_HYPERVISOR && cpuid(0x40000000, 0).eax >= 0x40000010)
        return cpuid(0x40000010, 0).eax;
    khz = kvmclock_khz();
    if (khz)
        return khz;
    if (cpuid(0, 0).eax < 0x15)
        return 0;
    leaf = cpuid(0x15, 0);
    return leaf.eax && leaf.ecx ? (uint64_t)leaf.ecx / 1000 * leaf.ebx / leaf.eax : 0;
}

/* The command line's word, if it is a number that can be. */
static uint64_t given_khz(void)
{
    const char *end = given;
    uint64_t khz;

    if (!given)
        return 0;
    if (read_digits(&end, 10, 15, &khz) && !*end && khz && khz < KHZ_MOST)
        return khz;
    print("pith: tsc_early_khz=%s is not a number of kHz: measuring\n", given);
    return 0;
}

/* Both clocks at one time: of a few tries the one that took least, since the host may take the CPU
 * away between the two. */
struct reading {
    uint64_t tsc, took;
    uint32_t apic;
};

static struct reading read_clocks(void)
{
    struct reading best = {.took = UINT64_MAX};

    for (int i = 0; i < READ_TRIES; i++) {
        uint64_t before = read_tsc();
        uint32_t count = *apic(APIC_CURRENT);
        uint64_t took = read_tsc() - before;

        if (took < best.took)
            best = (struct reading){before + took / 2, took, count};
    }
    return best;
}

static uint64_t measure(uint32_t ns)
{
    struct reading first = read_clocks(), last;

    do
        last = read_clocks();
    while (first.apic - last.apic < ns);
    return (last.tsc - first.tsc) * 1000000 / (first.apic - last.apic);
}

static uint64_t measured_khz(void)
{
    *apic(APIC_TIMER) = MASKED;
    *apic(APIC_DIVIDE) = DIVIDE_BY_1;
    *apic(APIC_INITIAL) = APIC_MAX;
    measure(1); /* the first pass through this code is slow under translation */
    return measure(CALIBRATION_NS);
}

static uint8_t cmos(uint8_t index)
{
    out8(0x70, index);
    return in8(0x71);
}

static int decimal(uint8_t value, bool binary)
{
    return binary ? value : (value >> 4) * 10 + (value & 15);
}

/* Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days(int year, int month, int day)
{
    int era;
    unsigned of_era, of_year;

    year -= month <= 2;
    era = year / 400;
    of_era = (unsigned)(year - era * 400);
    of_year = (153 * (unsigned)(month + (month > 2 ? -3 : 9)) + 2) / 5 + (unsigned)day - 1;
    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* s since 1970, or 0 and a line on the console where there is no real-time clock: nothing answers,
 * which reads as ones. */
static int64_t read_rtc(void)
{
    bool binary = cmos(11) & 4;
    int second, again, minute, hour, day, month, year;

    do { /* a reading during an update is torn */
        second = decimal(cmos(0), binary);
        minute = decimal(cmos(2), binary);
        hour = decimal(cmos(4), binary);
        day = decimal(cmos(7), binary);
        month = decimal(cmos(8), binary);
        year = decimal(cmos(9), binary) + 2000;
        again = decimal(cmos(0), binary);
    } while (second != again);
    if (second > 60 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12 ||
        year > 2099) {
        print("pith: no real-time clock: the date is 1970-01-01\n");
        return 0;
    }
    return days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

static void start(void)
{
    uint64_t khz;

    apic_enable();
    khz = given_khz();
    if (!khz)
        khz = told_khz();
    if (!khz)
        khz = measured_khz();
    vdso_page.tsc_start = read_tsc();
    vdso_page.tsc_scale = (1000000ull << 32) / khz;
}

int64_t timer_now(void)
{
    if (!vdso_page.tsc_scale)
        start();
    return (int64_t)((unsigned __int128)(read_tsc() - vdso_page.tsc_start) * vdso_page.tsc_scale >>
                     32);
}

int64_t timer_boot_time(void)
{
    int64_t date, now;

    if (vdso_page.boot_time)
        return vdso_page.boot_time;
    date = kvmclock_date();
    if (!date)
        date = read_rtc() * SECOND;
    now = timer_now();
    vdso_page.boot_time = date > now ? date - now : 1;
    return vdso_page.boot_time;
}

void timer_arm(int64_t at)
{
    int64_t left = at - timer_now();
    bool far = left > APIC_MAX;

    if (far)
        left = left / 128 < APIC_MAX ? left / 128 : APIC_MAX;
    *apic(APIC_TIMER) = VECTOR_TIMER;
    *apic(APIC_DIVIDE) = far ? DIVIDE_BY_128 : DIVIDE_BY_1;
    /* What is too far away for the register rings too early, and is then armed for the rest. */
    *apic(APIC_INITIAL) = (uint32_t)(left < 1 ? 1 : left);
}

int64_t timer_ns(uint64_t ticks)
{
    timer_now();
    return (int64_t)((unsigned __int128)ticks * vdso_page.tsc_scale >> 32);
}
