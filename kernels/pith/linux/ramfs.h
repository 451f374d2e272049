/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file system: a tree in memory, made from the initramfs when a path is first used. A file's
 * bytes stay in the archive until they are written, page by page.
 */
#ifndef PITH_RAMFS_H
#define PITH_RAMFS_H

#include "linux/page_tree.h"

#define MODE_TYPE 0170000u
#define MODE_PIPE 0010000u
#define MODE_DEVICE 0020000u
#define MODE_FOLDER 0040000u
#define MODE_FILE 0100000u
#define MODE_LINK 0120000u
#define NAME_SIZE 255
#define PATH_SIZE 4096

struct entry {
    struct entry *next;
    struct inode *inode;
    uint32_t cookie; /* larger for a later name of the folder */
    uint8_t length;
    char name[];
};

struct inode {
    uint32_t number, mode, uid, gid;
    uint32_t links;      /* names */
    uint32_t references; /* open files, mappings, and one for having names */
    uint32_t device;     /* of a device node: major << 8 | minor */
    uint32_t mounted;    /* st_dev: which file system it belongs to on Linux */
    uint64_t size;
    int64_t accessed, modified, changed; /* ns since 1970 */
    const char *archive; /* what the file was in the initramfs, or a link's target */
    uint64_t archive_size;
    struct page_tree pages; /* what is not in the archive (any more) */
    unsigned shared;        /* mappings of the pages themselves */
    struct entry *entries;  /* the latest first, as tmpfs lists them */
    uint32_t last_cookie;
    struct inode *parent; /* of a folder */
    /* /proc: makes the text when it is opened. Bytes, as format() counts them. */
    size_t (*generate)(char *out, size_t size);
};

/* Take the archive that the boot loader left. */
void ramfs_init(const char *archive, uint64_t size);

/* The bytes of a file in the archive, before there is a tree: for the program itself. Looks at the
 * whole of it, and panics where it is damaged. */
long ramfs_program(const char *path, const char **data, uint64_t *size);

/* The root; the first call makes the tree. */
struct inode *ramfs_root(void);

void inode_hold(struct inode *inode);
void inode_release(struct inode *inode);
static inline uint32_t inode_type(const struct inode *inode)
{
    return inode->mode & MODE_TYPE;
}

/* A new inode with one reference, for the caller. NULL: no memory. */
struct inode *inode_make(uint32_t mode);

/* Names in a folder. `length` bytes at `name`. Adding takes a reference of its own. -ENOENT where
 * the folder itself was removed: whatever came into it would be gone. */
struct inode *folder_find(const struct inode *folder, const char *name, size_t length);
long folder_add(struct inode *folder, const char *name, size_t length, struct inode *inode);
void folder_remove(struct inode *folder, const char *name, size_t length);
/* Move what is there to another name, over what bears that one; on failure nothing has changed. */
long folder_move(struct inode *from, const char *name, size_t length, struct inode *to,
                 const char *new_name, size_t new_length);

/* Read and write a file's bytes from and to the program's memory. Bytes or -errno. */
long inode_read(struct inode *inode, uint64_t buffer, uint64_t size, uint64_t offset);
long inode_write(struct inode *inode, uint64_t buffer, uint64_t size, uint64_t offset);
/* Copy `size` bytes to the kernel's memory; what is not in the file (any more) reads as zeros. */
void inode_copy(struct inode *inode, void *to, uint64_t size, uint64_t offset);
long inode_resize(struct inode *inode, uint64_t size);

/* Append from the kernel's memory: for generated files. */
long inode_fill(struct inode *inode, const char *text, size_t size);

/* Copy the page at `offset` to `page`, which is cleared; for private mappings. */
void inode_copy_page(const struct inode *inode, uint64_t offset, char *page);
/* The page at `offset` itself, for shared ones; NULL past the end, or when memory is out. */
char *inode_own_page(struct inode *inode, uint64_t offset);

void inode_touch(struct inode *inode); /* modified and changed: now */

#endif
