/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exceptions and interrupts: whose they are. */
#include "cpu/apic.h"
#include "cpu/cpu.h"
#include "cpu/layout.h"
#include "linux/ports.h"
#include "linux/signal.h"
#include "memory/copy.h"
#include "memory/space.h"
#include "net/net.h"
#include "sched/thread.h"
#include "virtio/nic.h"

#define VECTOR_DEBUG 1
#define VECTOR_X87 16
#define VECTOR_SSE 19

void trap(struct trap_frame *frame);

/* What Linux sends the program, and whether it tells where the instruction is. */
struct cause {
    int signal, code;
    bool tells;
};

static const struct cause exceptions[32] = {
    [0] = {SIGFPE, FPE_INTDIV, true}, [VECTOR_DEBUG] = {SIGTRAP, TRAP_BRKPT, true},
    [3] = {SIGTRAP, SI_KERNEL},       [6] = {SIGILL, ILL_ILLOPN, true},
    [11] = {SIGBUS, SI_KERNEL},       [12] = {SIGBUS, SI_KERNEL},
    [VECTOR_X87] = {SIGFPE, 0, true}, [17] = {SIGBUS, BUS_ADRALN},
    [VECTOR_SSE] = {SIGFPE, 0, true},
};

static const struct cause page_faults[] = {
    [FAULT_UNMAPPED] = {SIGSEGV, SEGV_MAPERR},
    [FAULT_FORBIDDEN] = {SIGSEGV, SEGV_ACCERR},
    [FAULT_PAST_FILE] = {SIGBUS, BUS_ADRERR},
};

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

/* To the program it is as if all of the kernel's half was there and forbidden: the error code does
 * not tell what is. */
static enum fault page_fault(struct trap_frame *frame, uint64_t address)
{
    if (address < PROGRAM_END)
        return space_fault(address, frame->error);
    frame->error |= PAGE_FAULT_PRESENT;
    return FAULT_UNMAPPED;
}

static int code_of_arithmetic(uint32_t raised)
{
    return raised & 0x01   ? FPE_FLTINV
           : raised & 0x04 ? FPE_FLTDIV
           : raised & 0x08 ? FPE_FLTOVF
           : raised & 0x12 ? FPE_FLTUND
                           : FPE_FLTRES;
}

static void exception(struct trap_frame *frame)
{
    struct cause cause = exceptions[frame->vector];

    if (!cause.signal)
        cause = (struct cause){SIGSEGV, SI_KERNEL, false};
    if (frame->vector == VECTOR_DEBUG && cpu_stepped())
        cause.code = TRAP_TRACE;
    if (cause.signal == SIGFPE && !cause.code)
        cause.code = code_of_arithmetic(cpu_arithmetic_faults(frame->vector == VECTOR_X87));
    signals_fault(frame, cause.signal, cause.code, cause.tells ? frame->rip : 0);
}

/* traps.S calls it for every exception and interrupt. The program's come on the empty stack of its
 * thread, so that whatever a system call may do can be done here; those of the kernel are faults of
 * its copies, and interrupts while the CPU is idle. */
void trap(struct trap_frame *frame)
{
    uint64_t address = read_cr2(), resume;
    enum fault fault = NO_FAULT;

    if (is_interrupt(frame)) {
        interrupt(frame->vector);
        if (!from_program(frame) || !work_pending)
            return;
    } else if (frame->vector == VECTOR_PAGE_FAULT) {
        fault = page_fault(frame, address);
        if (!fault)
            return;
    }
    if (!from_program(frame)) {
        resume = fault ? copy_fixup(frame->rip) : 0;
        if (!resume)
            trap_report(frame, address, 255);
        frame->rip = resume;
        return;
    }
    current->frame = frame;
    if (fault)
        signals_fault(frame, page_faults[fault].signal, page_faults[fault].code, address);
    else if (!is_interrupt(frame) && !ports_pretend(frame))
        exception(frame);
    signals_before_return(frame);
}
