/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/cpu.h"
#include "cpu/tables.h"

#define CODE 8
#define TSS 24
#define PROGRAM_DATA 0x2b /* as on Linux */
#define PROGRAM_CODE 0x33
#define BASE_OF_SYSRET (PROGRAM_DATA - 8) /* data is 8 above it, code 16 */

#define GATE_INTERRUPT 0x8e00ull
#define GATE_FOR_PROGRAM 0x6000ull /* it may use `int` for it */
#define IST_NMI 1ull
#define IST_FATAL 2ull

enum { NMI = 2, BREAKPOINT, OVERFLOW, DOUBLE_FAULT = 8, MACHINE_CHECK = 18 };

/* NT, AC, DF, IF, TF: a system call starts with these off. */
#define RFLAGS_ON_ENTRY_CLEARED 0x44700

#define CR4_OSXSAVE (1ul << 18)
#define CR4_SMEP (1ul << 20)
#define CR4_SMAP (1ul << 21)

/* Of the two bitmaps the CPU takes the one that io_map names. It reads two bytes at a time, so
 * behind one that is whole there must be another, of ones. What lies behind the segment's end is
 * refused. */
struct __attribute__((packed)) tss {
    uint32_t reserved;
    uint64_t rsp[3];
    uint64_t reserved2;
    uint64_t ist[7];
    uint64_t reserved3;
    uint16_t reserved4, io_map;
    uint8_t own_ports[PORTS / 8]; /* of a thread that has its own */
    uint64_t first_ports[4];      /* up to the marker's, the others being refused */
};

struct gate {
    uint64_t low, high;
};

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint64_t base;
};

struct tss cpu_tss __attribute__((aligned(128))); /* so that the CPU's part is on one page */
static struct gate idt[VECTORS];
static uint64_t gdt[7] = {
    [CODE / 8] = 0x00af9b000000ffff,
    [CODE / 8 + 1] = 0x00cf93000000ffff,
    [PROGRAM_DATA / 8] = 0x00cff3000000ffff,
    [PROGRAM_CODE / 8] = 0x00affb000000ffff,
};

static void load_tables(const char *stubs)
{
    uint64_t base = (uint64_t)&cpu_tss;
    struct table_pointer gdt_pointer = {sizeof gdt - 1, (uint64_t)gdt};
    struct table_pointer idt_pointer = {sizeof idt - 1, (uint64_t)idt};

    cpu_tss.ist[IST_NMI - 1] = (uint64_t)nmi_stack_end;
    cpu_tss.ist[IST_FATAL - 1] = (uint64_t)fatal_stack_end;
    for (int i = 0; i < 4; i++)
        cpu_tss.first_ports[i] = ~0ull;
    cpu_tss.first_ports[FIRST_PORT / 64] &= ~(1ull << FIRST_PORT % 64);
    cpu_use_ports(NULL);
    gdt[3] =
        (sizeof cpu_tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[TSS / 8 + 1] = base >> 32;
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        uint64_t stub = (uint64_t)stubs + VECTOR_STUB * vector;

        idt[vector].low =
            (stub & 0xffff) | CODE << 16 | GATE_INTERRUPT << 32 | (stub >> 16 & 0xffff) << 48;
        idt[vector].high = stub >> 32;
    }
    idt[NMI].low |= IST_NMI << 32;
    idt[DOUBLE_FAULT].low |= IST_FATAL << 32;
    idt[MACHINE_CHECK].low |= IST_FATAL << 32;
    idt[BREAKPOINT].low |= GATE_FOR_PROGRAM << 32;
    idt[OVERFLOW].low |= GATE_FOR_PROGRAM << 32;
    __asm__ volatile("lgdt %0; lidt %1; ltr %w2" : : "m"(gdt_pointer), "m"(idt_pointer), "r"(TSS));
}

void cpu_use_stack(uint64_t end)
{
    cpu_tss.rsp[0] = end;
}

void cpu_use_ports(const uint64_t *refused)
{
    if (refused)
        memcpy(cpu_tss.own_ports, refused, sizeof cpu_tss.own_ports);
    cpu_tss.io_map = refused ? offsetof(struct tss, own_ports) : offsetof(struct tss, first_ports);
}

