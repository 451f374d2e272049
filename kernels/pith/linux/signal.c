/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/signal.h"
#include "cpu/console.h"
#include "cpu/layout.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/process.h"
#include "linux/time.h"
#include "memory/copy.h"
#include "memory/heap.h"

#define PID 1

enum { SIG_DFL, SIG_IGN };
enum { SS_ONSTACK = 1, SS_DISABLE = 2, MINSIGSTKSZ = 2048 };

static struct action actions[SIGNALS + 1];
static uint64_t queued; /* from the heap */

/* By default a signal ends the program, but for these. Stopping is not there: there is no shell
 * that could let the program go on. */
static bool ignored_by_default(int signal)
{
    return SIGNAL_BIT(signal) &
           (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGCONT) |
            SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU));
}

static bool is_ignored(int signal)
{
    return actions[signal].handler == SIG_IGN ||
           (actions[signal].handler == SIG_DFL && ignored_by_default(signal));
}

/* A thread of the process that takes the signal, the eldest first, as on Linux. NULL: all block it.
 */
static struct thread *taker(int signal)
{
    LIST_EACH(link, &threads)
    {
        struct thread *thread = LIST_OF(link, struct thread, all);

        if (!(thread->blocked & SIGNAL_BIT(signal)))
            return thread;
    }
    return NULL;
}

static void put(struct signals *to, struct queued_signal *signal)
{
    list_insert(&to->queue, &signal->link);
    to->pending |= SIGNAL_BIT(signal->info.signal);
}

static long enqueue(struct signals *to, const struct siginfo *info)
{
    struct queued_signal *signal = NULL;
    bool standard = info->signal < SIGRTMIN;

    /* One of the standard signals is pending once or not at all. */
    if (standard && to->pending & SIGNAL_BIT(info->signal))
        return 0;
    if ((standard && info->code >= 0) || queued < resource_limit(RLIMIT_SIGPENDING))
        signal = heap_take(sizeof *signal);
    if (!signal && !standard && info->code != SI_USER)
        return -EAGAIN;
    if (signal) {
        queued++;
        signal->info = *info;
        put(to, signal);
    } else { /* it comes all the same, but without a word of where from */
        to->pending |= SIGNAL_BIT(info->signal);
    }
    return 0;
}

static struct list sigwaiters = LIST(sigwaiters); /* threads in sigtimedwait, and signalfd's */

/* A thread that is to look for the signal, sent to it or to the process: NULL when it is blocked.
 */
static struct thread *looker(struct thread *thread, int signal)
{
    if (!thread)
        return taker(signal);
    return thread->blocked & SIGNAL_BIT(signal) ? NULL : thread;
}

static void announce(struct thread *thread)
{
    if (thread) {
        work_pending = true;
        thread_interrupt(thread);
    }
    queue_wake(&sigwaiters, UINT32_MAX);
}

long signal_send(struct thread *thread, const struct siginfo *info)
{
    struct thread *to = looker(thread, info->signal);
    long status;

    if (to && is_ignored(info->signal))
        return 0;
    status = enqueue(thread ? &thread->signals : &process_signals, info);
    if (status == 0)
        announce(to);
    return status;
}

bool signal_send_own(struct thread *thread, struct queued_signal *signal)
{
    struct thread *to = looker(thread, signal->info.signal);

    if (to && is_ignored(signal->info.signal))
        return false;
    if (!list_empty(&signal->link)) {
        signal->info.timer.overrun++;
        return true;
    }
    signal->info.timer.overrun = 0;
    put(thread ? &thread->signals : &process_signals, signal);
    announce(to);
    return true;
}

void signal_part(struct queued_signal *signal)
{
    struct queued_signal *copy = list_empty(&signal->link) ? NULL : heap_take(sizeof *copy);

    if (copy) {
        queued++;
        copy->info = signal->info;
        list_insert(&signal->link, &copy->link);
    }
    list_remove(&signal->link);
}

