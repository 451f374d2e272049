/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, writing and seeking. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/cursor.h"
#include "linux/file.h"
#include "memory/copy.h"
#include "net/net.h"
#include "sched/alarm.h"

#define PART (4ul << 20) /* bytes between two breaths */

void breathe(void)
{
    alarms_run();
    net_poll();
    net_settle();
    thread_yield();
}

/* To and from what is never waited for, and so goes on for as long as there are bytes. Rare: no
 * part of what is not. */
static __attribute__((noinline)) long move_in_parts(struct file *file, bool out, uint64_t buffer,
                                                    uint64_t size, uint64_t *offset)
{
    uint64_t done = 0;

    for (;;) {
        uint64_t part = size - done < PART ? size - done : PART;
        long moved = out ? file->ops->write(file, buffer + done, part, offset)
                         : file->ops->read(file, buffer + done, part, offset);

        if (moved < 0)
            return done ? (long)done : moved;
        done += (uint64_t)moved;
        if ((uint64_t)moved < part || done == size)
            return (long)done;
        breathe();
    }
}

/* `file` is held. */
static long transfer(struct file *file, bool out, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    if (!file || (file->flags & O_ACCMODE) == (out ? 0 : O_WRONLY) || file->flags & O_PATH)
        return -EBADF;
    if ((int64_t)size < 0)
        return -EINVAL;
    if (!in_program(buffer, size))
        return -EFAULT;
    if (size > TRANSFER_MAX)
        size = TRANSFER_MAX;
    if (!(out ? file->ops->write : file->ops->read))
        return -EINVAL;
    if (file->ops->seekable && (int64_t)(*offset + size) < 0)
        return -EINVAL;
    if (size > PART && file->ops->seekable)
        return move_in_parts(file, out, buffer, size, offset);
    return out ? file->ops->write(file, buffer, size, offset)
               : file->ops->read(file, buffer, size, offset);
}

/* The file stays while the call waits, whatever other threads close. */
static long transfer_held(int fd, bool out, uint64_t buffer, uint64_t size)
{
    struct file *file = file_at(fd);
    long done;

    if (!file)
        return -EBADF;
    file_hold(file);
    done = transfer(file, out, buffer, size, &file->offset);
    file_release(file);
    return done;
}

long sys_read(int fd, uint64_t buffer, uint64_t size)
{
    return transfer_held(fd, false, buffer, size);
}

long sys_write(int fd, uint64_t buffer, uint64_t size)
{
    return transfer_held(fd, true, buffer, size);
}

static long transfer_at(int fd, bool out, uint64_t buffer, uint64_t size, uint64_t offset)
{
    struct file *file = file_at(fd);
    long done;

    if (!file)
        return -EBADF;
    if ((int64_t)offset < 0)
        return -EINVAL;
    if (!file->ops->seekable)
        return -ESPIPE;
    file_hold(file);
    done = transfer(file, out, buffer, size, &offset);
    file_release(file);
    return done;
}

long sys_pread64(int fd, uint64_t buffer, uint64_t size, uint64_t offset)
{
    return transfer_at(fd, false, buffer, size, offset);
}

long sys_pwrite64(int fd, uint64_t buffer, uint64_t size, uint64_t offset)
{
    return transfer_at(fd, true, buffer, size, offset);
}

/* The vectored calls: one part after the other until one comes short. `at` NULL: the file's own
 * offset. */
static long vectored(int fd, bool out, uint64_t vectors, uint64_t count, uint64_t *at)
{
    struct {
        uint64_t base, size;
    } vector;
    struct file *file = file_at(fd);
    long total = 0, done = 0;

    if (!file)
        return -EBADF;
    if (count > 1024)
        return -EINVAL;
    if (at && !file->ops->seekable)
        return -ESPIPE;
    file_hold(file);
    if (file->ops->vectored) {
        done = file->ops->vectored(file, out, vectors, count);
        file_release(file);
        return done;
    }
    for (uint64_t i = 0; i < count; i++) {
        done = copy_from(&vector, vectors + 16 * i, sizeof vector);
        if (done == 0 && ((int64_t)vector.size < 0 || total + (int64_t)vector.size < 0))
            done = -EINVAL;
        if (vector.size > TRANSFER_MAX - (uint64_t)total)
            vector.size = TRANSFER_MAX - (uint64_t)total;
        if (done == 0 && (vector.size || (i == 0 && count == 1)))
            done = transfer(file, out, vector.base, vector.size, at ? at : &file->offset);
        if (done < 0)
            break;
        total += done;
        if ((uint64_t)done < vector.size)
            break;
    }
    file_release(file);
    return total || done >= 0 ? total : done;
}

long sys_readv(int fd, uint64_t vectors, uint64_t count)
{
    return vectored(fd, false, vectors, count, NULL);
}

long sys_writev(int fd, uint64_t vectors, uint64_t count)
{
    return vectored(fd, true, vectors, count, NULL);
}

long sys_preadv(int fd, uint64_t vectors, uint64_t count, uint64_t offset)
{
    return (int64_t)offset < 0 ? -EINVAL : vectored(fd, false, vectors, count, &offset);
}

long sys_pwritev(int fd, uint64_t vectors, uint64_t count, uint64_t offset)
{
    return (int64_t)offset < 0 ? -EINVAL : vectored(fd, true, vectors, count, &offset);
}

enum { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };

long sys_lseek(int fd, int64_t offset, int whence)
{
    struct file *file = file_at(fd);
    int64_t size, base = 0;

    if (!file)
        return -EBADF;
    if (!file->ops->seekable)
        return -ESPIPE;
    size = file->inode ? (int64_t)file->inode->size : 0;
    switch (whence) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = (int64_t)file->offset;
        break;
    case SEEK_END:
        base = size;
        break;
    case SEEK_DATA: /* all of a file is data */
    case SEEK_HOLE:
        if (offset < 0 || offset >= size)
            return -ENXIO;
        offset = whence == SEEK_DATA ? offset : size;
        break;
    default:
        return -EINVAL;
    }
    if (__builtin_add_overflow(base, offset, &base))
        return -EOVERFLOW;
    if (base < 0)
        return -EINVAL;
    file->offset = (uint64_t)base;
    return base;
}

long sys_fsync(int fd)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    return file->inode ? 0 : -EINVAL;
}
