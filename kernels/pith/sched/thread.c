/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sched/thread.h"
#include "cpu/tables.h"
#include "cpu/timer.h"
#include "lib/errno.h"
#include "memory/stacks.h"

#define THREAD_ORDER 2  /* a page of struct thread and vector state, up to 2.7 KB; and a stack */
#define SLICE 4000000ll /* ns */

struct thread *current;
struct list threads = LIST(threads);
struct signals process_signals = {.queue = LIST(process_signals.queue)};
bool work_pending;

static struct list run_queue = LIST(run_queue);
static struct alarm slice;
static bool (*idle)(void);
static struct thread *dead;
static int last_tid;
static unsigned count;
static uint64_t since, process_ticks; /* TSC: accounted up to, and how much */

static void on_timeout(struct alarm *alarm)
{
    struct thread *thread = LIST_OF(alarm, struct thread, timeout);

    thread->outcome = -ETIMEDOUT;
    thread->runnable = true;
    list_remove(&thread->link);
    list_insert(&run_queue, &thread->link);
    work_pending = true; /* who slept until now goes before who computes */
}

static void on_slice_end(struct alarm *alarm)
{
    (void)alarm;
    work_pending = true;
}

static void begin(struct thread *thread, uint64_t stack_end)
{
    memset(thread, 0, sizeof *thread + 576); /* with XSAVE's header, which must be 0 */
    thread->stack_end = stack_end;
    thread->tid = ++last_tid;
    list_init(&thread->link);
    list_init(&thread->signals.queue);
    alarm_init(&thread->timeout, on_timeout);
    thread->alternate.flags = 2; /* SS_DISABLE */
    list_insert(&threads, &thread->all);
    count++;
}

/* The first one has the boot's stack, which the boot leaves when the program begins. */
void threads_init(bool (*when_idle)(void))
{
    idle = when_idle;
    current = pages_take(&memory, 0);
    if (!current)
        panic("no memory for a thread");
    begin(current, (uint64_t)boot_stack_end);
    alarm_init(&slice, on_slice_end);
    current->runnable = true;
    memcpy(current->name, "app", 4);
    cpu_use_stack(current->stack_end);
    since = read_tsc();
}

static struct thread *make(void)
{
    char *pages = pages_take(&memory, THREAD_ORDER);
    uint64_t stack_end = pages ? stack_map(pages + PAGE) : 0;

    if (stack_end)
        begin((struct thread *)pages, stack_end);
    else if (pages)
        pages_give(&memory, pages, THREAD_ORDER);
    return stack_end ? (struct thread *)pages : NULL;
}

/* Not a part of each switch. */
static __attribute__((noinline)) void give_back(struct thread *thread)
{
    if (thread->stack_end == (uint64_t)boot_stack_end) {
        page_give(thread);
    } else {
        stack_unmap(thread->stack_end);
        pages_give(&memory, thread, THREAD_ORDER);
    }
}

/* A thread's first step after a switch: whose stack is no longer in use goes. */
static void bury(void)
{
    if (dead) {
        give_back(dead);
        dead = NULL;
    }
}

struct thread *thread_create(const struct trap_frame *frame)
{
    struct thread *thread = make();
    struct trap_frame *copy;
    uint64_t *saved;

    if (!thread)
        return NULL;
    cpu_save_vectors(thread->vectors);
    memcpy(thread->name, current->name, sizeof thread->name);
    copy = (struct trap_frame *)thread->stack_end - 1;
    *copy = *frame;
    /* What cpu_switch() pops: six registers, and where it returns to; and where that does. */
    saved = (uint64_t *)copy - 8;
    memset(saved, 0, 6 * sizeof *saved);
    saved[6] = (uint64_t)bury;
    saved[7] = (uint64_t)cpu_return;
    thread->stack_pointer = (uint64_t)saved;
    return thread;
}

