/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths: from a name to an inode. */
#ifndef PITH_PATH_H
#define PITH_PATH_H

#include "linux/ramfs.h"

/* Where a path leads. */
struct place {
    struct inode *parent; /* where the last name is, or would be */
    struct inode *inode;  /* what it is; NULL when there is none */
    char name[NAME_SIZE + 1];
    size_t length;
    bool folder_wanted; /* the path ended in "/" */
};

#define AT_FDCWD (-100) /* a `folder`: the current one */

/* Find `path`, an address in the program's memory, from the current folder or that of descriptor
 * `folder`. 0 with `place` filled, its inodes held until place_release(); also 0 when
 * only the last name is missing. */
long path_find(int folder, uint64_t path, bool follow, struct place *place);
/* The same for a text of the kernel's. */
long path_find_text(int folder, const char *path, bool follow, struct place *place);
void place_release(struct place *place);

/* Make what is missing at `place`: 0, -EISDIR where the path asked for a folder, -ENOENT where its
 * folder was removed, -ENOSPC, -ENOMEM. (open.c) */
long place_create(struct place *place, uint32_t mode);

#endif
