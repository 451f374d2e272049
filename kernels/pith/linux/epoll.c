/* SPDX-License-Identifier: GPL-3.0-or-later */
/* epoll(7), level- and edge-triggered. */
#include "../memory/copy.h"
#include "../memory/heap.h"
#include "errno.h"
#include "fcntl.h"
#include "file.h"
#include "signal.h"
#include "syscall.h"

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

    return file_ready(interest->file) & wanted & 0xffff;
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
        long status = poll_wait(deadline);

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
