/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors, and the calls that work on any open file. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/fcntl.h"
#include "linux/file.h"
#include "memory/copy.h"
#include "memory/heap.h"

struct descriptor {
    struct file *file;
    bool close_on_exec;
};

/* The table grows as it is needed: most programs have few. */
static struct descriptor few[64], *descriptors = few;
static int count = sizeof few / sizeof *few;
static int lowest; /* below, there is none free */

uint64_t file_limit = FILES_LIMIT;

struct file *file_make(const struct file_ops *ops, int flags, struct inode *inode, void *object)
{
    struct file *file = heap_take(sizeof *file);

    if (!file) {
        inode_release(inode);
        return NULL;
    }
    *file = (struct file){ops, flags, 1, 0, inode, object, {0}};
    list_init(&file->watchers);
    return file;
}

void file_hold(struct file *file)
{
    file->references++;
}

void file_release(struct file *file)
{
    if (--file->references)
        return;
    epoll_forget(file);
    if (file->ops->release)
        file->ops->release(file);
    inode_release(file->inode);
    heap_give(file, sizeof *file);
}

/* Descriptors 0 to 2 are the console: made when first asked for, as a boot that asks for none
 * should not pay. */
static void open_console(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    for (int fd = 0; fd < 3; fd++)
        descriptors[fd].file = file_make(device_ops(DEVICE_CONSOLE), O_RDWR, NULL, NULL);
}

struct file *file_at(int fd)
{
    if ((unsigned)fd < 3)
        open_console();
    return (unsigned)fd < (unsigned)count ? descriptors[fd].file : NULL;
}

static bool grow(int fd)
{
    int larger = count;
    struct descriptor *table;

    while (larger <= fd)
        larger *= 2;
    table = heap_take((size_t)larger * sizeof *table);
    if (!table)
        return false;
    memcpy(table, descriptors, (size_t)count * sizeof *table);
    if (descriptors != few)
        heap_give(descriptors, (size_t)count * sizeof *table);
    descriptors = table;
    count = larger;
    return true;
}

/* The lowest descriptor from `from` on that is free and may be used: -EMFILE. */
static int find_free(int from)
{
    int fd = from < lowest ? lowest : from;

    open_console();
    while (fd < count && descriptors[fd].file)
        fd++;
    if (from <= lowest)
        lowest = fd;
    return (uint64_t)fd < file_limit && (fd < count || grow(fd)) ? fd : -EMFILE;
}

static long install_from(struct file *file, bool close_on_exec, int from)
{
    int fd;

    if (!file)
        return -ENOMEM;
    fd = find_free(from);
    if (fd < 0) {
        file_release(file);
        return fd;
    }
    descriptors[fd] = (struct descriptor){file, close_on_exec};
    return fd;
}

long file_install(struct file *file, bool close_on_exec)
{
    return install_from(file, close_on_exec, 0);
}

bool file_room(void)
{
    return find_free(0) >= 0;
}

long sys_close(int fd)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    descriptors[fd].file = NULL;
    if (fd < lowest)
        lowest = fd;
    file_release(file);
    return 0;
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
    if (first > last || flags & ~6u)
        return -EINVAL;
    for (unsigned fd = first; fd <= last && fd < (unsigned)count; fd++) {
        if (flags & 4)
            descriptors[fd].close_on_exec = true;
        else
            sys_close((int)fd);
    }
    return 0;
}

static long duplicate(int fd, int from, bool close_on_exec)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    if (from < 0 || (uint64_t)from >= file_limit)
        return -EINVAL;
    file_hold(file);
    return install_from(file, close_on_exec, from);
}

long sys_dup(int fd)
{
    return duplicate(fd, 0, false);
}

static long duplicate_to(int fd, int to, bool close_on_exec)
{
    struct file *file = file_at(fd), *before;

    if (!file || to < 0 || (uint64_t)to >= file_limit)
        return -EBADF;
    if (to >= count && !grow(to))
        return -ENOMEM;
    file_hold(file);
    before = file_at(to);
    descriptors[to] = (struct descriptor){file, close_on_exec};
    if (before)
        file_release(before); /* which may wait: nobody may find it any more */
    return to;
}

long sys_dup2(int fd, int to)
{
    if (fd == to)
        return file_at(fd) ? to : -EBADF;
    return duplicate_to(fd, to, false);
}

long sys_dup3(int fd, int to, int flags)
{
    if (fd == to || flags & ~O_CLOEXEC)
        return -EINVAL;
    return duplicate_to(fd, to, flags & O_CLOEXEC);
}

/* Locks always succeed: there is nobody to lock out. */
static long lock_state(uint64_t address)
{
    int16_t unlocked = 2; /* F_UNLCK */

    return copy_to(address, &unlocked, sizeof unlocked);
}

long sys_fcntl(int fd, int command, uint64_t argument)
{
    const int settable = O_APPEND | O_NONBLOCK | 020000 | 040000 | 01000000;
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return duplicate(fd, (int)argument, command == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return descriptors[fd].close_on_exec;
    case F_SETFD:
        descriptors[fd].close_on_exec = argument & 1;
        return 0;
    case F_GETFL:
        /* O_LARGEFILE, as Linux shows it on 64 bits for what has been opened by name. */
        return file->flags | (file->inode || file->ops == device_ops(DEVICE_CONSOLE) ? 0100000 : 0);
    case F_SETFL:
        file->flags = (file->flags & ~settable) | ((int)argument & settable);
        return 0;
    case F_GETLK:
    case F_OFD_GETLK:
        return lock_state(argument);
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return 0;
    case F_GETPIPE_SZ:
        return (file->ops->mode & MODE_TYPE) == MODE_PIPE ? 65536 : -EBADF;
    case F_SETPIPE_SZ:
        return (file->ops->mode & MODE_TYPE) == MODE_PIPE ? 65536 : -EBADF;
    default:
        return -EINVAL;
    }
}

long sys_flock(int fd)
{
    return file_at(fd) ? 0 : -EBADF;
}

long sys_ioctl(int fd, uint32_t request, uint64_t argument)
{
    struct file *file = file_at(fd);
    int on;

    if (!file)
        return -EBADF;
    switch (request) {
    case FIOCLEX:
    case FIONCLEX:
        descriptors[fd].close_on_exec = request == FIOCLEX;
        return 0;
    case FIONBIO:
        if (copy_from(&on, argument, sizeof on) < 0)
            return -EFAULT;
        file->flags = on ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
        return 0;
    default:
        return file->ops->ioctl ? file->ops->ioctl(file, request, argument) : -ENOTTY;
    }
}