static void hand_over(struct queued_signal *signal, struct siginfo *info)
{
    list_remove(&signal->link);
    *info = signal->info;
    if (signal->taken) {
        signal->taken(signal, info);
    } else {
        heap_give(signal, sizeof *signal);
        queued--;
    }
}

/* Take the first of `wanted` out of a queue; false when there is none. */
static bool dequeue(struct signals *from, uint64_t wanted, struct siginfo *info)
{
    uint64_t among = from->pending & wanted;
    struct queued_signal *first = NULL;
    bool more = false;
    int signal;

    if (!among)
        return false;
    signal = __builtin_ctzll(among) + 1;
    LIST_EACH(link, &from->queue)
    {
        struct queued_signal *entry = LIST_OF(link, struct queued_signal, link);

        more = first && entry->info.signal == signal;
        if (more)
            break;
        if (!first && entry->info.signal == signal)
            first = entry;
    }
    if (!more)
        from->pending &= ~SIGNAL_BIT(signal);
    if (first)
        hand_over(first, info);
    else
        *info = (struct siginfo){.signal = signal};
    if (signal == SIGALRM && from == &process_signals)
        timers_alarm_taken();
    return true;
}

static bool take_signal(uint64_t wanted, struct siginfo *info)
{
    return dequeue(&current->signals, wanted, info) || dequeue(&process_signals, wanted, info);
}

static _Noreturn void killed_by(int signal)
{
    print("pith: the program was killed by signal %d\n", signal);
    machine_end(128 + (unsigned)signal);
}

/* After an interrupted call: again, or EINTR. */
static void settle_call(struct trap_frame *frame, bool again)
{
    if (frame->vector != VECTOR_SYSCALL || (long)frame->rax != -ERESTARTSYS)
        return;
    if (again) {
        frame->rax = frame->error; /* the call's number */
        frame->rip -= 2;           /* `syscall` */
    } else {
        frame->rax = (uint64_t)-EINTR;
    }
}

static void deliver(struct trap_frame *frame, const struct siginfo *info);

/* The program's stack is not what it should be: its fault, as an access there would be. */
static void blame(struct trap_frame *frame, const char *why)
{
    struct siginfo info = {.signal = SIGSEGV, .code = SI_KERNEL};

    if (current->blocked & SIGNAL_BIT(SIGSEGV) || actions[SIGSEGV].handler <= SIG_IGN) {
        print("pith: %s\n", why);
        killed_by(SIGSEGV);
    }
    deliver(frame, &info);
}

static void deliver(struct trap_frame *frame, const struct siginfo *info)
{
    struct action action = actions[info->signal];
    uint64_t mask = current->restore_blocked ? current->saved_blocked : current->blocked;

    if (is_ignored(info->signal))
        return;
    if (action.handler == SIG_DFL) {
        if (frame->vector == VECTOR_PAGE_FAULT || (frame->vector < 32 && info->code > 0))
            trap_report(frame, info->fault.address, 128 + (unsigned)info->signal);
        killed_by(info->signal);
    }
    settle_call(frame, action.flags & SA_RESTART);
    if (sigframe_push(frame, &action, info, mask) < 0) {
        current->blocked |= info->signal == SIGSEGV ? SIGNAL_BIT(SIGSEGV) : 0; /* not again */
        blame(frame, "no room on the stack for a signal");
        return;
    }
    current->restore_blocked = false;
    current->blocked |= action.mask & ~UNBLOCKABLE;
    if (!(action.flags & SA_NODEFER))
        current->blocked |= SIGNAL_BIT(info->signal);
    if (action.flags & SA_RESETHAND)
        actions[info->signal].handler = SIG_DFL;
}

