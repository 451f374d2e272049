/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals: sent to a thread or to the process, delivered on the way back to the program. */
#ifndef PITH_SIGNAL_H
#define PITH_SIGNAL_H

#include "sched/thread.h"

enum {
    SIGHUP = 1,
    SIGINT,
    SIGQUIT,
    SIGILL,
    SIGTRAP,
    SIGABRT,
    SIGBUS,
    SIGFPE,
    SIGKILL,
    SIGUSR1,
    SIGSEGV,
    SIGUSR2,
    SIGPIPE,
    SIGALRM,
    SIGTERM,
    SIGSTKFLT,
    SIGCHLD,
    SIGCONT,
    SIGSTOP,
    SIGTSTP,
    SIGTTIN,
    SIGTTOU,
    SIGURG,
    SIGXCPU,
    SIGXFSZ,
    SIGVTALRM,
    SIGPROF,
    SIGWINCH,
    SIGIO,
    SIGPWR,
    SIGSYS,
    SIGRTMIN,
    SIGNALS = 64
};

enum { SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_TKILL = -6 };
enum { SEGV_MAPERR = 1, SEGV_ACCERR, BUS_ADRALN = 1, BUS_ADRERR, ILL_ILLOPN = 2 };
enum { TRAP_BRKPT = 1, TRAP_TRACE };
enum { FPE_INTDIV = 1, FPE_FLTDIV = 3, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES, FPE_FLTINV };

/* siginfo_t, as Linux lays it out. */
struct siginfo {
    int32_t signal, error, code, padding;
    union {
        struct {
            int32_t pid, uid;
            uint64_t value;
        } sender;
        struct {
            int32_t id, overrun;
            uint64_t value;
        } timer;
        struct {
            uint64_t address;
        } fault;
        char space[112];
    };
};

#define SIGNAL_BIT(signal) (1ull << ((signal)-1))
#define UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/* Drop what waits for a thread that ends. */
void signals_forget(struct thread *thread);

/* Send to `thread`, or to the process when NULL. 0, or -EAGAIN when the queue is full. */
long signal_send(struct thread *thread, const struct siginfo *info);

/* One that waits to be taken. */
struct queued_signal {
    struct list link;
    struct siginfo info;
    /* When it is; it may still change what the program is told. NULL: it came from the heap. */
    void (*taken)(struct queued_signal *signal, struct siginfo *told);
};

/* Send the caller's own, for which there is always room; if it waits still, its overrun grows.
 * False where the signal is ignored. */
bool signal_send_own(struct thread *thread, struct queued_signal *signal);
/* The caller's own ends. If it waits, a copy does so from now on. */
void signal_part(struct queued_signal *signal);

/* The current thread did something wrong: its handler runs, or the machine ends. */
void signals_fault(struct trap_frame *frame, int signal, int code, uint64_t address);

/* On the way back to the program: let others run if it is time, deliver what is pending. Returns
 * whether `frame` was changed beyond its result. */
bool signals_before_return(struct trap_frame *frame);

/* Wait with another mask, which lasts until the handler runs; for sigsuspend, ppoll, pselect,
 * epoll_pwait. `mask` is the program's address or 0, when nothing is done. 0, -EFAULT, -EINVAL. */
long signals_mask_for_wait(uint64_t mask, uint64_t size);
/* After the wait: the old mask back, unless a handler is to run first. */
void signals_after_wait(long result);

/* An action's flags and mask, and frames on the program's stack: sigframe.c. */
struct action {
    uint64_t handler, flags, restorer, mask;
};

enum {
    SA_SIGINFO = 4,
    SA_ONSTACK = 0x08000000,
    SA_RESTART = 0x10000000,
    SA_NODEFER = 0x40000000,
};
#define SA_RESETHAND 0x80000000u

/* The process took SIGALRM: ITIMER_REAL goes on. (timers.c) */
void timers_alarm_taken(void);

/* Make `frame` run the handler. -EFAULT when the stack cannot take the signal's frame. */
long sigframe_push(struct trap_frame *frame, const struct action *action,
                   const struct siginfo *info, uint64_t mask);
/* Undo it from the stack. -EFAULT when what is there cannot be restored. */
long sigframe_pop(struct trap_frame *frame, uint64_t *mask);

#endif
