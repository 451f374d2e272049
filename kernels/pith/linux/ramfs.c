/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/ramfs.h"
#include "cpu/cpu.h"
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/cpio.h"
#include "linux/procfs.h"
#include "memory/copy.h"
#include "memory/heap.h"
#include "memory/paging.h"

#define SECOND 1000000000ll

static const char *archive;
static uint64_t archive_size;
static struct inode *root;
static uint32_t last_number;

void ramfs_init(const char *data, uint64_t size)
{
    archive = data;
    archive_size = size;
}

long ramfs_program(const char *path, const char **data, uint64_t *size)
{
    struct cpio_entry entry;
    uint64_t offset = 0;
    long found = -ENOENT, status;

    while (*path == '/' || (*path == '.' && path[1] == '/'))
        path++;
    while ((status = cpio_next(archive, archive_size, &offset, &entry)) > 0)
        if (strcmp(path, entry.name) == 0) { /* a later archive's file replaces an earlier one's */
            if ((entry.mode & MODE_TYPE) == MODE_LINK)
                return -ELOOP;
            *data = entry.data;
            *size = entry.size;
            found = 0;
        }
    if (status < 0)
        panic("the initramfs is not a whole newc cpio archive: damaged at byte %ld of %ld", offset,
              archive_size);
    return found;
}

struct inode *inode_make(uint32_t mode)
{
    struct inode *inode = heap_take(sizeof *inode);

    if (!inode)
        return NULL;
    inode->number = ++last_number;
    inode->mode = mode;
    inode->references = 1;
    inode->mounted = 2;
    return inode;
}

void inode_hold(struct inode *inode)
{
    inode->references++;
}

static char *free_page(char *page)
{
    page_give(page);
    return NULL;
}

static char *clear_page(char *page)
{
    return memset(page, 0, PAGE);
}

/* Pages that are mapped stay: somebody still sees them. */
static void drop_pages(struct inode *inode, uint64_t from)
{
    page_tree_cut(&inode->pages, from, inode->shared ? clear_page : free_page);
}

void inode_release(struct inode *inode)
{
    if (!inode || --inode->references)
        return;
    drop_pages(inode, 0);
    while (inode->entries)
        folder_remove(inode, inode->entries->name, inode->entries->length);
    heap_give(inode, sizeof *inode);
}

void inode_touch(struct inode *inode)
{
    inode->modified = inode->changed = timer_boot_time() + timer_now();
}

static struct entry **entry_at(const struct inode *folder, const char *name, size_t length)
{
    struct entry **link = (struct entry **)&folder->entries;

    while (*link && ((*link)->length != length || memcmp((*link)->name, name, length) != 0))
        link = &(*link)->next;
    return link;
}

struct inode *folder_find(const struct inode *folder, const char *name, size_t length)
{
    struct entry *entry = *entry_at(folder, name, length);

    return entry ? entry->inode : NULL;
}

/* A name for `inode`, in no folder yet. */
static struct entry *entry_make(const char *name, size_t length, struct inode *inode)
{
    struct entry *entry = heap_take(sizeof *entry + length + 1);

    if (!entry)
        return NULL;
    entry->length = (uint8_t)length;
    memcpy(entry->name, name, length);
    entry->inode = inode;
    return entry;
}

static void entry_put(struct inode *folder, struct entry *entry)
{
    entry->cookie = ++folder->last_cookie;
    entry->next = folder->entries;
    folder->entries = entry;
    if (inode_type(entry->inode) == MODE_FOLDER) {
        entry->inode->parent = folder;
        folder->links++; /* its ".." */
    }
}

/* Its inode, whose link it was. */
static struct inode *entry_take(struct inode *folder, const char *name, size_t length)
{
    struct entry **link = entry_at(folder, name, length), *entry = *link;
    struct inode *inode;

    if (!entry)
        return NULL;
    inode = entry->inode;
    *link = entry->next;
    heap_give(entry, sizeof *entry + length + 1);
    if (inode_type(inode) == MODE_FOLDER)
        folder->links--;
    return inode;
}