/* A second runnable thread means time slices; a lone one is never disturbed. */
static void share_the_cpu(void)
{
    if (!list_empty(&run_queue) && !alarm_is_set(&slice))
        alarm_set(&slice, timer_now() + SLICE);
}

void thread_use_ports(void)
{
    static const uint64_t none[PORTS / 64];
    const struct ports *ports = current->ports;

    cpu_use_ports(!ports ? NULL : ports->level == 3 ? none : ports->refused);
}

static void switch_to(struct thread *next)
{
    struct thread *before = current;

    if (next == before)
        return;
    if (before != dead)
        cpu_save_vectors(before->vectors);
    cpu_restore_vectors(next->vectors);
    if (next->fs != before->fs)
        write_msr(MSR_FS_BASE, next->fs);
    if (next->gs != before->gs)
        write_msr(MSR_GS_BASE, next->gs);
    cpu_use_stack(next->stack_end);
    current = next;
    if (next->ports != before->ports)
        thread_use_ports();
    work_pending = thread_signalled(next);
    cpu_switch(&before->stack_pointer, next->stack_pointer);
    bury();
}

static void account(void)
{
    uint64_t now = read_tsc();

    current->ticks += now - since;
    process_ticks += now - since;
    since = now;
}

int64_t thread_time(const struct thread *thread)
{
    account();
    return timer_ns(thread->ticks);
}

int64_t process_time(void)
{
    account();
    return timer_ns(process_ticks);
}

/* Run who is next; idle while there is nobody. */
static void schedule(void)
{
    struct thread *next;

    account();
    while (list_empty(&run_queue))
        if (!idle())
            cpu_idle();
    since = read_tsc();
    next = LIST_OF(run_queue.next, struct thread, link);
    list_remove(&next->link);
    share_the_cpu();
    switch_to(next);
}

void threads_preempt(void)
{
    if (!list_empty(&run_queue))
        work_pending = true;
}

void thread_yield(void)
{
    if (list_empty(&run_queue))
        return;
    list_insert(&run_queue, &current->link);
    schedule();
}

void thread_exit(void)
{
    list_remove(&current->all);
    count--;
    dead = current;
    schedule();
    __builtin_unreachable();
}

long thread_wait(int64_t deadline, bool interruptible)
{
    if (interruptible && thread_signalled(current)) {
        list_remove(&current->link);
        return -ERESTARTSYS;
    }
    if (deadline != FOREVER) {
        if (deadline <= timer_now()) {
            list_remove(&current->link);
            return -ETIMEDOUT;
        }
        alarm_set(&current->timeout, deadline);
    }
    current->runnable = false;
    current->interruptible = interruptible;
    schedule();
    return current->outcome;
}

static void end_wait(struct thread *thread, long outcome, struct list *place)
{
    thread->outcome = outcome;
    thread->runnable = true;
    alarm_clear(&thread->timeout);
    list_remove(&thread->link);
    list_insert(place, &thread->link);
    share_the_cpu();
}

void thread_wake(struct thread *thread)
{
    if (!thread->runnable)
        end_wait(thread, 0, &run_queue);
}

void thread_interrupt(struct thread *thread)
{
    if (!thread->runnable && thread->interruptible)
        end_wait(thread, -ERESTARTSYS, run_queue.next); /* before others would take the signal */
}

long queue_wait(struct list *queue, int64_t deadline)
{
    list_insert(queue, &current->link);
    return thread_wait(deadline, true);
}

unsigned queue_wake(struct list *queue, unsigned limit)
{
    unsigned woken = 0;

    for (; woken < limit && !list_empty(queue); woken++)
        thread_wake(LIST_OF(queue->next, struct thread, link));
    return woken;
}

struct thread *thread_find(int tid)
{
    LIST_EACH(link, &threads)
    {
        struct thread *thread = LIST_OF(link, struct thread, all);

        if (thread->tid == tid)
            return thread;
    }
    return NULL;
}

unsigned thread_count(void)
{
    return count;
}
