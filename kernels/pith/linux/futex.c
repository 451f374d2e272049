/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Futexes (futex(2); Franke, Russell, Kirkwood: "Fuss, Futexes and Furwocks", OLS 2002). There is
 * one address space, so that private and shared ones are the same: known by their address. */
#include "linux/futex.h"
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/time.h"
#include "memory/copy.h"

#define BUCKETS 64
#define ALL_BITS UINT32_MAX

enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP };
enum { FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET };
enum { FUTEX_PRIVATE = 128, FUTEX_REALTIME = 256 };
enum { OWNER_DIED = 0x40000000, TID_MASK = 0x3fffffff, HAS_WAITERS = 0x80000000 };

static struct list buckets[BUCKETS];

static struct list *bucket(uint64_t address)
{
    struct list *list = &buckets[(address >> 2 ^ address >> 12) % BUCKETS];

    if (!list->next)
        list_init(list);
    return list;
}

static long load(uint64_t address, uint32_t *value)
{
    if (address & 3)
        return -EINVAL;
    return copy_from(value, address, sizeof *value);
}

static unsigned wake(uint64_t address, unsigned limit, uint32_t bits)
{
    unsigned woken = 0;

    LIST_EACH(link, bucket(address))
    {
        struct thread *thread = LIST_OF(link, struct thread, link);

        if (woken == limit)
            break;
        if (thread->futex != address || !(thread->futex_bits & bits))
            continue;
        thread_wake(thread);
        woken++;
    }
    return woken;
}

void futex_wake(uint64_t address)
{
    wake(address, 1, ALL_BITS);
}

static long wait(uint64_t address, uint32_t expected, int64_t deadline, uint32_t bits)
{
    uint32_t value;
    long status = load(address, &value);

    if (status < 0)
        return status;
    if (value != expected)
        return -EAGAIN;
    current->futex = address;
    current->futex_bits = bits;
    status = queue_wait(bucket(address), deadline);
    /* With a time-out the call is not made again: the time would start anew. */
    return status == -ERESTARTSYS && deadline != FOREVER ? -EINTR : status;
}

/* Wake some and let others wait for another address instead, unwoken. How many it were in all.
 * `expected` is what is to be there, or negative. */
static long requeue(uint64_t from, int wakes, uint64_t to, int moves, int64_t expected)
{
    long status = to & 3 ? -EINVAL : in_program(to, 4) ? 0 : -EFAULT, count;
    struct list moved;
    uint32_t value;

    if (wakes < 0 || moves < 0)
        return -EINVAL;
    if (status == 0 && expected >= 0)
        status = load(from, &value);
    if (status < 0)
        return status;
    if (expected >= 0 && value != expected)
        return -EAGAIN;
    count = wake(from, (unsigned)wakes, ALL_BITS);
    list_init(&moved);
    LIST_EACH(link, bucket(from))
    {
        struct thread *thread = LIST_OF(link, struct thread, link);

        if (!moves)
            break;
        if (thread->futex != from)
            continue;
        thread->futex = to;
        list_remove(link);
        list_insert(&moved, link); /* in no bucket, or they would be met again */
        moves--;
        count++;
    }
    while (!list_empty(&moved)) {
        struct list *link = moved.next;

        list_remove(link);
        list_insert(bucket(to), link);
    }
    return count;
}

static int sign_extend(uint32_t value)
{
    return (int)(value << 20) >> 20;
}

