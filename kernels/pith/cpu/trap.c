/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../memory/copy.h"
#include "../memory/space.h"
#include "console.h"
#include "cpu.h"

#define APIC_EOI_ADDRESS 0xfee000b0

enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11 };

static const struct {
    const char *name;
    int signal; /* what Linux would kill the program with */
} exceptions[32] = {
    [0] = {"divide error", SIGFPE},          [1] = {"debug exception", SIGTRAP},
    [3] = {"breakpoint", SIGTRAP},           [4] = {"overflow", SIGSEGV},
    [5] = {"bound range exceeded", SIGSEGV}, [6] = {"invalid instruction", SIGILL},
    [7] = {"device not available", SIGSEGV}, [8] = {"double fault", SIGSEGV},
    [12] = {"stack fault", SIGBUS},          [13] = {"general protection fault", SIGSEGV},
    [14] = {"page fault", SIGSEGV},          [16] = {"x87 exception", SIGFPE},
    [17] = {"alignment check", SIGBUS},      [19] = {"SIMD exception", SIGFPE},
};

static void print_registers(const struct trap_frame *f)
{
    print("  rip %016lx rsp %016lx flags %016lx\n", f->rip, f->rsp, f->rflags);
    print("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    print("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    print("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    print("  r13 %016lx r14 %016lx r15 %016lx\n", f->r13, f->r14, f->r15);
}

static const char *access_of(uint64_t error)
{
    if (error & PAGE_FAULT_FETCH)
        return "execute";
    return error & PAGE_FAULT_WRITE ? "write" : "read";
}

static _Noreturn void report(const struct trap_frame *frame, uint64_t address)
{
    bool in_kernel = frame->rip > PROGRAM_END;
    const char *name = frame->vector < 32 ? exceptions[frame->vector].name : NULL;
    int signal = frame->vector < 32 ? exceptions[frame->vector].signal : 0;

    print("pith: %s: %s", in_kernel ? "panic in the kernel" : "the program faulted",
          name ? name : "unexpected trap");
    if (frame->vector == VECTOR_PAGE_FAULT)
        print(": cannot %s %p (%s)", access_of(frame->error), (void *)address,
              frame->error & PAGE_FAULT_PRESENT ? "not permitted"
              : address < PAGE                  ? "null pointer"
                                                : "not mapped or not permitted");
    else
        print(" %ld, error %lx", frame->vector, frame->error);
    print("\n");
    print_registers(frame);
    machine_end(in_kernel ? 255 : 128 + (unsigned)(signal ? signal : SIGSEGV));
}

void trap(struct trap_frame *frame)
{
    uint64_t address = read_cr2(), resume;

    if (frame->vector == VECTOR_TIMER) {
        *(volatile uint32_t *)direct(APIC_EOI_ADDRESS) = 0;
        return;
    }
    if (frame->vector == VECTOR_PAGE_FAULT) {
        if (address < PROGRAM_END && space_fault(address, frame->error))
            return;
        resume = copy_fixup(frame->rip);
        if (resume) {
            frame->rip = resume;
            return;
        }
    }
    report(frame, address);
}
