/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poll and select. One queue for all who wait: whatever's readiness changes wakes them, and they
 * look again. That is cheap for the few waiting threads of one program. */
#include "../cpu/timer.h"
#include "../memory/copy.h"
#include "../net/net.h"
#include "errno.h"
#include "fcntl.h"
#include "file.h"
#include "signal.h"
#include "syscall.h"

static struct list polling = LIST(polling);

void poll_changed(struct file *file, unsigned events)
{
    if (!file)
        return;
    queue_wake(&polling, UINT32_MAX);
    if (!list_empty(&file->watchers))
        epoll_changed(file, events);
}

unsigned file_ready(struct file *file)
{
    return file->ops->poll ? file->ops->poll(file) : POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

struct pollfd {
    int32_t fd;
    int16_t events, returned;
};

/* One look at all of them; how many are ready. */
static long look(uint64_t fds, unsigned count)
{
    long found = 0;

    for (unsigned i = 0; i < count; i++) {
        struct pollfd one;
        struct file *file;

        if (copy_from(&one, fds + i * sizeof one, sizeof one) < 0)
            return -EFAULT;
        file = file_at(one.fd);
        one.returned = 0;
        if (one.fd >= 0)
            one.returned =
                file ? (int16_t)(file_ready(file) & ((uint16_t)one.events | POLLERR | POLLHUP))
                     : POLLNVAL;
        found += one.returned != 0;
        if (copy_to(fds + i * sizeof one, &one, sizeof one) < 0)
            return -EFAULT;
    }
    return found;
}

static long poll_until(uint64_t fds, unsigned count, int64_t deadline)
{
    long found, status;

    if (count > file_limit)
        return -EINVAL;
    found = look(fds, count);
    if (!found)
        net_poll();
    for (;;) {
        if (!found)
            found = look(fds, count);
        if (found)
            return found;
        status = queue_wait(&polling, deadline);
        if (status < 0)
            return status == -ETIMEDOUT ? 0 : -EINTR;
    }
}

long sys_poll(uint64_t fds, unsigned count, int timeout)
{
    return poll_until(fds, count, timeout < 0 ? FOREVER : time_after(timeout * 1000000ll));
}

/* The deadline for a struct timespec at `timeout`, 0 standing for none. */
static long deadline_from(uint64_t timeout, int64_t *deadline)
{
    int64_t ns;
    long status;

    *deadline = FOREVER;
    if (!timeout)
        return 0;
    status = time_from(timeout, &ns);
    if (status == 0)
        *deadline = time_after(ns);
    return status;
}

long sys_ppoll(uint64_t fds, unsigned count, uint64_t timeout, uint64_t mask, uint64_t size)
{
    int64_t deadline;
    long status = deadline_from(timeout, &deadline);

    if (status == 0)
        status = signals_mask_for_wait(mask, size);
    if (status < 0)
        return status;
    status = poll_until(fds, count, deadline);
    signals_after_wait(status);
    return status;
}

struct sets {
    uint64_t words[3][SELECT_MAX / 64]; /* of which a call uses as many as it has descriptors for */
};

static size_t size_of(int count)
{
    return (size_t)(count + 63) / 64 * 8;
}

/* What select() calls readable, writable, exceptional, in poll's terms. */
static const unsigned meanings[3] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR,
                                     2 /* POLLPRI */};

static long look_at_sets(int count, const struct sets *asked, struct sets *found)
{
    long total = 0;

    for (int set = 0; set < 3; set++)
        memset(found->words[set], 0, size_of(count));
    for (int fd = 0; fd < count; fd++) {
        uint64_t bit = 1ull << fd % 64;
        struct file *file;
        unsigned state;

        if (!((asked->words[0][fd / 64] | asked->words[1][fd / 64] | asked->words[2][fd / 64]) &
              bit))
            continue;
        file = file_at(fd);
        if (!file)
            return -EBADF;
        state = file_ready(file);
        for (int set = 0; set < 3; set++)
            if (asked->words[set][fd / 64] & bit && state & meanings[set]) {
                found->words[set][fd / 64] |= bit;
                total++;
            }
    }
    return total;
}

static long select_until(int count, const uint64_t at[3], int64_t deadline)
{
    struct sets asked, found;
    size_t bytes;
    long total;

    if (count < 0)
        return -EINVAL;
    if (count > SELECT_MAX)
        count = SELECT_MAX;
    bytes = size_of(count);
    for (int set = 0; set < 3; set++) {
        memset(asked.words[set], 0, bytes);
        if (at[set] && copy_from(asked.words[set], at[set], bytes) < 0)
            return -EFAULT;
    }
    total = look_at_sets(count, &asked, &found);
    if (!total)
        net_poll();
    while (!total && !(total = look_at_sets(count, &asked, &found))) {
        long status = queue_wait(&polling, deadline);

        if (status == -ETIMEDOUT)
            break;
        if (status < 0)
            return -EINTR;
    }
    for (int set = 0; set < 3 && total >= 0; set++)
        if (at[set] && copy_to(at[set], found.words[set], bytes) < 0)
            return -EFAULT;
    return total;
}

long sys_select(int count, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout)
{
    const uint64_t at[3] = {in, out, except};
    struct timespec time; /* a timeval: microseconds */
    int64_t deadline = FOREVER, ns;
    long found;

    if (timeout) {
        if (copy_from(&time, timeout, sizeof time) < 0)
            return -EFAULT;
        if (time.seconds < 0 || time.nanoseconds < 0)
            return -EINVAL;
        time.seconds += time.nanoseconds / 1000000;
        time.nanoseconds = time.nanoseconds % 1000000 * 1000;
        if (time_valid(&time, &ns) < 0)
            return -EINVAL;
        deadline = time_after(ns);
    }
    found = select_until(count, at, deadline);
    if (timeout && found >= 0) { /* Linux tells what was left */
        time = time_of(deadline > timer_now() ? deadline - timer_now() : 0);
        time.nanoseconds /= 1000;
        copy_to(timeout, &time, sizeof time);
    }
    return found;
}

long sys_pselect6(int count, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout,
                  uint64_t mask_at)
{
    const uint64_t at[3] = {in, out, except};
    struct {
        uint64_t mask, size;
    } mask = {0, 0};
    int64_t deadline;
    long status = deadline_from(timeout, &deadline);

    if (status == 0 && mask_at && copy_from(&mask, mask_at, sizeof mask) < 0)
        status = -EFAULT;
    if (status == 0)
        status = signals_mask_for_wait(mask.mask, mask.size);
    if (status < 0)
        return status;
    status = select_until(count, at, deadline);
    signals_after_wait(status);
    return status;
}
