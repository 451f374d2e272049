/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exceptions and interrupts: whose they are. */
#include "cpu/apic.h"
#include "cpu/cpu.h"
#include "cpu/layout.h"
#include "linux/signal.h"
#include "memory/copy.h"
#include "memory/space.h"
#include "net/net.h"
#include "sched/thread.h"
#include "virtio/nic.h"

struct trap_frame *trap(struct trap_frame *frame);
void trap_on_thread(struct trap_frame *frame);

/* What Linux sends the program. */
struct cause {
    int signal, code;
};

static const struct cause exceptions[32] = {
    [0] = {SIGFPE, FPE_INTDIV},
    [1] = {SIGTRAP, TRAP_BRKPT},
    [3] = {SIGTRAP, SI_KERNEL},
    [4] = {SIGSEGV},
    [5] = {SIGSEGV},
    [6] = {SIGILL, ILL_ILLOPN},
    [7] = {SIGSEGV},
    [8] = {SIGSEGV},
    [12] = {SIGBUS, SI_KERNEL},
    [13] = {SIGSEGV, SI_KERNEL},
    [16] = {SIGFPE},
    [17] = {SIGBUS, BUS_ADRALN},
    [19] = {SIGFPE},
};

static const struct cause page_faults[] = {
    [FAULT_UNMAPPED] = {SIGSEGV, SEGV_MAPERR},
    [FAULT_FORBIDDEN] = {SIGSEGV, SEGV_ACCERR},
    [FAULT_PAST_FILE] = {SIGBUS, BUS_ADRERR},
};

static enum fault fault; /* the page fault in hand, from trap() to trap_on_thread() */

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

/* traps.S calls it for every exception and interrupt, on the one trap stack. Returns the frame to
 * go back by: the same, or its copy on the thread's stack, for which trap_on_thread() is called
 * there. */
struct trap_frame *trap(struct trap_frame *frame)
{
    struct trap_frame *copy;
    uint64_t address = read_cr2(), resume;

    if (is_interrupt(frame)) {
        interrupt(frame->vector);
    } else if (frame->vector == VECTOR_PAGE_FAULT) {
        if (address < PROGRAM_END) {
            fault = space_fault(address, frame->error);
            if (!fault)
                return frame;
        } else {
            fault = FAULT_UNMAPPED;
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
        trap_report(frame, address, 255);
    }
    if (is_interrupt(frame) && !work_pending)
        return frame;
    /* A copy to or from the program may fault, which would use this stack again. */
    copy = (struct trap_frame *)cpu_kernel_stack - 1;
    *copy = *frame;
    return copy;
}

void trap_on_thread(struct trap_frame *frame)
{
    uint64_t address = read_cr2();
    struct cause what = page_faults[fault];

    current->frame = frame;
    if (!is_interrupt(frame)) {
        if (frame->vector != VECTOR_PAGE_FAULT)
            what = (struct cause){frame->vector < 32 ? exceptions[frame->vector].signal : SIGSEGV,
                                  exceptions[frame->vector & 31].code};
        signals_fault(frame, what.signal ? what.signal : SIGSEGV, what.code,
                      frame->vector == VECTOR_PAGE_FAULT ? address
                      : what.signal == SIGSEGV           ? 0
                                                         : frame->rip);
    }
    signals_before_return(frame);
}