long folder_add(struct inode *folder, const char *name, size_t length, struct inode *inode)
{
    struct entry *entry;

    if (!folder->links)
        return -ENOENT;
    entry = entry_make(name, length, inode);
    if (!entry)
        return -ENOMEM;
    inode_hold(inode);
    inode->links += inode_type(inode) == MODE_FOLDER ? 2 : 1; /* its own "." */
    entry_put(folder, entry);
    return 0;
}

void folder_remove(struct inode *folder, const char *name, size_t length)
{
    struct inode *inode = entry_take(folder, name, length);

    if (!inode)
        return;
    if (inode_type(inode) == MODE_FOLDER) {
        inode->links--;
        inode->parent = inode; /* the folder may be gone before its child */
    }
    inode->links--;
    inode_release(inode);
}

long folder_move(struct inode *from, const char *name, size_t length, struct inode *to,
                 const char *new_name, size_t new_length)
{
    struct entry *entry;

    if (!to->links)
        return -ENOENT;
    entry = entry_make(new_name, new_length, NULL);
    if (!entry)
        return -ENOMEM;
    folder_remove(to, new_name, new_length);
    entry->inode = entry_take(from, name, length);
    entry_put(to, entry);
    return 0;
}

/* A page's worth of bytes at `index`, as they are without the file's own page. */
static size_t archived(const struct inode *inode, uint64_t index, const char **data)
{
    uint64_t at = index * PAGE, left = at < inode->archive_size ? inode->archive_size - at : 0;

    *data = inode->archive + at;
    return left < PAGE ? left : PAGE;
}

void inode_copy_page(const struct inode *inode, uint64_t offset, char *page)
{
    uint64_t index = offset / PAGE;
    const char *data = page_tree_get(&inode->pages, index);

    if (data)
        memcpy(page, data, PAGE);
    else
        memcpy(page, data, archived(inode, index, &data));
}

static char *make_page(struct inode *inode, uint64_t index)
{
    char **place = page_tree_at(&inode->pages, index, true);
    const char *data;

    if (place && !*place && (*place = page_take())) {
        size_t size = archived(inode, index, &data);

        memcpy(*place, data, size);
    }
    return place ? *place : NULL;
}

char *inode_own_page(struct inode *inode, uint64_t offset)
{
    return offset < inode->size ? make_page(inode, offset / PAGE) : NULL;
}

/* Read with `copy` doing the copying out of a page. */
static long read_with(struct inode *inode, uint64_t buffer, uint64_t size, uint64_t offset,
                      long (*copy)(uint64_t to, const void *from, size_t size))
{
    static const char zeros[PAGE];
    uint64_t done = 0;

    if (offset >= inode->size)
        return 0;
    if (size > inode->size - offset)
        size = inode->size - offset;
    while (done < size) {
        uint64_t index = (offset + done) / PAGE, within = (offset + done) % PAGE;
        uint64_t part = PAGE - within < size - done ? PAGE - within : size - done;
        const char *data = page_tree_get(&inode->pages, index), *old;
        uint64_t there = PAGE;

        if (!data) {
            there = archived(inode, index, &old);
            data = old;
        }
        if (there <= within) {
            data = zeros;
            within = 0;
        } else if (part > there - within) {
            part = there - within;
        }
        if (copy(buffer + done, data + within, part) < 0)
            return done ? (long)done : -EFAULT;
        done += part;
    }
    return (long)done;
}

long inode_read(struct inode *inode, uint64_t buffer, uint64_t size, uint64_t offset)
{
    return read_with(inode, buffer, size, offset, copy_to);
}

static long copy_out(uint64_t to, const void *from, size_t size)
{
    memcpy((void *)to, from, size);
    return 0;
}

void inode_copy(struct inode *inode, void *to, uint64_t size, uint64_t offset)
{
    uint64_t done = (uint64_t)read_with(inode, (uint64_t)to, size, offset, copy_out);

    memset((char *)to + done, 0, size - done);
}

