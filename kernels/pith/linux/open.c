/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and changing files by path. Every user is root, so permission bits are kept, not asked.
 */
#include "../cpu/timer.h"
#include "../memory/copy.h"
#include "../memory/paging.h"
#include "errno.h"
#include "file.h"
#include "syscall.h"

#define SECOND 1000000000ll

enum { AT_SYMLINK_NOFOLLOW = 0x100, AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400 };

static uint32_t creation_mask = 022;

static long read_regular(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    long done = inode_read(file->inode, buffer, size, *offset);

    if (done > 0)
        *offset += (uint64_t)done;
    return done;
}

static long write_regular(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    uint64_t at = file->flags & O_APPEND ? file->inode->size : *offset;
    long done = inode_write(file->inode, buffer, size, at);

    if (done > 0)
        *offset = at + (uint64_t)done;
    return done;
}

static long read_folder(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    (void)file, (void)buffer, (void)size, (void)offset;
    return -EISDIR;
}

const struct file_ops regular_ops = {
    .seekable = true, .read = read_regular, .write = write_regular};
const struct file_ops folder_ops = {.seekable = true, .read = read_folder};

/* What a generated file says, when it is opened. */
static struct inode *generated(const struct inode *source)
{
    static char text[65536];
    struct inode *inode = inode_make(source->mode);
    size_t size;

    if (!inode)
        return NULL;
    size = source->generate(text, sizeof text);
    inode->number = source->number;
    inode->mounted = source->mounted;
    if (inode_fill(inode, text, size < sizeof text ? size : sizeof text - 1) < 0) {
        inode_release(inode);
        return NULL;
    }
    return inode;
}

struct file *file_open(struct inode *inode, int flags)
{
    const struct file_ops *ops = &regular_ops;

    if (inode_type(inode) == MODE_FOLDER) {
        ops = &folder_ops;
    } else if (inode_type(inode) == MODE_DEVICE) {
        ops = device_ops(inode->device);
    } else if (inode->generate) {
        struct inode *text = generated(inode);

        inode_release(inode);
        if (!text)
            return NULL;
        inode = text;
    }
    return file_make(ops, flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC), inode,
                     NULL);
}

static long create(struct place *place, uint32_t mode)
{
    long status;

    if (place->folder_wanted)
        return -EISDIR;
    if (!place->parent->links)
        return -ENOENT; /* the folder was removed */
    place->inode = inode_make(mode);
    if (!place->inode)
        return -ENOSPC;
    place->inode->mounted = place->parent->mounted;
    inode_touch(place->inode);
    place->inode->accessed = place->inode->modified;
    status = folder_add(place->parent, place->name, place->length, place->inode);
    if (status == 0)
        inode_touch(place->parent);
    return status;
}

static long may_open(const struct place *place, int flags)
{
    const struct inode *inode = place->inode;

    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
        return -EEXIST;
    if (inode_type(inode) == MODE_LINK && !(flags & O_PATH))
        return -ELOOP;
    if (inode_type(inode) == MODE_FOLDER && flags & (O_ACCMODE | O_CREAT))
        return -EISDIR;
    if (inode_type(inode) != MODE_FOLDER && flags & O_DIRECTORY)
        return -ENOTDIR;
    if (inode_type(inode) == MODE_DEVICE && !device_ops(inode->device))
        return -ENXIO;
    if (inode_type(inode) != MODE_FILE && inode_type(inode) != MODE_FOLDER &&
        inode_type(inode) != MODE_DEVICE && inode_type(inode) != MODE_LINK)
        return -ENXIO;
    return 0;
}

