/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of files: removing, renaming, links. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/file.h"
#include "linux/path.h"
#include "memory/copy.h"

enum { AT_REMOVEDIR = 0x200, AT_SYMLINK_FOLLOW = 0x400 };

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

/* "/", "." or "..": a way to a folder, not its name. */
static bool is_way(const struct place *place)
{
    return strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0;
}

static long may_rename(const struct place *from, const struct place *to, unsigned flags)
{
    const struct inode *inode = from->inode, *old = to->inode;

    if (is_way(from) || is_way(to))
        return is_way(from) || !flags ? -EBUSY : -EEXIST;
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
    if (status == 0 && from.inode != to.inode)
        status = folder_move(from.parent, from.name, from.length, to.parent, to.name, to.length);
    if (status == 0 && from.inode != to.inode) {
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
        if (status == 0)
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
    static char text[PATH_SIZE]; /* valid until this returns: nothing waits in here */
    long length = copy_text(text, target, sizeof text), status;
    struct place place;

    if (length <= 0)
        return length < 0 ? length : -ENOENT;
    status = path_find(folder, path, false, &place);
    if (status == 0)
        status = place.inode ? -EEXIST : place_create(&place, MODE_LINK | 0777);
    if (status == 0 && inode_fill(place.inode, text, (size_t)length) < 0)
        status = -ENOSPC;
    if (status == 0)
        place.inode->archive =
            page_tree_get(&place.inode->pages, 0); /* where its target is looked for */
    place_release(&place);
    return status;
}

long sys_symlink(uint64_t target, uint64_t path)
{
    return sys_symlinkat(target, AT_FDCWD, path);
}

long sys_readlinkat(int folder, uint64_t path, uint64_t buffer, int size)
{
    static char text[PATH_SIZE]; /* valid until this returns: nothing waits in here */
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
