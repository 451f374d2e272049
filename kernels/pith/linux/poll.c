/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poll, select and epoll. One queue for all who wait: whoever's readiness changes wakes them, and
 * they look again. That is cheap for the few waiting threads of one program. */
#include "../cpu/timer.h"
#include "../memory/copy.h"
#include "../memory/heap.h"
#include "errno.h"
#include "fcntl.h"
#include "file.h"
#include "signal.h"
#include "syscall.h"

#define SECOND 1000000000ll

static struct list polling = LIST(polling);

void poll_changed(struct file *file)
{
    if (file)
        file->news++;
    queue_wake(&polling, UINT32_MAX);
}

static unsigned ready(struct file *file)
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
            one.returned = file
                               ? (int16_t)(ready(file) & ((uint16_t)one.events | POLLERR | POLLHUP))
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

    if (count > FILES_MAX)
        return -EINVAL;
    for (;;) {
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
    uint64_t words[3][FILES_MAX / 64];
};

/* What select() calls readable, writable, exceptional, in poll's terms. */
static const unsigned meanings[3] = {POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR,
                                     2 /* POLLPRI */};

static long look_at_sets(int count, const struct sets *asked, struct sets *found)
{
    long total = 0;

    memset(found, 0, sizeof *found);
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
        state = ready(file);
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
    struct sets asked = {0}, found;
    uint64_t bytes;
    long total;

    if (count < 0)
        return -EINVAL;
    if (count > FILES_MAX)
        count = FILES_MAX;
    bytes = (uint64_t)(count + 63) / 64 * 8;
    for (int set = 0; set < 3; set++)
        if (at[set] && copy_from(asked.words[set], at[set], bytes) < 0)
            return -EFAULT;
    while (!(total = look_at_sets(count, &asked, &found))) {
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

/* --- epoll
 * ---------------------------------------------------------------------------------------- */

enum { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL, EPOLL_CTL_MOD };
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

struct epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

struct interest {
    struct list link;
    int fd;
    struct file *file; /* not held: a closed file leaves by itself */
    struct epoll_event event;
    unsigned told; /* edge-triggered: the file's news up to the last report */
};

struct epoll {
    struct list interests;
};

static struct interest *interest_in(struct epoll *epoll, int fd)
{
    LIST_EACH(link, &epoll->interests)
    {
        struct interest *interest = LIST_OF(link, struct interest, link);

        if (interest->fd == fd && interest->file == file_at(fd))
            return interest;
    }
    return NULL;
}

static void forget(struct interest *interest)
{
    list_remove(&interest->link);
    heap_give(interest, sizeof *interest);
}

static unsigned state_of(struct interest *interest)
{
    unsigned wanted = interest->event.events | POLLERR | POLLHUP;

    return ready(interest->file) & wanted & 0xffff;
}

static bool is_due(struct interest *interest, unsigned state)
{
    if (!state || !(interest->event.events & EPOLLET))
        return state;
    if (interest->told == interest->file->news)
        return false;
    interest->told = interest->file->news;
    return true;
}

static long collect(struct epoll *epoll, uint64_t out, int most)
{
    int found = 0;

    LIST_EACH(link, &epoll->interests)
    {
        struct interest *interest = LIST_OF(link, struct interest, link);
        struct epoll_event event;

        if (file_at(interest->fd) != interest->file) {
            forget(interest);
            continue;
        }
        if (found == most)
            break;
        event = (struct epoll_event){state_of(interest), interest->event.data};
        if (!is_due(interest, event.events))
            continue;
        if (copy_to(out + (uint64_t)found * sizeof event, &event, sizeof event) < 0)
            return -EFAULT;
        if (interest->event.events & EPOLLONESHOT)
            interest->event.events &= EPOLLONESHOT | EPOLLET;
        found++;
    }
    return found;
}

static unsigned poll_epoll(struct file *file)
{
    struct epoll *epoll = file->object;

    LIST_EACH(link, &epoll->interests)
    {
        struct interest *interest = LIST_OF(link, struct interest, link);

        if (file_at(interest->fd) == interest->file && state_of(interest))
            return POLLIN | POLLRDNORM;
    }
    return 0;
}

static void release_epoll(struct file *file)
{
    struct epoll *epoll = file->object;

    while (!list_empty(&epoll->interests))
        forget(LIST_OF(epoll->interests.next, struct interest, link));
    heap_give(epoll, sizeof *epoll);
}

static const struct file_ops epoll_ops = {
    .mode = 0600, .poll = poll_epoll, .release = release_epoll};

long sys_epoll_create1(int flags)
{
    struct epoll *epoll;

    if (flags & ~O_CLOEXEC)
        return -EINVAL;
    epoll = heap_take(sizeof *epoll);
    if (!epoll)
        return -ENOMEM;
    list_init(&epoll->interests);
    return file_install(file_make(&epoll_ops, O_RDWR, NULL, epoll), flags & O_CLOEXEC);
}

long sys_epoll_create(int size)
{
    return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

static long add_interest(struct epoll *epoll, int fd, struct epoll_event event)
{
    struct interest *interest = heap_take(sizeof *interest);

    if (!interest)
        return -ENOMEM;
    *interest = (struct interest){
        .fd = fd, .file = file_at(fd), .event = event, .told = file_at(fd)->news - 1};
    list_insert(&epoll->interests, &interest->link);
    poll_changed(NULL);
    return 0;
}

long sys_epoll_ctl(int epfd, int operation, int fd, uint64_t event_at)
{
    struct file *file = file_at(epfd), *target = file_at(fd);
    struct epoll_event event = {0};
    struct interest *interest;

    if (operation != EPOLL_CTL_DEL && copy_from(&event, event_at, sizeof event) < 0)
        return -EFAULT;
    if (!file || !target)
        return -EBADF;
    if (target->inode && inode_type(target->inode) != MODE_DEVICE)
        return -EPERM;
    if (file->ops != &epoll_ops || file == target)
        return -EINVAL;
    interest = interest_in(file->object, fd);
    if (operation == EPOLL_CTL_ADD)
        return interest ? -EEXIST : add_interest(file->object, fd, event);
    if (operation != EPOLL_CTL_DEL && operation != EPOLL_CTL_MOD)
        return -EINVAL;
    if (!interest)
        return -ENOENT;
    if (operation == EPOLL_CTL_DEL) {
        forget(interest);
    } else {
        interest->event = event;
        interest->told = interest->file->news - 1;
        poll_changed(NULL);
    }
    return 0;
}

static long epoll_until(int epfd, uint64_t out, int most, int64_t deadline)
{
    struct file *file = file_at(epfd);
    long found;

    if (most <= 0 || most > 1 << 20)
        return -EINVAL;
    if (!file)
        return -EBADF;
    if (file->ops != &epoll_ops)
        return -EINVAL;
    file_hold(file);
    while (!(found = collect(file->object, out, most))) {
        long status = queue_wait(&polling, deadline);

        if (status == -ETIMEDOUT)
            break;
        if (status < 0) {
            found = -EINTR;
            break;
        }
    }
    file_release(file);
    return found;
}

static int64_t milliseconds(int timeout)
{
    return timeout < 0 ? FOREVER : time_after(timeout * 1000000ll);
}

long sys_epoll_wait(int epfd, uint64_t out, int most, int timeout)
{
    return epoll_until(epfd, out, most, milliseconds(timeout));
}

long sys_epoll_pwait(int epfd, uint64_t out, int most, int timeout, uint64_t mask, uint64_t size)
{
    long status = signals_mask_for_wait(mask, size);

    if (status < 0)
        return status;
    status = epoll_until(epfd, out, most, milliseconds(timeout));
    signals_after_wait(status);
    return status;
}
