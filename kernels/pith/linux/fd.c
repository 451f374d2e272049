/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors, and the calls that work on any open file. */
#include "../memory/copy.h"
#include "../memory/heap.h"
#include "errno.h"
#include "fcntl.h"
#include "file.h"
#include "syscall.h"

#define MOST 0x7ffff000ul /* bytes that Linux moves in one call */

static struct {
    struct file *file;
    bool close_on_exec;
} descriptors[FILES_MAX];

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
    open_console();
    return fd >= 0 && fd < FILES_MAX ? descriptors[fd].file : NULL;
}

static long install_from(struct file *file, bool close_on_exec, int from)
{
    int fd = from;

    open_console();
    if (!file)
        return -ENOMEM;
    while (fd < FILES_MAX && descriptors[fd].file)
        fd++;
    if (fd == FILES_MAX) {
        file_release(file);
        return -EMFILE;
    }
    descriptors[fd].file = file;
    descriptors[fd].close_on_exec = close_on_exec;
    return fd;
}

long file_install(struct file *file, bool close_on_exec)
{
    return install_from(file, close_on_exec, 0);
}

bool file_room(void)
{
    open_console();
    for (int fd = 0; fd < FILES_MAX; fd++)
        if (!descriptors[fd].file)
            return true;
    return false;
}

long sys_close(int fd)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    descriptors[fd].file = NULL;
    file_release(file);
    return 0;
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
    if (first > last || flags & ~6u)
        return -EINVAL;
    for (unsigned fd = first; fd <= last && fd < FILES_MAX; fd++) {
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
    if (from < 0 || from >= FILES_MAX)
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
    struct file *file = file_at(fd);

    if (!file || to < 0 || to >= FILES_MAX)
        return -EBADF;
    file_hold(file);
    if (descriptors[to].file)
        file_release(descriptors[to].file);
    descriptors[to].file = file;
    descriptors[to].close_on_exec = close_on_exec;
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

static long transfer(struct file *file, bool out, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    if (!file || (file->flags & O_ACCMODE) == (out ? 0 : O_WRONLY) || file->flags & O_PATH)
        return -EBADF;
    if ((int64_t)size < 0)
        return -EINVAL;
    if (!in_program(buffer, size))
        return -EFAULT;
    if (size > MOST)
        size = MOST;
    if (out)
        return file->ops->write ? file->ops->write(file, buffer, size, offset) : -EINVAL;
    return file->ops->read ? file->ops->read(file, buffer, size, offset) : -EINVAL;
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

    if (!file)
        return -EBADF;
    if ((int64_t)offset < 0)
        return -EINVAL;
    return file->ops->seekable ? transfer(file, out, buffer, size, &offset) : -ESPIPE;
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
