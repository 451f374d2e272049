/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is there: stat and its kin, folders' entries. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/file.h"
#include "linux/path.h"
#include "linux/time.h"
#include "memory/copy.h"
#include "memory/paging.h"

enum { AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000 };

struct stat {
    uint64_t device, inode, links;
    uint32_t mode, uid, gid, padding;
    uint64_t special;
    int64_t size, block_size, blocks;
    struct timespec accessed, modified, changed;
    int64_t unused[3];
};

struct statx_time {
    int64_t seconds;
    uint32_t nanoseconds, padding;
};

struct statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, padding;
    uint64_t inode, size, blocks, attributes_mask;
    struct statx_time accessed, born, changed, modified;
    uint32_t special_major, special_minor, device_major, device_minor;
    uint64_t unused[14];
};

/* A folder's size is what tmpfs makes of it: 20 for each name, "." and ".." too. */
static uint64_t size_of(const struct inode *inode)
{
    uint64_t names = 2;

    if (inode_type(inode) != MODE_FOLDER)
        return inode->size;
    for (const struct entry *entry = inode->entries; entry; entry = entry->next)
        names++;
    return 20 * names;
}

static void describe(const struct inode *inode, struct stat *stat)
{
    uint64_t held = inode_type(inode) == MODE_FILE ? (inode->size + PAGE - 1) / PAGE * 8 : 0;

    *stat = (struct stat){
        .device = inode->mounted,
        .inode = inode->number,
        .links = inode->links,
        .mode = inode->mode,
        .uid = inode->uid,
        .gid = inode->gid,
        .special = inode->device,
        .size = (int64_t)size_of(inode),
        .block_size = 4096,
        .blocks = (int64_t)held,
        .accessed = time_of(inode->accessed),
        .modified = time_of(inode->modified),
        .changed = time_of(inode->changed),
    };
}

static void describe_file(const struct file *file, struct stat *stat)
{
    if (file->inode)
        describe(file->inode, stat);
    else
        *stat = (struct stat){.device = 1,
                              .inode = 1,
                              .links = 1,
                              .mode = file->ops->mode & MODE_TYPE ? file->ops->mode : 0600,
                              .special = file->ops->mode & MODE_DEVICE ? 5 << 8 | 1 : 0,
                              .block_size = 4096};
}

/* What `path` from `folder` names, or `folder` itself where the flags allow and the path is "". */
static long find(int folder, uint64_t path, int flags, struct stat *stat)
{
    struct place place;
    char first;
    long status;

    if (flags & AT_EMPTY_PATH && (!path || (copy_from(&first, path, 1) == 0 && !first))) {
        const struct file *file = file_at(folder);

        if (!file)
            return -EBADF;
        describe_file(file, stat);
        return 0;
    }
    status = path_find(folder, path, !(flags & AT_SYMLINK_NOFOLLOW), &place);
    if (status == 0 && !place.inode)
        status = -ENOENT;
    if (status == 0)
        describe(place.inode, stat);
    place_release(&place);
    return status;
}

long sys_newfstatat(int folder, uint64_t path, uint64_t out, int flags)
{
    struct stat stat;
    long status = find(folder, path, flags, &stat);

    return status < 0 ? status : copy_to(out, &stat, sizeof stat);
}

long sys_stat(uint64_t path, uint64_t out)
{
    return sys_newfstatat(AT_FDCWD, path, out, 0);
}

