/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The initramfs: "newc" cpio archives, one after the other with zeros between, as Linux takes them
 * (Documentation/driver-api/early-userspace/buffer-format). Pure.
 */
#ifndef PITH_CPIO_H
#define PITH_CPIO_H

#include "lib/lib.h"

struct cpio_entry {
    const char *name; /* without leading "/" or "./"; NUL-terminated inside the archive */
    const char *data;
    uint64_t size;
    uint32_t mode, inode, mtime;
};

/* Read the entry at *offset and move on to the next. 1 with `entry` filled, 0 at the end, -EINVAL
 * when the archive is damaged there: *offset then says where. */
long cpio_next(const char *archive, uint64_t size, uint64_t *offset, struct cpio_entry *entry);

#endif
