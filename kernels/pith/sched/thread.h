/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads of the one program on the one CPU. The kernel itself is never interrupted: interrupts are
 * on only while the program runs and while the CPU idles, so that no kernel data needs a lock. A
 * thread in the kernel gives up the CPU by waiting; one in the program by the end of its time
 * slice.
 */
#ifndef PITH_THREAD_H
#define PITH_THREAD_H

#include "cpu/cpu.h"
#include "lib/list.h"
#include "sched/alarm.h"

#define FOREVER INT64_MAX

struct signals { /* of a thread, or of the whole process */
    uint64_t pending;
    struct list queue; /* struct queued_signal */
};

struct alternate_stack {
    uint64_t base;
    int32_t flags, padding;
    uint64_t size;
};

/* I/O ports; threads that were made by one another share them until one asks for others. */
struct ports {
    unsigned threads;
    unsigned level; /* 3: all ports, whatever is refused */
    uint64_t refused[PORTS / 64];
};

struct thread {
    uint64_t stack_end;     /* of its kernel stack */
    uint64_t stack_pointer; /* while it does not run */
    int tid;
    struct list all;    /* of all threads */
    struct list link;   /* of the run queue, or of what it waits for */
    bool runnable;      /* on the run queue, or running */
    bool interruptible; /* waiting, and a signal ends the wait */
    long outcome;       /* what its wait returns */
    struct alarm timeout;
    uint64_t fs, gs;
    struct ports *ports; /* NULL: as at the start */
    uint64_t clear_tid, robust_list;
    uint64_t futex; /* the address it waits on, and for which bits */
    uint32_t futex_bits;
    uint64_t ticks; /* of the TSC that it has had the CPU */
    uint64_t blocked, saved_blocked;
    bool restore_blocked; /* sigsuspend and its like: the mask to return to is saved_blocked */
    struct signals signals;
    struct alternate_stack alternate;
    struct {
        uint64_t vector, error, address;
    } fault;                  /* its last one, which every signal's frame tells */
    struct trap_frame *frame; /* the program's registers, while it is in the kernel */
    char name[16];
    char vectors[] __attribute__((aligned(64))); /* XSAVE area */
};

extern struct signals process_signals;
extern struct thread *current;
extern struct list threads;
extern bool work_pending; /* something to do before the program goes on: see linux/signal.h */

/* Whether a signal waits for it that it has not blocked. */
static inline bool thread_signalled(const struct thread *thread)
{
    return (thread->signals.pending | process_signals.pending) & ~thread->blocked;
}

/* Make the running boot code the first thread; its kernel stack begins empty. When there is no
 * thread to run, `idle` looks whether there is anything else to do, and says whether there was;
 * else the CPU halts. */
void threads_init(bool (*idle)(void));

/* A new thread that begins with `frame`, its vector state a copy of the current one's. NULL when
 * there is no memory. It is not yet runnable: see thread_wake(). */
struct thread *thread_create(const struct trap_frame *frame);

/* current->ports has changed, or what is in it. */
void thread_use_ports(void);

/* End the current thread. Its block is freed by whoever runs next. */
_Noreturn void thread_exit(void);

struct thread *thread_find(int tid);
unsigned thread_count(void);

/* Give up the CPU until thread_wake(), the time `deadline`, or, where `interruptible`, a signal.
 * The thread's `link` may be in a queue of the caller's, who wakes it; it is in none afterwards.
 * 0, -ETIMEDOUT, -ERESTARTSYS. */
long thread_wait(int64_t deadline, bool interruptible);
void thread_wake(struct thread *thread);

/* End its wait with -ERESTARTSYS if it is an interruptible one: it has a signal to look at. */
void thread_interrupt(struct thread *thread);

/* After an interrupt that may have woken somebody: who waited until now goes before who computes.
 */
void threads_preempt(void);

/* Let the others run first. */
void thread_yield(void);

/* Queues of waiting threads. queue_wait() is thread_wait() in a queue; queue_wake() wakes the first
 * `count` and says how many there were. */
long queue_wait(struct list *queue, int64_t deadline);
unsigned queue_wake(struct list *queue, unsigned count);

/* CPU time in ns, up to now: of one thread, and of all there ever were. */
int64_t thread_time(const struct thread *thread);
int64_t process_time(void);

#endif
