/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/cpu.h"
#include "cpu/tables.h"

#define CODE 8
#define TSS 24

#define GATE_INTERRUPT 0x8e00
#define IST_TRAP 1
#define IST_DOUBLE 2
#define DOUBLE_FAULT 8

#define RFLAGS_ON_ENTRY_CLEARED 0x40700 /* AC, DF, IF, TF: a system call starts with these off */

struct __attribute__((packed)) tss {
    uint32_t reserved;
    uint64_t rsp[3];
    uint64_t reserved2;
    uint64_t ist[7];
    uint64_t reserved3;
    uint16_t reserved4, io_map;
};

struct gate {
    uint64_t low, high;
};

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint64_t base;
};

static struct tss tss = {.io_map = sizeof(struct tss)};
static struct gate idt[VECTORS];
static uint64_t gdt[5] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0};

static void load_tables(const char *stubs)
{
    uint64_t base = (uint64_t)&tss;
    struct table_pointer gdt_pointer = {sizeof gdt - 1, (uint64_t)gdt};
    struct table_pointer idt_pointer = {sizeof idt - 1, (uint64_t)idt};

    tss.ist[IST_TRAP - 1] = (uint64_t)trap_stack_end;
    tss.ist[IST_DOUBLE - 1] = (uint64_t)double_stack_end;
    gdt[3] = (sizeof tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[4] = base >> 32;
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        uint64_t stub = (uint64_t)stubs + VECTOR_STUB * vector;
        uint64_t ist = vector == DOUBLE_FAULT ? IST_DOUBLE : IST_TRAP;

        idt[vector].low = (stub & 0xffff) | CODE << 16 | (GATE_INTERRUPT | ist) << 32 |
                          (stub >> 16 & 0xffff) << 48;
        idt[vector].high = stub >> 32;
    }
    __asm__ volatile("lgdt %0; lidt %1; ltr %w2" : : "m"(gdt_pointer), "m"(idt_pointer), "r"(TSS));
}

static uint32_t vectors_size = 512; /* FXSAVE's */
static uint64_t vectors_mask;

/* Let the program use all the vector state the CPU has (SSE was switched on at entry). */
static void enable_vectors(void)
{
    uint64_t cr4;

    if (!(cpuid(1, 0).ecx & 1u << 26)) /* XSAVE */
        return;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1u << 18)); /* OSXSAVE */
    vectors_mask = cpuid(13, 0).eax & 0xe7;                    /* x87, SSE, AVX, AVX-512 */
    __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)vectors_mask), "d"(0));
    vectors_size = cpuid(13, 0).ebx;
}

void cpu_save_vectors(void *area)
{
    if (vectors_mask)
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void cpu_restore_vectors(const void *area)
{
    if (vectors_mask)
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

uint32_t cpu_vectors_size(void)
{
    return vectors_size;
}

uint64_t cpu_vectors_mask(void)
{
    return vectors_mask;
}

/* What makes XRSTOR fault (Intel SDM vol. 1, 13.8): unknown components, the compacted form,
 * reserved header bytes, reserved MXCSR bits. */
bool cpu_check_vectors(void *area)
{
    uint64_t *header = (uint64_t *)((char *)area + 512);
    uint32_t *mxcsr = (uint32_t *)((char *)area + 24);

    *mxcsr &= 0xffff;
    if (!vectors_mask)
        return true;
    for (int i = 1; i < 8; i++)
        if (header[i])
            return false;
    return !(header[0] & ~vectors_mask);
}

/* The 8259s are never used: every device interrupt that pith takes comes by a local or I/O APIC. */
static void mask_legacy_interrupts(void)
{
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

void cpu_init(const char *stubs, const char *syscall)
{
    load_tables(stubs);
    mask_legacy_interrupts();
    enable_vectors();
    write_msr(MSR_STAR, (uint64_t)CODE << 32);
    write_msr(MSR_LSTAR, (uint64_t)syscall);
    write_msr(MSR_FMASK, RFLAGS_ON_ENTRY_CLEARED);
}

uint32_t cpu_hwcap(void)
{
    return cpuid(1, 0).edx;
}

bool cpu_random(uint64_t *value)
{
    bool seed = cpuid(7, 0).ebx & 1u << 18, random = cpuid(1, 0).ecx & 1u << 30, good = false;

    /* Either may be out of entropy for a moment (Intel SDM vol. 1, 7.3.17). */
    for (int tries = 0; tries < 100 && seed && !good; tries++)
        __asm__ volatile("rdseed %0" : "=r"(*value), "=@ccc"(good));
    for (int tries = 0; tries < 100 && random && !good; tries++)
        __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
    return good;
}
