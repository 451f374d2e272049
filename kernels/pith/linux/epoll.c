/* SPDX-License-Identifier: GPL-3.0-or-later */
/* epoll(7), level- and edge-triggered. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/file.h"
#include "linux/signal.h"
#include "linux/time.h"
#include "memory/copy.h"
#include "memory/heap.h"
#include "net/net.h"

enum { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL, EPOLL_CTL_MOD };
#define EVENTS 0xffffu /* POLL*; the rest are flags */
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)
#define NESTED_MOST 4 /* epolls above one another, besides the uppermost */

struct epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

/* One file watched by one epoll, under one descriptor. */
struct interest {
    struct list link;    /* of all of the epoll's */
    struct list of_file; /* of all in the file */
    struct list ready;   /* of those that may be ready, while it is one */
    struct epoll *epoll;
    struct file *file; /* not held: what ends leaves by itself */
    int fd;
    struct epoll_event event;
};

struct epoll {
    struct file *file;
    struct list interests;
    struct list ready; /* a look at these is enough, however many are watched */
    struct list waiting;
    unsigned walk, depth; /* see depth_below() */
};

static struct interest *interest_in(struct epoll *epoll, int fd, struct file *file)
{
    LIST_EACH(link, &file->watchers)
    {
        struct interest *interest = LIST_OF(link, struct interest, of_file);

        if (interest->epoll == epoll && interest->fd == fd)
            return interest;
    }
    return NULL;
}

static void forget(struct interest *interest)
{
    list_remove(&interest->link);
    list_remove(&interest->of_file);
    list_remove(&interest->ready);
    heap_give(interest, sizeof *interest);
}

void epoll_forget(struct file *file)
{
    while (!list_empty(&file->watchers))
        forget(LIST_OF(file->watchers.next, struct interest, of_file));
}

static void make_ready(struct interest *interest)
{
    struct epoll *epoll = interest->epoll;

    if (!list_empty(&interest->ready))
        return;
    list_insert(&epoll->ready, &interest->ready);
    queue_wake(&epoll->waiting, 1);
    poll_changed(epoll->file, POLLIN | POLLRDNORM);
}

void epoll_changed(struct file *file, unsigned events)
{
    LIST_EACH(link, &file->watchers)
    {
        struct interest *interest = LIST_OF(link, struct interest, of_file);

        if (interest->event.events & EVENTS & events)
            make_ready(interest);
    }
}

static unsigned state_of(const struct interest *interest)
{
    return file_ready(interest->file) & interest->event.events & EVENTS;
}

/* What is ready, at most so many. Level-triggered ones stay on the list, behind the others, until a
 * look finds them not ready. */
static long collect(struct epoll *epoll, uint64_t out, int most)
{
    struct list *last = epoll->ready.before, *link = NULL;
    int found = 0;

    while (found < most && link != last && !list_empty(&epoll->ready)) {
        struct interest *interest = LIST_OF(epoll->ready.next, struct interest, ready);
        struct epoll_event event = {state_of(interest), interest->event.data};

        link = &interest->ready;
        list_remove(link);
        if (!event.events)
            continue;
        if (copy_to(out + (uint64_t)found * sizeof event, &event, sizeof event) < 0) {
            list_insert(&epoll->ready, link);
            return found ? found : -EFAULT;
        }
        found++;
        if (interest->event.events & EPOLLONESHOT)
            interest->event.events &= ~EVENTS;
        else if (!(interest->event.events & EPOLLET))
            list_insert(&epoll->ready, link);
    }
    return found;
}

/* What is not ready after all leaves the list, so that nobody looks at it time and again: epolls in
 * epolls would else take more looks than anybody has time for. */