bool signals_before_return(struct trap_frame *frame)
{
    bool changed = false;
    struct siginfo info;

    do {
        work_pending = false;
        thread_yield();
        while (take_signal(~current->blocked, &info)) {
            deliver(frame, &info);
            changed = true;
        }
    } while (work_pending && thread_signalled(current));
    if (frame->vector == VECTOR_SYSCALL && (long)frame->rax == -ERESTARTSYS) {
        settle_call(frame, true); /* nothing was delivered after all */
        changed = true;
    }
    if (current->restore_blocked) {
        current->restore_blocked = false;
        current->blocked = current->saved_blocked;
        work_pending |= thread_signalled(current);
    }
    while (!is_canonical(frame->rip)) {
        /* From a handler's address, or a signal's frame. iretq would fault in ring 0: the program
         * is given that fault here. */
        frame->vector = VECTOR_PROTECTION;
        frame->error = 0;
        signals_fault(frame, SIGSEGV, SI_KERNEL, 0);
    }
    return changed;
}

void signals_fault(struct trap_frame *frame, int signal, int code, uint64_t address)
{
    struct siginfo info = {.signal = signal, .code = code, .fault.address = address};

    current->fault.vector = frame->vector;
    current->fault.error = frame->error;
    if (frame->vector == VECTOR_PAGE_FAULT)
        current->fault.address = address;
    /* A fault in the handler of that fault would go on for ever. */
    if (current->blocked & SIGNAL_BIT(signal) || actions[signal].handler <= SIG_IGN)
        trap_report(frame, address, 128 + (unsigned)signal);
    deliver(frame, &info);
}

long signals_mask_for_wait(uint64_t mask, uint64_t size)
{
    uint64_t set;

    if (!mask)
        return 0;
    if (size != sizeof set)
        return -EINVAL;
    if (copy_from(&set, mask, sizeof set) < 0)
        return -EFAULT;
    current->saved_blocked = current->blocked;
    current->restore_blocked = true;
    current->blocked = set & ~UNBLOCKABLE;
    return 0;
}

void signals_after_wait(long result)
{
    if (!current->restore_blocked)
        return;
    if (result == -EINTR || result == -ERESTARTSYS) {
        work_pending = true; /* the handler runs under the wait's mask, then the old one returns */
        return;
    }
    current->restore_blocked = false;
    current->blocked = current->saved_blocked;
}

long sys_rt_sigreturn(void)
{
    uint64_t mask = 0;

    if (sigframe_pop(current->frame, &mask) == 0)
        current->blocked = mask & ~UNBLOCKABLE;
    else
        blame(current->frame, "rt_sigreturn: the signal's frame was damaged");
    current->frame->vector = VECTOR_TIMER; /* its result is not this call's */
    work_pending = true;
    return (long)current->frame->rax;
}

long sys_rt_sigaction(int signal, uint64_t new, uint64_t old, uint64_t size)
{
    struct action action;

    if (size != 8 || signal < 1 || signal > SIGNALS)
        return -EINVAL;
    if (new &&SIGNAL_BIT(signal) & UNBLOCKABLE)
        return -EINVAL;
    if (new &&copy_from(&action, new, sizeof action) < 0)
        return -EFAULT;
    if (old && copy_to(old, &actions[signal], sizeof actions[signal]) < 0)
        return -EFAULT;
    if (new)
        actions[signal] = action;
    return 0;
}

long sys_rt_sigprocmask(int how, uint64_t new, uint64_t old, uint64_t size)
{
    uint64_t set = 0, before = current->blocked;

    if (size != 8)
        return -EINVAL;
    if (new) {
        if (copy_from(&set, new, sizeof set) < 0)
            return -EFAULT;
        if (how < 0 || how > 2)
            return -EINVAL;
        set = how == 0 ? before | set : how == 1 ? before & ~set : set;
        current->blocked = set & ~UNBLOCKABLE;
        work_pending |= thread_signalled(current);
    }
    return old ? copy_to(old, &before, sizeof before) : 0;
}

long sys_rt_sigpending(uint64_t out, uint64_t size)
{
    uint64_t set = (current->signals.pending | process_signals.pending) & current->blocked;

    return size > sizeof set ? -EINVAL : copy_to(out, &set, size);
}

long sys_rt_sigsuspend(uint64_t mask, uint64_t size)
{
    long status = mask ? signals_mask_for_wait(mask, size) : -EFAULT;

    if (status < 0)
        return status;
    while (thread_wait(FOREVER, true) != -ERESTARTSYS)
        ;
    signals_after_wait(-EINTR);
    return -EINTR;
}

