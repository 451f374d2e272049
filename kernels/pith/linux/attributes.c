/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file is besides its bytes: size, mode, owner, times. */
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/file.h"
#include "linux/path.h"
#include "linux/time.h"
#include "memory/copy.h"

#define SECOND 1000000000ll

enum { AT_SYMLINK_NOFOLLOW = 0x100 };

long sys_ftruncate(int fd, int64_t size)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    if (size < 0 || !file->inode || inode_type(file->inode) != MODE_FILE ||
        !(file->flags & O_ACCMODE))
        return -EINVAL;
    return inode_resize(file->inode, (uint64_t)size);
}

static long check_file(const struct place *place)
{
    if (!place->inode)
        return -ENOENT;
    if (inode_type(place->inode) == MODE_FOLDER)
        return -EISDIR;
    return inode_type(place->inode) == MODE_FILE ? 0 : -EINVAL;
}

long sys_truncate(uint64_t path, int64_t size)
{
    struct place place;
    long status = size < 0 ? -EINVAL : path_find(AT_FDCWD, path, true, &place);

    if (size < 0)
        return status;
    if (status == 0)
        status = check_file(&place);
    if (status == 0)
        status = inode_resize(place.inode, (uint64_t)size);
    place_release(&place);
    return status;
}

long sys_fallocate(int fd, int mode, int64_t offset, int64_t size)
{
    struct file *file = file_at(fd);

    if (!file || !(file->flags & O_ACCMODE))
        return -EBADF;
    if (offset < 0 || size <= 0)
        return -EINVAL;
    if (mode)
        return -EOPNOTSUPP;
    if (!file->inode || inode_type(file->inode) != MODE_FILE)
        return -ENODEV;
    if (size > INT64_MAX - offset)
        return -EFBIG;
    /* Pages come when they are written: only the size is promised. */
    return (uint64_t)(offset + size) > file->inode->size
               ? inode_resize(file->inode, (uint64_t)(offset + size))
               : 0;
}

/* Apply `change` to what path names. */
static long change_at(int folder, uint64_t path, bool follow, uint32_t first, uint32_t second,
                      void (*change)(struct inode *inode, uint32_t first, uint32_t second))
{
    struct place place;
    long status = path_find(folder, path, follow, &place);

    if (status == 0 && !place.inode)
        status = -ENOENT;
    if (status == 0) {
        change(place.inode, first, second);
        place.inode->changed = timer_boot_time() + timer_now();
    }
    place_release(&place);
    return status;
}

static void set_mode(struct inode *inode, uint32_t mode, uint32_t unused)
{
    (void)unused;
    inode->mode = inode_type(inode) | (mode & 07777);
}

static void set_owner(struct inode *inode, uint32_t uid, uint32_t gid)
{
    if (uid != UINT32_MAX)
        inode->uid = uid;
    if (gid != UINT32_MAX)
        inode->gid = gid;
}

long sys_fchmodat(int folder, uint64_t path, uint32_t mode)
{
    return change_at(folder, path, true, mode, 0, set_mode);
}

long sys_chmod(uint64_t path, uint32_t mode)
{
    return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_fchmod(int fd, uint32_t mode)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    if (file->inode)
        set_mode(file->inode, mode, 0);
    return 0;
}

long sys_fchownat(int folder, uint64_t path, uint32_t uid, uint32_t gid, int flags)
{
    return change_at(folder, path, !(flags & AT_SYMLINK_NOFOLLOW), uid, gid, set_owner);
}

long sys_chown(uint64_t path, uint32_t uid, uint32_t gid)
{
    return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(uint64_t path, uint32_t uid, uint32_t gid)
{
    return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    if (file->inode)
        set_owner(file->inode, uid, gid);
    return 0;
}

enum { UTIME_NOW = 0x3fffffff, UTIME_OMIT = 0x3ffffffe };

static int64_t time_for(const struct timespec *time, int64_t old)
{
    if (time->nanoseconds == UTIME_OMIT)
        return old;
    if (time->nanoseconds == UTIME_NOW)
        return timer_boot_time() + timer_now();
    return time->seconds * SECOND + time->nanoseconds;
}

long sys_utimensat(int folder, uint64_t path, uint64_t times, int flags)
{
    struct timespec time[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    struct place place = {0};
    struct inode *inode;
    long status = 0;

    if (times && copy_from(time, times, sizeof time) < 0)
        return -EFAULT;
    if (path) {
        status = path_find(folder, path, !(flags & AT_SYMLINK_NOFOLLOW), &place);
        inode = place.inode;
        if (status == 0 && !inode)
            status = -ENOENT;
    } else {
        struct file *file = file_at(folder);

        inode = file ? file->inode : NULL;
        status = !file ? -EBADF : 0;
    }
    if (status == 0 && inode) {
        inode->accessed = time_for(&time[0], inode->accessed);
        inode->modified = time_for(&time[1], inode->modified);
        inode->changed = timer_boot_time() + timer_now();
    }
    place_release(&place);
    return status;
}