static unsigned poll_epoll(struct file *file)
{
    struct epoll *epoll = file->object;

    LIST_EACH(link, &epoll->ready)
    {
        if (state_of(LIST_OF(link, struct interest, ready)))
            return POLLIN | POLLRDNORM;
        list_remove(link);
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
    struct file *file;

    if (flags & ~O_CLOEXEC)
        return -EINVAL;
    epoll = heap_take(sizeof *epoll);
    if (!epoll)
        return -ENOMEM;
    list_init(&epoll->interests);
    list_init(&epoll->ready);
    list_init(&epoll->waiting);
    file = file_make(&epoll_ops, O_RDWR, NULL, epoll);
    epoll->file = file;
    if (!file)
        heap_give(epoll, sizeof *epoll);
    return file_install(file, flags & O_CLOEXEC);
}

long sys_epoll_create(int size)
{
    return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}

/*
 * Who watches whom may neither lead in a circle nor far: a change goes its way up from epoll to
 * epoll by a call within a call, and a look its way down. As on Linux at most NESTED_MOST + 1
 * epolls are above one another, and a file is watched in a limited number of ways.
 */

static unsigned walk; /* which one: an epoll is looked at once in each */

/* How many epolls are below `file`, one below the other, itself included. More than NESTED_MOST + 1
 * where `target` is among them. */
static unsigned depth_below(const struct file *file, const struct file *target)
{
    struct epoll *epoll = file->object;

    if (file == target)
        return 2 * NESTED_MOST;
    if (file->ops != &epoll_ops)
        return 0;
    if (epoll->walk == walk)
        return epoll->depth;
    epoll->walk = walk;
    epoll->depth = 1;
    LIST_EACH(link, &epoll->interests)
    {
        unsigned depth = depth_below(LIST_OF(link, struct interest, link)->file, target);

        if (depth >= epoll->depth)
            epoll->depth = depth + 1;
    }
    return epoll->depth;
}

/* How many epolls watch `file`, one watching the other. */
static unsigned depth_above(struct file *file)
{
    unsigned most = 0;

    LIST_EACH(link, &file->watchers)
    {
        struct epoll *epoll = LIST_OF(link, struct interest, of_file)->epoll;
        unsigned depth;

        if (epoll->walk != walk) {
            epoll->walk = walk;
            epoll->depth = 1 + depth_above(epoll->file);
        }
        depth = epoll->depth;
        most = depth > most ? depth : most;
    }
    return most;
}

/* Count the ways from `file` up, by their length; false when there are too many of one. */
static bool count_ways(struct file *file, unsigned length, unsigned ways[NESTED_MOST + 1])
{
    static const unsigned most[NESTED_MOST + 1] = {UINT32_MAX, 500, 100, 50, 10};

    LIST_EACH(link, &file->watchers)
    {
        struct file *above = LIST_OF(link, struct interest, of_file)->epoll->file;

        if (list_empty(&above->watchers)) {
            if (++ways[length] > most[length])
                return false;
        } else if (length == NESTED_MOST || !count_ways(above, length + 1, ways)) {
            return false;
        }
    }
    return true;
}

/* The same for each file that is no epoll at or below `file`, which was just added. */
static bool few_ways(struct file *file)
{
    struct epoll *epoll = file->object;

    if (file->ops != &epoll_ops)
        return count_ways(file, 0, (unsigned[NESTED_MOST + 1]){0});
    if (epoll->walk == walk)
        return true;
    epoll->walk = walk;
    LIST_EACH(link, &epoll->interests)
    if (!few_ways(LIST_OF(link, struct interest, link)->file))
        return false;
    return true;
}

static bool is_too_deep(struct epoll *epoll, struct file *file)
{
    unsigned below, above;

    walk++;
    below = depth_below(file, epoll->file);
    walk++;
    above = depth_above(epoll->file);
    return below + above > NESTED_MOST;
}

static long add_interest(struct epoll *epoll, int fd, struct file *file, struct epoll_event event)
{
    struct interest *interest;

    if (event.events & EPOLLEXCLUSIVE && file->ops == &epoll_ops)
        return -EINVAL;
    if (file->ops == &epoll_ops && is_too_deep(epoll, file))
        return -ELOOP;
    interest = heap_take(sizeof *interest);
    if (!interest)
        return -ENOMEM;
    *interest = (struct interest){.epoll = epoll, .file = file, .fd = fd, .event = event};
    list_insert(&epoll->interests, &interest->link);
    list_insert(&file->watchers, &interest->of_file);
    list_init(&interest->ready);
    walk++;
    if ((file->ops == &epoll_ops || !list_empty(&epoll->file->watchers)) && !few_ways(file)) {
        forget(interest);
        return -EINVAL;
    }
    if (state_of(interest))
        make_ready(interest);
    return 0;
}

static long change_interest(struct interest *interest, struct epoll_event event)
{
    if (event.events & EPOLLEXCLUSIVE || interest->event.events & EPOLLEXCLUSIVE)
        return -EINVAL;
    interest->event = event;
    if (state_of(interest))
        make_ready(interest);
    return 0;
}

long sys_epoll_ctl(int epfd, int operation, int fd, uint64_t event_at)
{
    struct file *file = file_at(epfd), *target = file_at(fd);
    struct epoll_event event = {0};
    struct interest *interest;

    if (operation != EPOLL_CTL_DEL && copy_from(&event, event_at, sizeof event) < 0)
        return -EFAULT;
    event.events |= POLLERR | POLLHUP; /* told to everybody */
    if (!file || !target)
        return -EBADF;
    if (target->inode && inode_type(target->inode) != MODE_DEVICE)
        return -EPERM;
    if (file->ops != &epoll_ops || file == target)
        return -EINVAL;
    interest = interest_in(file->object, fd, target);
    if (operation == EPOLL_CTL_ADD)
        return interest ? -EEXIST : add_interest(file->object, fd, target, event);
    if (operation != EPOLL_CTL_DEL && operation != EPOLL_CTL_MOD)
        return -EINVAL;
    if (!interest)
        return -ENOENT;
    if (operation == EPOLL_CTL_MOD)
        return change_interest(interest, event);
    forget(interest);
    return 0;
}

/* A thread that leaves with something still ready hands on that it was woken for it. */
static long wait_in(struct epoll *epoll, uint64_t out, int most, int64_t deadline)
{
    long found = collect(epoll, out, most), status = 0;

    if (!found) {
        net_poll();
        found = collect(epoll, out, most);
    }
    while (!found && status == 0) {
        status = queue_wait(&epoll->waiting, deadline);
        found = collect(epoll, out, most);
    }
    if (!list_empty(&epoll->ready))
        queue_wake(&epoll->waiting, 1);
    return !found && status < 0 && status != -ETIMEDOUT ? -EINTR : found;
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
    found = wait_in(file->object, out, most, deadline);
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