/* FUTEX_WAKE_OP: change *second, wake at first, and at second if its old value compares. */
static long wake_op(uint64_t first, unsigned wakes, uint64_t second, unsigned more, uint32_t code)
{
    int argument = sign_extend(code >> 12 & 0xfff), compared = sign_extend(code & 0xfff);
    uint32_t old, new, found;
    bool matches;
    long woken;

    if (code >> 31)
        argument = 1 << (argument & 31);
    if (load(second, &old) < 0)
        return -EFAULT;
    switch (code >> 28 & 7) {
    case 0:
        new = (uint32_t)argument;
        break;
    case 1:
        new = old + (uint32_t)argument;
        break;
    case 2:
        new = old | (uint32_t)argument;
        break;
    case 3:
        new = old & ~(uint32_t)argument;
        break;
    case 4:
        new = old ^ (uint32_t)argument;
        break;
    default:
        return -ENOSYS;
    }
    if (exchange_word((uint32_t *)second, old, new, &found) < 0)
        return -EFAULT;
    switch (code >> 24 & 15) {
    case 0:
        matches = (int)old == compared;
        break;
    case 1:
        matches = (int)old != compared;
        break;
    case 2:
        matches = (int)old < compared;
        break;
    case 3:
        matches = (int)old <= compared;
        break;
    case 4:
        matches = (int)old > compared;
        break;
    case 5:
        matches = (int)old >= compared;
        break;
    default:
        return -ENOSYS;
    }
    woken = wake(first, wakes, ALL_BITS);
    return matches ? woken + wake(second, more, ALL_BITS) : woken;
}

static long deadline_of(uint64_t timeout, bool relative, bool realtime, int64_t *deadline)
{
    int64_t ns;
    long status;

    *deadline = FOREVER;
    if (!timeout)
        return 0;
    status = time_from(timeout, &ns);
    if (status < 0)
        return status;
    if (relative)
        *deadline = time_after(ns);
    else
        *deadline = realtime ? ns - timer_boot_time() : ns;
    return 0;
}

long sys_futex(uint64_t address, int operation, uint32_t value, uint64_t timeout, uint64_t second,
               uint32_t third)
{
    int command = operation & ~(FUTEX_PRIVATE | FUTEX_REALTIME);
    int64_t deadline;
    long status;

    if (address & 3)
        return -EINVAL;
    if (!in_program(address, 4))
        return -EFAULT;
    switch (command) {
    case FUTEX_WAIT:
        third = ALL_BITS; /* fallthrough */
    case FUTEX_WAIT_BITSET:
        if (!third)
            return -EINVAL;
        status = deadline_of(timeout, command == FUTEX_WAIT, operation & FUTEX_REALTIME, &deadline);
        return status < 0 ? status : wait(address, value, deadline, third);
    case FUTEX_WAKE:
        return wake(address, value, ALL_BITS);
    case FUTEX_WAKE_BITSET:
        return third ? (long)wake(address, value, third) : -EINVAL;
    case FUTEX_CMP_REQUEUE:
        return requeue(address, (int)value, second, (int)timeout, third);
    case FUTEX_REQUEUE:
        return requeue(address, (int)value, second, (int)timeout, -1);
    case FUTEX_WAKE_OP:
        return wake_op(address, value, second, (unsigned)timeout, third);
    default:
        return -ENOSYS;
    }
}

/* One lock of a thread that ended: mark it, and let the next one have it. */
static void release(uint64_t address, int tid)
{
    uint32_t value, found;

    if (load(address, &value) < 0 || (value & TID_MASK) != (uint32_t)tid)
        return;
    exchange_word((uint32_t *)address, value, (value & HAS_WAITERS) | OWNER_DIED, &found);
    if (value & HAS_WAITERS)
        wake(address, 1, ALL_BITS);
}

/* The robust list (Documentation/locking/robust-futex-ABI.rst). The program can damage it. */
void futex_release_robust(struct thread *thread)
{
    struct {
        uint64_t first, offset, pending;
    } head;
    uint64_t entry, head_at = thread->robust_list;

    if (!head_at || copy_from(&head, head_at, sizeof head) < 0)
        return;
    entry = head.first;
    for (int i = 0; i < 2048 && (entry & ~1ull) != head_at; i++) {
        uint64_t next;

        if (copy_from(&next, entry & ~1ull, sizeof next) < 0)
            break;
        if (entry != head.pending)
            release((entry & ~1ull) + head.offset, thread->tid);
        entry = next;
    }
    if (head.pending)
        release((head.pending & ~1ull) + head.offset, thread->tid);
}