long sys_pause(void)
{
    while (thread_wait(FOREVER, true) != -ERESTARTSYS)
        ;
    return -EINTR;
}

long sys_rt_sigtimedwait(uint64_t set, uint64_t out, uint64_t timeout, uint64_t size)
{
    int64_t deadline = FOREVER, ns;
    struct siginfo info;
    uint64_t wanted;

    if (size != 8)
        return -EINVAL;
    if (copy_from(&wanted, set, sizeof wanted) < 0)
        return -EFAULT;
    if (timeout) {
        long status = time_from(timeout, &ns);

        if (status < 0)
            return status;
        deadline = time_after(ns);
    }
    wanted &= ~UNBLOCKABLE;
    while (!take_signal(wanted, &info)) {
        long status = queue_wait(&sigwaiters, deadline);

        if (take_signal(wanted, &info)) /* it may be what ended the wait */
            break;
        if (status < 0)
            return status == -ETIMEDOUT ? -EAGAIN : -EINTR;
    }
    if (out && copy_to(out, &info, sizeof info) < 0)
        return -EFAULT;
    return info.signal;
}

static long send_checked(struct thread *thread, int signal, int code)
{
    struct siginfo info = {.signal = signal, .code = code, .sender.pid = PID};

    if (signal < 0 || signal > SIGNALS)
        return -EINVAL;
    return signal ? signal_send(thread, &info) : 0;
}

long sys_kill(int pid, int signal)
{
    if (signal < 0 || signal > SIGNALS)
        return -EINVAL;
    if (pid != PID && pid != 0 && pid != -PID && pid != -1)
        return -ESRCH;
    return send_checked(NULL, signal, SI_USER);
}

long sys_tgkill(int group, int tid, int signal)
{
    struct thread *thread = thread_find(tid);

    if (group <= 0 || tid <= 0)
        return -EINVAL;
    if (group != PID || !thread)
        return -ESRCH;
    return send_checked(thread, signal, SI_TKILL);
}

long sys_tkill(int tid, int signal)
{
    return sys_tgkill(PID, tid, signal);
}

static long send_info(struct thread *thread, int signal, uint64_t from)
{
    struct siginfo info;

    if (copy_from(&info, from, sizeof info) < 0)
        return -EFAULT;
    if (signal < 0 || signal > SIGNALS)
        return -EINVAL;
    info.signal = signal;
    return signal ? signal_send(thread, &info) : 0;
}

long sys_rt_sigqueueinfo(int pid, int signal, uint64_t info)
{
    return pid == PID ? send_info(NULL, signal, info) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(int group, int tid, int signal, uint64_t info)
{
    struct thread *thread = thread_find(tid);

    return group == PID && thread ? send_info(thread, signal, info) : -ESRCH;
}

long sys_sigaltstack(uint64_t new, uint64_t old)
{
    struct alternate_stack now = current->alternate, stack;
    uint64_t rsp = current->frame->rsp;
    bool on = now.size && rsp > now.base && rsp - now.base <= now.size;

    if (on)
        now.flags |= SS_ONSTACK;
    if (new) {
        if (copy_from(&stack, new, sizeof stack) < 0)
            return -EFAULT;
        if (on)
            return -EPERM;
        if (stack.flags & 0x7ffffffc || (stack.flags & 3) == 3)
            return -EINVAL;
        if (stack.flags & SS_DISABLE)
            stack = (struct alternate_stack){.flags = SS_DISABLE};
        else if (stack.size < MINSIGSTKSZ)
            return -ENOMEM;
        else
            stack.flags &= ~SS_ONSTACK;
        current->alternate = stack;
    }
    return old ? copy_to(old, &now, sizeof now) : 0;
}

void signals_forget(struct thread *thread)
{
    struct siginfo info;

    while (dequeue(&thread->signals, ~0ull, &info))
        ;
}