/* Write with `copy` doing the copying into a page. */
static long write_with(struct inode *inode, uint64_t from, uint64_t size, uint64_t offset,
                       long (*copy)(void *to, uint64_t from, size_t size))
{
    uint64_t done = 0;
    long status = 0;

    while (done < size) {
        uint64_t within = (offset + done) % PAGE;
        uint64_t part = PAGE - within < size - done ? PAGE - within : size - done;
        char *page = make_page(inode, (offset + done) / PAGE);

        status = page ? copy(page + within, from + done, part) : -ENOSPC;
        if (status < 0)
            break;
        done += part;
        if (offset + done > inode->size)
            inode->size = offset + done;
    }
    return done || !size ? (long)done : status;
}

long inode_write(struct inode *inode, uint64_t buffer, uint64_t size, uint64_t offset)
{
    if (offset >= INT64_MAX)
        return -EFBIG;
    if (size > INT64_MAX - offset)
        size = INT64_MAX - offset;
    inode_touch(inode);
    return write_with(inode, buffer, size, offset, copy_from);
}

static long copy_own(void *to, uint64_t from, size_t size)
{
    memcpy(to, (const void *)from, size);
    return 0;
}

long inode_fill(struct inode *inode, const char *text, size_t size)
{
    return write_with(inode, (uint64_t)text, size, inode->size, copy_own);
}

long inode_resize(struct inode *inode, uint64_t size)
{
    if (size < inode->size) {
        uint64_t within = size % PAGE;
        char *last = within ? make_page(inode, size / PAGE) : NULL;

        if (within && !last)
            return -ENOSPC;
        if (last)
            memset(last + within, 0, PAGE - within);
        drop_pages(inode, (size + PAGE - 1) / PAGE);
        if (inode->archive_size > size)
            inode->archive_size = size;
    }
    inode->size = size;
    inode_touch(inode);
    return 0;
}

/* The folder that `name` lies in, made where it is missing; *last is the name's last part. */
static struct inode *folder_for(const char *name, const char **last)
{
    struct inode *folder = root;

    for (;;) {
        const char *end = strchr(name, '/');
        struct inode *next;

        while (*name == '/')
            name++;
        end = strchr(name, '/');
        if (!end) {
            *last = name;
            return folder;
        }
        next = folder_find(folder, name, (size_t)(end - name));
        if (!next || inode_type(next) != MODE_FOLDER) {
            next = inode_make(MODE_FOLDER | 0755);
            if (!next || folder_add(folder, name, (size_t)(end - name), next) < 0)
                return NULL;
            inode_release(next);
        }
        folder = next;
        name = end + 1;
    }
}

static bool take_entry(const struct cpio_entry *entry)
{
    const char *last;
    struct inode *folder = folder_for(entry->name, &last), *inode;
    size_t length;

    if (!folder)
        return false;
    length = strlen(last);
    if (!length || length > NAME_SIZE || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
        return true;
    inode = folder_find(folder, last, length);
    if (inode && inode_type(inode) == MODE_FOLDER && (entry->mode & MODE_TYPE) == MODE_FOLDER) {
        inode->mode = entry->mode;
        inode->modified = entry->mtime * SECOND;
        return true;
    }
    if (inode)
        folder_remove(folder, last, length);
    inode = inode_make(entry->mode);
    if (!inode)
        return false;
    inode->archive = entry->data;
    inode->archive_size = inode->size = entry->size;
    inode->accessed = inode->modified = inode->changed = entry->mtime * SECOND;
    if (folder_add(folder, last, length, inode) < 0)
        return false;
    inode_release(inode);
    return true;
}

struct inode *ramfs_root(void)
{
    struct cpio_entry entry;
    uint64_t offset = 0;
    bool whole = true;

    if (root)
        return root;
    root = inode_make(MODE_FOLDER | 0755);
    if (!root)
        panic("no memory for the file system");
    root->parent = root;
    root->links = 2;
    while (cpio_next(archive, archive_size, &offset, &entry) > 0)
        whole &= take_entry(&entry);
    whole &= proc_mount(root);
    if (!whole)
        panic("no memory for the files of the initramfs; give the VM more");
    return root;
}
