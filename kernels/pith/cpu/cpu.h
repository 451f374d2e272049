/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processor: registers, tables, the end of the machine. */
#ifndef PITH_CPU_H
#define PITH_CPU_H

#include "lib/lib.h"
#include "scenarios/marker.h"

/* What a trap saved: the interrupted registers, as traps.S pushes them. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

#define VECTOR_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define VECTOR_TIMER 32
#define VECTOR_NET 33
#define VECTOR_SYSCALL UINT64_MAX /* a frame made by a system call; `error` is its number */

/* Whether these are the program's registers, or those of the kernel. */
static inline bool from_program(const struct trap_frame *frame)
{
    return frame->cs & 3;
}

#define PAGE_FAULT_PRESENT 1
#define PAGE_FAULT_WRITE 2
#define PAGE_FAULT_FETCH 16

#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_FMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t in16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t read_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t read_cr2(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid out;

    __asm__ volatile("cpuid"
                     : "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx), "=d"(out.edx)
                     : "a"(leaf), "c"(subleaf));
    return out;
}

/* What CPUID says the CPU has, asked once: in a VM every CPUID ends in the hypervisor. Of leaves 1,
 * 7 and 0x80000001; entry.S fills all but ebx7, and refuses a CPU that lacks what pith cannot do
 * without. */
struct cpu_features {
    uint32_t edx1, ecx1, edx81, ebx7;
};
extern struct cpu_features cpu_features;

#define CPU_XSAVE (1u << 26) /* ecx1 */
#define CPU_RDRAND (1u << 30)
#define CPU_HYPERVISOR (1u << 31)
#define CPU_SMEP (1u << 7) /* ebx7 */
#define CPU_RDSEED (1u << 18)
#define CPU_SMAP (1u << 20)
#define CPU_GIB_PAGES (1u << 26) /* edx81 */

/* GDT, TSS, IDT, SMEP and SMAP; SSE and AVX state for the program. From then on exception and
 * interrupt N enters the N-th of `stubs`, of VECTOR_STUB bytes each, and the program's `syscall`
 * enters `syscall`. */
#define VECTORS 48
#define VECTOR_STUB 16
void cpu_init(const char *stubs, const char *syscall);

/* A random word from RDSEED or RDRAND; false where the CPU has neither. */
bool cpu_random(uint64_t *value);

/* Enter the program: jump to `entry`, with `stack`, and nothing of the kernel's in its registers.
 */
_Noreturn void cpu_enter(uint64_t entry, uint64_t stack);

/* Not to be called: where a stack that has a struct trap_frame on top returns to, so that the CPU
 * goes on with those registers. */
void cpu_return(void);

/* Go on with the stack `next`, after six registers are pushed on this one, where *save then points.
 * `next` is such a one, or has six words, and an address to return to, on top. */
void cpu_switch(uint64_t *save, uint64_t next);

/* The end of the kernel's stack that the next system call or trap of the program's begins with. */
void cpu_use_stack(uint64_t end);

/* The I/O ports that the program may use from now on, a bit each, 1 for those it may not. NULL: as
 * at the start, the marker's and no other. */
#define PORTS 65536
#define FIRST_PORT MARKER_PORT
void cpu_use_ports(const uint64_t *refused);

/* Tell of a fault that nobody handles, and end the machine with `status`. `address` is meant for
 * page faults. */
_Noreturn void trap_report(const struct trap_frame *frame, uint64_t address, unsigned status);

/* The vector state (x87, SSE, AVX), of cpu_vectors_size() bytes at a multiple of 64. Restoring
 * checks nothing: what a program could have changed must go through cpu_check_vectors() before. */
void cpu_save_vectors(void *area);
void cpu_restore_vectors(const void *area);
void cpu_clear_vectors(void); /* as a program begins */
uint32_t cpu_vectors_size(void);
bool cpu_check_vectors(void *area);
void cpu_blank_vectors(void *area); /* what is in it is not to be restored, but saved over */
uint64_t cpu_vectors_mask(void);    /* XCR0; 0 without XSAVE */

/* The exceptions that the vector state says were raised and not masked, bit by bit as in MXCSR. */
uint32_t cpu_arithmetic_faults(bool x87);

/* Whether a debug exception was single-stepping. */
bool cpu_stepped(void);

/* Halt until an interrupt, which is handled before this returns. */
static inline void cpu_idle(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* Report MARKER_END with `status` and end the machine: ACPI power-off where the firmware tells
 * how, else a reset, which ends a VM run with -no-reboot. */
_Noreturn void machine_end(unsigned status);

/* Say why, and end the machine with status 255: pith itself cannot go on. */
_Noreturn void panic(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

#endif
