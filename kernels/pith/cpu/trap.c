/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../linux/signal.h"
#include "../memory/copy.h"
#include "../memory/space.h"
#include "../net/net.h"
#include "../sched/thread.h"
#include "../virtio/net.h"
#include "console.h"
#include "apic.h"
#include "cpu.h"

extern uint64_t syscall_kernel_stack; /* traps.S */

static const struct {
    const char *name;
    int signal, code; /* what Linux sends the program */
} exceptions[32] = {
    [0] = {"divide error", SIGFPE, FPE_INTDIV},
    [1] = {"debug exception", SIGTRAP, TRAP_BRKPT},
    [3] = {"breakpoint", SIGTRAP, SI_KERNEL},
    [4] = {"overflow", SIGSEGV},
    [5] = {"bound range exceeded", SIGSEGV},
    [6] = {"invalid instruction", SIGILL, ILL_ILLOPN},
    [7] = {"device not available", SIGSEGV},
    [8] = {"double fault", SIGSEGV},
    [12] = {"stack fault", SIGBUS, SI_KERNEL},
    [13] = {"general protection fault", SIGSEGV, SI_KERNEL},
    [14] = {"page fault", SIGSEGV},
    [16] = {"x87 exception", SIGFPE},
    [17] = {"alignment check", SIGBUS, BUS_ADRALN},
    [19] = {"SIMD exception", SIGFPE},
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

void trap_report(const struct trap_frame *frame, uint64_t address)
{
    bool in_kernel = !is_program(frame->rip);
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

/* What became of a page fault. */
static struct fault fault;

static bool is_interrupt(const struct trap_frame *frame)
{
    return frame->vector >= VECTOR_TIMER && frame->vector != VECTOR_SYSCALL;
}

static void interrupt(uint64_t vector)
{
    if (vector == VECTOR_NET) /* before the APIC's, or a line that is still up interrupts again */
        nic_interrupt();
    apic_acknowledge();
    if (vector == VECTOR_TIMER) {
        alarms_run();
    } else if (vector == VECTOR_NET) {
        net_interrupt();
        threads_preempt();
    }
}

struct trap_frame *trap(struct trap_frame *frame)
{
    struct trap_frame *copy;
    uint64_t address = read_cr2(), resume;

    if (is_interrupt(frame)) {
        interrupt(frame->vector);
    } else if (frame->vector == VECTOR_PAGE_FAULT) {
        if (address < PROGRAM_END) {
            fault = space_fault(address, frame->error);
            if (!fault.signal)
                return frame;
        } else {
            fault = (struct fault){SIGSEGV, SEGV_MAPERR};
        }
        resume = copy_fixup(frame->rip);
        if (resume) {
            frame->rip = resume;
            return frame;
        }
    }
    if (!is_program(frame->rip)) {
        if (is_interrupt(frame)) /* it came while the CPU was idle */
            return frame;
        trap_report(frame, address);
    }
    if (is_interrupt(frame) && !work_pending)
        return frame;
    /* A copy to or from the program may fault, which would use this stack again. */
    copy = (struct trap_frame *)syscall_kernel_stack - 1;
    *copy = *frame;
    return copy;
}

void trap_on_thread(struct trap_frame *frame)
{
    uint64_t address = read_cr2();
    struct fault what = fault;

    current->frame = frame;
    if (!is_interrupt(frame)) {
        if (frame->vector != VECTOR_PAGE_FAULT)
            what = (struct fault){frame->vector < 32 ? exceptions[frame->vector].signal : SIGSEGV,
                                  exceptions[frame->vector & 31].code};
        signals_fault(frame, what.signal ? what.signal : SIGSEGV, what.code,
                      frame->vector == VECTOR_PAGE_FAULT ? address
                      : what.signal == SIGSEGV           ? 0
                                                         : frame->rip);
    }
    signals_before_return(frame);
}
