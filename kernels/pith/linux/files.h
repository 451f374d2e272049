/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files: the initramfs, read-only, the console, and a few devices. */
#ifndef PITH_FILES_H
#define PITH_FILES_H

#include "../lib/lib.h"

struct node {
    const char *data;
    uint64_t size;
    uint32_t mode, inode, mtime;
};

/* Take the archive that the boot loader left. -EINVAL, with where, when it is damaged. */
long files_init(const char *archive, uint64_t size, uint64_t *damaged_at);

/* Look `path` up from the root. 0, -ENOENT, -ENOTDIR. */
long files_find(const char *path, struct node *node);

/* What `fd` maps at `offset`, for mmap: 0 with `data` and `size` filled, or -EBADF, -EACCES. */
long files_backing(int fd, uint64_t offset, const char **data, uint64_t *size);

#endif