long sys_lstat(uint64_t path, uint64_t out)
{
    return sys_newfstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

long sys_fstat(int fd, uint64_t out)
{
    const struct file *file = file_at(fd);
    struct stat stat;

    if (!file)
        return -EBADF;
    describe_file(file, &stat);
    return copy_to(out, &stat, sizeof stat);
}

static struct statx_time to_statx(struct timespec time)
{
    return (struct statx_time){time.seconds, (uint32_t)time.nanoseconds, 0};
}

long sys_statx(int folder, uint64_t path, int flags, uint32_t mask, uint64_t out)
{
    struct stat stat;
    struct statx wide;
    long status = find(folder, path, flags, &stat);

    if (status < 0)
        return status;
    if (mask >> 31)
        return -EINVAL;
    wide = (struct statx){
        .mask = 0x7ff,
        .block_size = 4096,
        .links = (uint32_t)stat.links,
        .uid = stat.uid,
        .gid = stat.gid,
        .mode = (uint16_t)stat.mode,
        .inode = stat.inode,
        .size = (uint64_t)stat.size,
        .blocks = (uint64_t)stat.blocks,
        .accessed = to_statx(stat.accessed),
        .changed = to_statx(stat.changed),
        .modified = to_statx(stat.modified),
        .special_major = (uint32_t)stat.special >> 8,
        .special_minor = (uint32_t)stat.special & 255,
        .device_minor = (uint32_t)stat.device,
    };
    return copy_to(out, &wide, sizeof wide);
}

long sys_faccessat(int folder, uint64_t path, int mode)
{
    struct stat stat;
    long status = mode & ~7 ? -EINVAL : find(folder, path, 0, &stat);

    if (status < 0)
        return status;
    /* Root may all, but execute only what somebody may. */
    return mode & 1 && (stat.mode & MODE_TYPE) != MODE_FOLDER && !(stat.mode & 0111) ? -EACCES : 0;
}

long sys_access(uint64_t path, int mode)
{
    return sys_faccessat(AT_FDCWD, path, mode);
}

static long statfs(uint64_t out)
{
    const uint64_t total = memory.total_pages, free = memory.free_pages;
    const uint64_t values[15] = {
        0x01021994 /* tmpfs */, PAGE, total, free, free, 0, 0, 0, 255, PAGE};

    return copy_to(out, values, sizeof values);
}

long sys_statfs(uint64_t path, uint64_t out)
{
    struct stat stat;
    long status = find(AT_FDCWD, path, 0, &stat);

    return status < 0 ? status : statfs(out);
}

long sys_fstatfs(int fd, uint64_t out)
{
    return file_at(fd) ? statfs(out) : -EBADF;
}

struct dirent {
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char name[NAME_SIZE + 1];
};

/* Where a reading of a folder is. Offsets 0 and 1 are "." and "..", 2 the latest name; any other is
 * the cookie of the name before, plus 3, so that names which come and go meanwhile move no other.
 */
struct reading {
    const struct inode *folder;
    const struct entry *entry; /* from offset 2 on */
    uint64_t offset;
};

static struct reading start_reading(const struct inode *folder, uint64_t offset)
{
    const struct entry *entry = folder->entries;

    while (entry && offset > 2 && entry->cookie + 3 >= offset)
        entry = entry->next;
    return (struct reading){folder, entry, offset};
}

/* The name there and what it is, and the offset behind it; NULL: there are no more. */
static const char *name_here(const struct reading *at, const struct inode **inode, uint64_t *next)
{
    if (at->offset < 2) {
        *inode = at->offset == 0 ? at->folder : at->folder->parent;
        *next = at->offset + 1;
        return at->offset == 0 ? "." : "..";
    }
    if (!at->entry)
        return NULL;
    *inode = at->entry->inode;
    *next = (uint64_t)at->entry->cookie + 3;
    return at->entry->name;
}

long sys_getdents64(int fd, uint64_t buffer, uint64_t size)
{
    struct file *file = file_at(fd);
    const struct inode *inode;
    uint64_t done = 0, next;
    struct reading at;
    const char *name;

    if (!file)
        return -EBADF;
    if (!file->inode || inode_type(file->inode) != MODE_FOLDER)
        return -ENOTDIR;
    at = start_reading(file->inode, file->offset);
    while ((name = name_here(&at, &inode, &next))) {
        size_t length = strlen(name);
        size_t whole = (offsetof(struct dirent, name) + length + 1 + 7) & ~7ul;
        struct dirent entry = {
            .inode = inode->number,
            .offset = (int64_t)next,
            .size = (uint16_t)whole,
            .type = (uint8_t)(inode_type(inode) >> 12),
        };

        memcpy(entry.name, name, length);
        if (done + whole > size)
            return done ? (long)done : -EINVAL;
        if (copy_to(buffer + done, &entry, whole) < 0)
            return -EFAULT;
        done += whole;
        if (at.offset >= 2)
            at.entry = at.entry->next;
        file->offset = at.offset = next;
    }
    return (long)done;
}
