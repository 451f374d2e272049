/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poll and select. One queue for all who wait: whatever's readiness changes wakes them, and they
 * look again. That is cheap for the few waiting threads of one program. */
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/fcntl.h"
#include "linux/file.h"
#include "linux/signal.h"
#include "linux/time.h"
#include "memory/copy.h"
#include "net/net.h"

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

/* For all of the below: for at most *ns, FOREVER standing for ever; what is left of it afterwards.
 * Where nobody has to wait, nobody asks for the time. */
static int64_t begin_wait(const int64_t *ns)
{
    net_poll();
    return time_after(*ns);
}

static void end_wait(int64_t deadline, int64_t *ns)
{
    if (*ns != FOREVER)
        *ns = deadline > timer_now() ? deadline - timer_now() : 0;
}

static long poll_for(uint64_t fds, unsigned count, int64_t *ns)
{
    long found, status = 0;
    int64_t deadline;

    if (count > file_limit)
        return -EINVAL;
    found = look(fds, count);
    if (found)
        return found;
    deadline = begin_wait(ns);
    while (!(found = look(fds, count)) && status == 0)
        status = queue_wait(&polling, deadline);
    end_wait(deadline, ns);
    return found || status == -ETIMEDOUT ? found : -EINTR;
}

long sys_poll(uint64_t fds, unsigned count, int timeout)
{
    int64_t ns = timeout < 0 ? FOREVER : timeout * 1000000ll;

    return poll_for(fds, count, &ns);
}

/* The struct timespec at `timeout`, 0 standing for none. */
static long take_timeout(uint64_t timeout, int64_t *ns)
{
    *ns = FOREVER;
    return timeout ? time_from(timeout, ns) : 0;
}

/* Linux tells what was left, and does not mind where it cannot. */
static void give_timeout(uint64_t timeout, int64_t before, int64_t left)
{
    struct timespec time;

    if (left == before)
        return;
    time = time_of(left);
    copy_to(timeout, &time, sizeof time);
}

long sys_ppoll(uint64_t fds, unsigned count, uint64_t timeout, uint64_t mask, uint64_t size)
{
    int64_t ns, left;
    long status = take_timeout(timeout, &ns);

    if (status == 0)
        status = signals_mask_for_wait(mask, size);
    if (status < 0)
        return status;
    left = ns;
    status = poll_for(fds, count, &left);
    give_timeout(timeout, ns, left);
    signals_after_wait(status);
    return status;
}

/* What select() calls readable, writable, exceptional, in poll's terms. */
static const unsigned meanings[3] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR,
                                     2 /* POLLPRI */};

/* 64 descriptors' bits in each of the three sets. */
struct bits {
    uint64_t of[3];
};

static long look_at_sets(int count, const struct bits *asked, struct bits *found)
{
    long total = 0;

    for (int first = 0; first < count; first += 64, asked++, found++) {
        *found = (struct bits){0};
        for (uint64_t left = asked->of[0] | asked->of[1] | asked->of[2]; left; left &= left - 1) {
            int fd = first + __builtin_ctzl(left);
            struct file *file;
            unsigned state;

            if (fd >= count)
                break;
            file = file_at(fd);
            if (!file)
                return -EBADF;
            state = file_ready(file);
            for (int set = 0; set < 3; set++) {
                uint64_t bit = state & meanings[set] ? asked->of[set] & left & -left : 0;

                found->of[set] |= bit;
                total += bit != 0;
            }
        }
    }
    return total;
}

static long take_sets(int count, const uint64_t at[3], struct bits *asked)
{
    for (int word = 0; word * 64 < count; word++, asked++)
        for (int set = 0; set < 3; set++) {
            asked->of[set] = 0;
            if (at[set] && copy_from(&asked->of[set], at[set] + 8u * (unsigned)word, 8) < 0)
                return -EFAULT;
        }
    return 0;
}

static long give_sets(int count, const uint64_t at[3], const struct bits *found)
{
    for (int word = 0; word * 64 < count; word++, found++)
        for (int set = 0; set < 3; set++)
            if (at[set] && copy_to(at[set] + 8u * (unsigned)word, &found->of[set], 8) < 0)
                return -EFAULT;
    return 0;
}

static long select_for(int count, const uint64_t at[3], int64_t *ns)
{
    struct bits asked[SELECT_MAX / 64], found[SELECT_MAX / 64];
    long total, status = 0;

    if (count < 0)
        return -EINVAL;
    if (count > SELECT_MAX)
        count = SELECT_MAX;
    if (take_sets(count, at, asked) < 0)
        return -EFAULT;
    total = look_at_sets(count, asked, found);
    if (!total) {
        int64_t deadline = begin_wait(ns);

        while (!(total = look_at_sets(count, asked, found)) && status == 0)
            status = queue_wait(&polling, deadline);
        end_wait(deadline, ns);
    }
    if (!total && status != -ETIMEDOUT)
        return -EINTR;
    if (total >= 0 && give_sets(count, at, found) < 0)
        return -EFAULT;
    return total;
}

long sys_select(int count, uint64_t in, uint64_t out, uint64_t except, uint64_t timeout)
{
    const uint64_t at[3] = {in, out, except};
    struct timespec time; /* a timeval: microseconds */
    int64_t ns = FOREVER, left;
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
    }
    left = ns;
    found = select_for(count, at, &left);
    if (left != ns) {
        time = time_of(left);
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
    int64_t ns, left;
    long status = take_timeout(timeout, &ns);

    if (status == 0 && mask_at && copy_from(&mask, mask_at, sizeof mask) < 0)
        status = -EFAULT;
    if (status == 0)
        status = signals_mask_for_wait(mask.mask, mask.size);
    if (status < 0)
        return status;
    left = ns;
    status = select_for(count, at, &left);
    give_timeout(timeout, ns, left);
    signals_after_wait(status);
    return status;
}