long sys_openat(int folder, uint64_t path, int flags, uint32_t mode)
{
    bool follow = !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    struct place place;
    long status;

    if (flags & O_PATH)
        flags &= O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW;
    status = path_find(folder, path, follow, &place);
    if (status == 0 && place.inode)
        status = may_open(&place, flags);
    else if (status == 0)
        status =
            flags & O_CREAT ? create(&place, MODE_FILE | (mode & 07777 & ~creation_mask)) : -ENOENT;
    if (status == 0 && flags & O_TRUNC && inode_type(place.inode) == MODE_FILE && place.inode->size)
        status = inode_resize(place.inode, 0);
    if (status == 0) {
        inode_hold(place.inode);
        status = file_install(file_open(place.inode, flags), flags & O_CLOEXEC);
    }
    place_release(&place);
    return status;
}

long sys_open(uint64_t path, int flags, uint32_t mode)
{
    return sys_openat(AT_FDCWD, path, flags, mode);
}

long sys_creat(uint64_t path, uint32_t mode)
{
    return sys_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

long sys_umask(uint32_t mask)
{
    uint32_t before = creation_mask;

    creation_mask = mask & 0777;
    return before;
}

long sys_mkdirat(int folder, uint64_t path, uint32_t mode)
{
    struct place place;
    long status = path_find(folder, path, false, &place);

    if (status == 0) {
        place.folder_wanted = false;
        status =
            place.inode ? -EEXIST : create(&place, MODE_FOLDER | (mode & 01777 & ~creation_mask));
    }
    place_release(&place);
    return status;
}

long sys_mkdir(uint64_t path, uint32_t mode)
{
    return sys_mkdirat(AT_FDCWD, path, mode);
}

static long may_remove(const struct place *place, bool folder)
{
    const struct inode *inode = place->inode;

    if (!inode)
        return -ENOENT;
    if (folder && strcmp(place->name, ".") == 0)
        return -EINVAL;
    if (folder && strcmp(place->name, "..") == 0)
        return -ENOTEMPTY;
    if (inode == ramfs_root())
        return -EBUSY;
    if (folder && inode_type(inode) != MODE_FOLDER)
        return -ENOTDIR;
    if (!folder && inode_type(inode) == MODE_FOLDER)
        return -EISDIR;
    return folder && inode->entries ? -ENOTEMPTY : 0;
}

static long remove(int folder, uint64_t path, bool is_folder)
{
    struct place place;
    long status = path_find(folder, path, false, &place);

    if (status == 0)
        status = may_remove(&place, is_folder);
    if (status == 0) {
        folder_remove(place.parent, place.name, place.length);
        inode_touch(place.parent);
    }
    place_release(&place);
    return status;
}

long sys_unlinkat(int folder, uint64_t path, int flags)
{
    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    return remove(folder, path, flags & AT_REMOVEDIR);
}

long sys_unlink(uint64_t path)
{
    return remove(AT_FDCWD, path, false);
}

long sys_rmdir(uint64_t path)
{
    return remove(AT_FDCWD, path, true);
}

static bool is_inside(const struct inode *folder, const struct inode *inode)
{
    for (; folder != ramfs_root(); folder = folder->parent)
        if (folder == inode || folder->parent == folder)
            return folder == inode;
    return folder == inode;
}

static long may_rename(const struct place *from, const struct place *to, unsigned flags)
{
    const struct inode *inode = from->inode, *old = to->inode;

    if (!inode)
        return -ENOENT;
    if (old && flags & 1)
        return -EEXIST;
    if (inode_type(inode) == MODE_FOLDER && is_inside(to->parent, inode))
        return -EINVAL;
    if (from->parent->mounted != to->parent->mounted)
        return -EXDEV;
    if (!old)
        return to->folder_wanted && inode_type(inode) != MODE_FOLDER ? -ENOTDIR : 0;
    if (inode_type(old) == MODE_FOLDER && inode_type(inode) != MODE_FOLDER)
        return -EISDIR;
    if (inode_type(old) != MODE_FOLDER && inode_type(inode) == MODE_FOLDER)
        return -ENOTDIR;
    return inode_type(old) == MODE_FOLDER && old->entries ? -ENOTEMPTY : 0;
}

long sys_renameat2(int from_folder, uint64_t from_path, int to_folder, uint64_t to_path,
                   unsigned flags)
{
    struct place from, to = {0};
    long status = path_find(from_folder, from_path, false, &from);

    if (flags & ~1u) /* only RENAME_NOREPLACE */
        status = -EINVAL;
    if (status == 0)
        status = path_find(to_folder, to_path, false, &to);
    if (status == 0)
        status = may_rename(&from, &to, flags);
    if (status == 0 && from.inode != to.inode) {
        if (to.inode)
            folder_remove(to.parent, to.name, to.length);
        folder_remove(from.parent, from.name, from.length); /* `from` still holds it */
        status = folder_add(to.parent, to.name, to.length, from.inode);
        inode_touch(from.parent);
        inode_touch(to.parent);
    }
    place_release(&from);
    place_release(&to);
    return status;
}

long sys_renameat(int from_folder, uint64_t from, int to_folder, uint64_t to)
{
    return sys_renameat2(from_folder, from, to_folder, to, 0);
}

long sys_rename(uint64_t from, uint64_t to)
{
    return sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

long sys_linkat(int from_folder, uint64_t from_path, int to_folder, uint64_t to_path, int flags)
{
    struct place from, to = {0};
    long status = path_find(from_folder, from_path, flags & AT_SYMLINK_FOLLOW, &from);

    if (status == 0 && !from.inode)
        status = -ENOENT;
    if (status == 0)
        status = path_find(to_folder, to_path, false, &to);
    if (status == 0 && to.inode)
        status = -EEXIST;
    if (status == 0 && inode_type(from.inode) == MODE_FOLDER)
        status = -EPERM;
    if (status == 0) {
        status = folder_add(to.parent, to.name, to.length, from.inode);
        inode_touch(to.parent);
    }
    place_release(&from);
    place_release(&to);
    return status;
}

long sys_link(uint64_t from, uint64_t to)
{
    return sys_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

long sys_symlinkat(uint64_t target, int folder, uint64_t path)
{
    static char text[PATH_SIZE];
    long length = copy_text(text, target, sizeof text), status;
    struct place place;

    if (length <= 0)
        return length < 0 ? length : -ENOENT;
    status = path_find(folder, path, false, &place);
    if (status == 0)
        status = place.inode ? -EEXIST : create(&place, MODE_LINK | 0777);
    if (status == 0 && inode_fill(place.inode, text, (size_t)length) < 0)
        status = -ENOSPC;
    if (status == 0)
        place.inode->archive = place.inode->pages[0]; /* where a link's target is looked for */
    place_release(&place);
    return status;
}

long sys_symlink(uint64_t target, uint64_t path)
{
    return sys_symlinkat(target, AT_FDCWD, path);
}

long sys_readlinkat(int folder, uint64_t path, uint64_t buffer, int size)
{
    static char text[PATH_SIZE];
    struct place place;
    const char *target = text;
    size_t length;
    long status;

    if (size <= 0)
        return -EINVAL;
    status = path_find(folder, path, false, &place);
    if (status == 0 && !place.inode)
        status = -ENOENT;
    if (status == 0 && inode_type(place.inode) != MODE_LINK)
        status = -EINVAL;
    if (status == 0) {
        length = place.inode->size;
        if (place.inode->generate)
            length = place.inode->generate(text, sizeof text);
        else
            target = place.inode->archive;
        if (length > (size_t)size)
            length = (size_t)size;
        status = copy_to(buffer, target, length) < 0 ? -EFAULT : (long)length;
    }
    place_release(&place);
    return status;
}

long sys_readlink(uint64_t path, uint64_t buffer, int size)
{
    return sys_readlinkat(AT_FDCWD, path, buffer, size);
}

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
        place.inode->changed = timer_boot_time() * SECOND + timer_now();
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
        return timer_boot_time() * SECOND + timer_now();
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
        inode->changed = timer_boot_time() * SECOND + timer_now();
    }
    place_release(&place);
    return status;
}