struct cpu_features cpu_features;
static uint32_t vectors_size = 512; /* FXSAVE's */
static uint64_t vectors_mask;

/* The kernel neither runs nor touches the program's pages by mistake, where the CPU can see to
 * that. */
static uint64_t protection_of_program(void)
{
    extern char *const smap_start[], *const smap_end[]; /* pith.ld */
    uint64_t smep = cpu_features.ebx7 & CPU_SMEP ? CR4_SMEP : 0;

    if (cpu_features.ebx7 & CPU_SMAP)
        return smep | CR4_SMAP;
    for (char *const *at = smap_start; at < smap_end; at++)
        memcpy(*at, "\x0f\x1f\x00", 3); /* nop, in the place of stac and clac */
    return smep;
}

/* SMEP, SMAP; and all the vector state that the CPU has (SSE was switched on at entry). */
static void enable_features(void)
{
    bool xsave = cpu_features.ecx1 & CPU_XSAVE;
    uint64_t cr4;

    if (cpuid(0, 0).eax >= 7)
        cpu_features.ebx7 = cpuid(7, 0).ebx;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    cr4 |= protection_of_program() | (xsave ? CR4_OSXSAVE : 0);
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    if (!xsave)
        return;
    vectors_mask = cpuid(13, 0).eax & 0xe7; /* x87, SSE, AVX, AVX-512 */
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

void cpu_clear_vectors(void)
{
    static const struct {
        uint16_t x87_control, rest[11];
        uint32_t mxcsr, zeros[137]; /* XSAVE's header among them: nothing else is taken from here */
    } clear __attribute__((aligned(64))) = {.x87_control = 0x37f, .mxcsr = 0x1f80};

    cpu_restore_vectors(&clear);
}

uint32_t cpu_vectors_size(void)
{
    return vectors_size;
}

uint64_t cpu_vectors_mask(void)
{
    return vectors_mask;
}

void cpu_blank_vectors(void *area)
{
    memset((char *)area + 512, 0,
           64); /* XSAVE's header, of which saving writes the first word only */
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

uint32_t cpu_arithmetic_faults(bool x87)
{
    uint16_t control, status;
    uint32_t both;

    if (x87) {
        __asm__ volatile("fnstcw %0; fnstsw %1" : "=m"(control), "=m"(status));
        return status & ~control & 0x3f;
    }
    __asm__ volatile("stmxcsr %0" : "=m"(both));
    return both & ~(both >> 7) & 0x3f;
}

bool cpu_stepped(void)
{
    uint64_t status;

    __asm__ volatile("mov %%db6, %0" : "=r"(status));
    __asm__ volatile("mov %0, %%db6" : : "r"(0xffff0ff0ul));
    return status & 1u << 14;
}

/* The 8259s are never used: every device interrupt that pith takes comes by a local or I/O APIC. */
static void mask_legacy_interrupts(void)
{
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

/* After reset channel 0 of the 8254 counts on, and QEMU wakes for it 36 times a second, asleep
 * though the guest is. Let it count once more and stop (mode 0). A machine without the device
 * ignores this. */
static void stop_legacy_timer(void)
{
    out8(0x43, 0x30);
    out8(0x40, 1);
    out8(0x40, 0);
}

void cpu_init(const char *stubs, const char *syscall)
{
    load_tables(stubs);
    mask_legacy_interrupts();
    stop_legacy_timer();
    enable_features();
    write_msr(MSR_STAR, (uint64_t)BASE_OF_SYSRET << 48 | (uint64_t)CODE << 32);
    write_msr(MSR_LSTAR, (uint64_t)syscall);
    write_msr(MSR_FMASK, RFLAGS_ON_ENTRY_CLEARED);
}

bool cpu_random(uint64_t *value)
{
    bool seed = cpu_features.ebx7 & CPU_RDSEED, random = cpu_features.ecx1 & CPU_RDRAND;
    bool good = false;

    /* Either may be out of entropy for a moment (Intel SDM vol. 1, 7.3.17). */
    for (int tries = 0; tries < 100 && seed && !good; tries++)
        __asm__ volatile("rdseed %0" : "=r"(*value), "=@ccc"(good));
    for (int tries = 0; tries < 100 && random && !good; tries++)
        __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(good));
    return good;
}
