/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "cpu/layout.h"

static const char *const names[32] = {
    [0] = "divide error",         [1] = "debug exception",
    [3] = "breakpoint",           [4] = "overflow",
    [5] = "bound range exceeded", [6] = "invalid instruction",
    [7] = "device not available", [8] = "double fault",
    [12] = "stack fault",         [13] = "general protection fault",
    [14] = "page fault",          [16] = "x87 exception",
    [17] = "alignment check",     [19] = "SIMD exception",
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

void trap_report(const struct trap_frame *frame, uint64_t address, unsigned status)
{
    bool in_kernel = !from_program(frame);
    const char *name = frame->vector < 32 ? names[frame->vector] : NULL;

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
    machine_end(status);
}
