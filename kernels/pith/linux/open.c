/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and making files by path. Every user is root: permission bits are kept, not asked. */
#include "cpu/layout.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/file.h"
#include "linux/path.h"
#include "memory/heap.h"

#define TEXT_MOST 65536 /* bytes of a generated file */

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

/* What a generated file says, when it is opened. Not a part of each opening. */
static __attribute__((noinline)) struct inode *generated(const struct inode *source)
{
    struct inode *inode = inode_make(source->mode);
    size_t room, size;
    char *text;

    /* A page will do for nearly all. Where memory is short there may be no more in one piece. */
    for (room = PAGE;; room = TEXT_MOST) {
        text = heap_take_uncleared(room);
        size = text ? source->generate(text, room) : 0;
        if (size < room || room == TEXT_MOST)
            break;
        heap_give(text, room);
    }
    if (inode) {
        inode->number = source->number;
        inode->mounted = source->mounted;
    }
    if (!inode || !text || inode_fill(inode, text, size < room ? size : room - 1) < 0) {
        inode_release(inode);
        inode = NULL;
    }
    heap_give(text, room);
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

long place_create(struct place *place, uint32_t mode)
{
    long status;

    if (place->folder_wanted)
        return -EISDIR;
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
        status = flags & O_CREAT ? place_create(&place, MODE_FILE | (mode & 07777 & ~creation_mask))
                                 : -ENOENT;
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
        status = place.inode ? -EEXIST
                             : place_create(&place, MODE_FOLDER | (mode & 01777 & ~creation_mask));
    }
    place_release(&place);
    return status;
}

long sys_mkdir(uint64_t path, uint32_t mode)
{
    return sys_mkdirat(AT_FDCWD, path, mode);
}
