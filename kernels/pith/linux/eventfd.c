/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eventfd(2) and timerfd_create(2): a 64-bit counter to read. */
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/file.h"
#include "linux/ticker.h"
#include "memory/copy.h"
#include "memory/heap.h"

enum { EFD_SEMAPHORE = 1 };
enum { TFD_TIMER_ABSTIME = 1, TFD_CANCEL_ON_SET = 2 };

struct event {
    uint64_t count;
    bool semaphore;
    struct list waiting;  /* readers and writers */
    struct ticker ticker; /* timerfd's */
    int clock;
    struct file *file;
};

static void changed(struct event *event)
{
    queue_wake(&event->waiting, UINT32_MAX);
    poll_changed(event->file, POLL_ANY);
}

/* What was missed since it rang counts as well; the time for the next begins. */
static void go_on(struct event *event)
{
    if (!event->ticker.rung || !event->ticker.every)
        return;
    event->count += (uint64_t)ticker_forward(&event->ticker) - 1;
    ticker_again(&event->ticker, TICKER_REST);
}

static long read_event(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    struct event *event = file->object;
    uint64_t value;

    (void)offset;
    if (size < sizeof value)
        return -EINVAL;
    while (!event->count) {
        long status = file->flags & O_NONBLOCK ? -EAGAIN : queue_wait(&event->waiting, FOREVER);

        if (status < 0)
            return status;
    }
    go_on(event);
    value = event->semaphore ? 1 : event->count;
    event->count -= value;
    changed(event);
    return copy_to(buffer, &value, sizeof value) < 0 ? -EFAULT : (long)sizeof value;
}

static long write_event(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    struct event *event = file->object;
    uint64_t value;

    (void)offset;
    if (size < sizeof value)
        return -EINVAL;
    if (copy_from(&value, buffer, sizeof value) < 0)
        return -EFAULT;
    if (value == UINT64_MAX)
        return -EINVAL;
    while (event->count > UINT64_MAX - 1 - value) {
        long status = file->flags & O_NONBLOCK ? -EAGAIN : queue_wait(&event->waiting, FOREVER);

        if (status < 0)
            return status;
    }
    event->count += value;
    if (value)
        changed(event);
    return (long)sizeof value;
}

static unsigned poll_event(struct file *file)
{
    const struct event *event = file->object;

    return (event->count ? POLLIN : 0u) | (event->count < UINT64_MAX - 1 ? POLLOUT : 0u);
}

static unsigned poll_timer(struct file *file)
{
    return ((const struct event *)file->object)->count ? POLLIN : 0;
}

static void release(struct file *file)
{
    struct event *event = file->object;

    ticker_stop(&event->ticker);
    heap_give(event, sizeof *event);
}

static const struct file_ops event_ops = {
    .mode = 0600, .read = read_event, .write = write_event, .poll = poll_event, .release = release};
static const struct file_ops timer_ops = {
    .mode = 0600, .read = read_event, .poll = poll_timer, .release = release};

static void ring(struct ticker *ticker)
{
    struct event *event = LIST_OF(ticker, struct event, ticker);

    event->count++;
    changed(event);
}

static long make(const struct file_ops *ops, struct event value, int flags)
{
    struct event *event = heap_take(sizeof *event);
    struct file *file;

    if (!event)
        return -ENOMEM;
    *event = value;
    list_init(&event->waiting);
    ticker_init(&event->ticker, ring);
    file = file_make(ops, O_RDWR | (flags & O_NONBLOCK), NULL, event);
    event->file = file;
    if (!file)
        heap_give(event, sizeof *event);
    return file_install(file, flags & O_CLOEXEC);
}

long sys_eventfd2(uint32_t count, int flags)
{
    if (flags & ~(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC))
        return -EINVAL;
    return make(&event_ops, (struct event){.count = count, .semaphore = flags & EFD_SEMAPHORE},
                flags);
}

long sys_eventfd(uint32_t count)
{
    return sys_eventfd2(count, 0);
}

long sys_timerfd_create(int clock, int flags)
{
    if (flags & ~(O_NONBLOCK | O_CLOEXEC) ||
        (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME))
        return -EINVAL;
    return make(&timer_ops, (struct event){.clock = clock}, flags);
}

static struct event *timer_of(int fd, long *status)
{
    struct file *file = file_at(fd);

    *status = !file ? -EBADF : file->ops != &timer_ops ? -EINVAL : 0;
    return *status < 0 ? NULL : file->object;
}

long sys_timerfd_settime(int fd, int flags, uint64_t new, uint64_t old)
{
    struct interval interval, before;
    int64_t first, every;
    struct event *event;
    long status;

    if (flags & ~(TFD_TIMER_ABSTIME | TFD_CANCEL_ON_SET))
        return -EINVAL;
    if (copy_from(&interval, new, sizeof interval) < 0)
        return -EFAULT;
    if (time_valid(&interval.value, &first) < 0 || time_valid(&interval.interval, &every) < 0)
        return -EINVAL;
    event = timer_of(fd, &status);
    if (!event)
        return status;
    go_on(event);
    before = ticker_left(&event->ticker);
    ticker_stop(&event->ticker);
    event->ticker.every = every;
    event->count = 0;
    if (first)
        ticker_set(&event->ticker,
                   flags & TFD_TIMER_ABSTIME ? time_on(event->clock, first) : time_after(first),
                   every);
    return old ? copy_to(old, &before, sizeof before) : 0;
}

long sys_timerfd_gettime(int fd, uint64_t out)
{
    long status;
    struct event *event = timer_of(fd, &status);
    struct interval now;

    if (!event)
        return status;
    go_on(event);
    now = ticker_left(&event->ticker);
    return copy_to(out, &now, sizeof now);
}
