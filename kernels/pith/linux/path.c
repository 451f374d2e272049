/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Path resolution (path_resolution(7)), and the current folder. */
#include "linux/path.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/file.h"
#include "memory/copy.h"

#define LINKS_MAX 40

static struct inode *working; /* NULL: the root */

static struct inode *start_of(int folder, const char *path, long *status)
{
    struct file *file;

    if (*path == '/')
        return ramfs_root();
    if (folder == AT_FDCWD)
        return working ? working : ramfs_root();
    file = file_at(folder);
    *status = !file                                                    ? -EBADF
              : !file->inode || inode_type(file->inode) != MODE_FOLDER ? -ENOTDIR
                                                                       : 0;
    return *status < 0 ? NULL : file->inode;
}

/* Put the target of a link before what is left of the path. `text` holds PATH_SIZE bytes. */
static long follow(const struct inode *link, char *text, const char *rest)
{
    static char joined[PATH_SIZE]; /* valid until this returns: nothing waits in here */

    if (link->generate) { /* /proc/self/exe and its like */
        size_t length = link->generate(joined, sizeof joined);

        if (length + strlen(rest) + 2 > PATH_SIZE)
            return -ENAMETOOLONG;
        format(joined + length, sizeof joined - length, "%s%s", *rest ? "/" : "", rest);
    } else {
        if (link->size + strlen(rest) + 2 > PATH_SIZE)
            return -ENAMETOOLONG;
        memcpy(joined, link->archive, link->size);
        format(joined + link->size, sizeof joined - link->size, "%s%s", *rest ? "/" : "", rest);
    }
    memcpy(text, joined, strlen(joined) + 1);
    return 0;
}

/* One step: `name` in `folder`. */
static struct inode *step(struct inode *folder, const char *name, size_t length)
{
    if (length == 1 && name[0] == '.')
        return folder;
    if (length == 2 && name[0] == '.' && name[1] == '.')
        return folder->parent ? folder->parent : folder;
    return folder_find(folder, name, length);
}

static long resolve(int folder, char *text, bool follow_last, struct place *place)
{
    struct inode *at;
    const char *name = text;
    long status = 0;
    int links = 0;

    if (!*text)
        return -ENOENT;
    at = start_of(folder, text, &status);
    if (!at)
        return status;
    place->parent = at->parent ? at->parent : at;
    place->inode = at;
    place->length = 1;
    memcpy(place->name, ".", 2);
    for (;;) {
        const char *end;
        size_t length;

        while (*name == '/')
            name++;
        if (!*name)
            break;
        for (end = name; *end && *end != '/';)
            end++;
        length = (size_t)(end - name);
        if (length > NAME_SIZE)
            return -ENAMETOOLONG;
        if (!place->inode)
            return -ENOENT;
        if (inode_type(place->inode) != MODE_FOLDER)
            return -ENOTDIR;
        at = place->inode;
        place->parent = at;
        place->inode = step(at, name, length);
        memcpy(place->name, name, length);
        place->name[length] = '\0';
        place->length = length;
        place->folder_wanted = *end == '/';
        while (*end == '/')
            end++;
        if (place->inode && inode_type(place->inode) == MODE_LINK &&
            (*end || follow_last || place->folder_wanted)) {
            if (++links > LINKS_MAX)
                return -ELOOP;
            status = follow(place->inode, text, end);
            if (status < 0)
                return status;
            place->inode = *text == '/' ? ramfs_root() : at;
            end = text;
        }
        name = end;
    }
    if (place->inode && place->folder_wanted && inode_type(place->inode) != MODE_FOLDER)
        return -ENOTDIR;
    return 0;
}

long path_find_text(int folder, const char *path, bool follow_last, struct place *place)
{
    static char text[PATH_SIZE]; /* valid until this returns: nothing waits in here */
    long status;

    *place = (struct place){0};
    if (strlen(path) >= sizeof text)
        return -ENAMETOOLONG;
    memmove(text, path, strlen(path) + 1);
    status = resolve(folder, text, follow_last, place);
    if (status < 0) {
        *place = (struct place){0};
        return status;
    }
    inode_hold(place->parent);
    if (place->inode)
        inode_hold(place->inode);
    return 0;
}

long path_find(int folder, uint64_t path, bool follow_last, struct place *place)
{
    static char text[PATH_SIZE]; /* valid until this returns: nothing waits in here */
    long status = copy_text(text, path, sizeof text);

    *place = (struct place){0};
    return status < 0 ? status : path_find_text(folder, text, follow_last, place);
}

void place_release(struct place *place)
{
    inode_release(place->parent);
    inode_release(place->inode);
}

static long change_to(struct inode *inode)
{
    if (inode_type(inode) != MODE_FOLDER)
        return -ENOTDIR;
    inode_hold(inode);
    inode_release(working);
    working = inode;
    return 0;
}

long sys_chdir(uint64_t path)
{
    struct place place;
    long status = path_find(AT_FDCWD, path, true, &place);

    if (status == 0)
        status = place.inode ? change_to(place.inode) : -ENOENT;
    place_release(&place);
    return status;
}

long sys_fchdir(int fd)
{
    struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    return file->inode ? change_to(file->inode) : -ENOTDIR;
}

static const char *name_in(const struct inode *folder, const struct inode *inode)
{
    for (const struct entry *entry = folder->entries; entry; entry = entry->next)
        if (entry->inode == inode)
            return entry->name;
    return NULL;
}

long sys_getcwd(uint64_t buffer, uint64_t size)
{
    static char text[PATH_SIZE]; /* valid until this returns: nothing waits in here */
    const struct inode *at = working ? working : ramfs_root();
    size_t start = sizeof text - 1;

    text[start] = '\0';
    while (at != ramfs_root()) {
        const char *name = at->parent ? name_in(at->parent, at) : NULL;
        size_t length;

        if (!name)
            return -ENOENT; /* it was removed */
        length = strlen(name);
        if (length + 1 > start)
            return -ENAMETOOLONG;
        start -= length + 1;
        text[start] = '/';
        memcpy(text + start + 1, name, length);
        at = at->parent;
    }
    if (start == sizeof text - 1)
        text[--start] = '/';
    if (size < sizeof text - start)
        return -ERANGE;
    return copy_to(buffer, text + start, sizeof text - start) < 0 ? -EFAULT
                                                                  : (long)(sizeof text - start);
}
