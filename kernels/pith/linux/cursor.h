/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where in the program's memory data comes from or goes to, or in which file it lies. It moves on
 * with what is copied. */
#ifndef PITH_CURSOR_H
#define PITH_CURSOR_H

#include "lib/lib.h"

struct inode;

struct cursor {
    uint64_t base, left;     /* the present piece */
    uint64_t vectors, count; /* struct iovec that follow it */
    uint64_t total;          /* bytes left, in all pieces */
    struct inode *inode;     /* or NULL: of memory */
    uint64_t offset;         /* in it */
};

#define VECTORS_MAX 1024
#define TRANSFER_MAX 0x7ffff000ul /* bytes that Linux moves in one call */

/* One piece of memory; where it is not the program's, copying fails. */
void cursor_at(struct cursor *cursor, uint64_t base, uint64_t size);

/* `count` vectors, of which there are no more than VECTORS_MAX. 0, -EFAULT, or -EINVAL where a size
 * is none. */
long cursor_over(struct cursor *cursor, uint64_t vectors, uint64_t count);

/* `size` bytes of a file, which has them. */
void cursor_in(struct cursor *cursor, struct inode *inode, uint64_t offset, uint64_t size);

/* Copy from or to where it points; `size` is no more than its total. 0 or -EFAULT, after which the
 * cursor is no good. */
long cursor_read(struct cursor *cursor, void *to, size_t size);
long cursor_write(struct cursor *cursor, const void *from, size_t size);

/* The program's memory that comes next, in one piece, there being some: its size, and its address
 * at *at; 0 where it is a file; -EFAULT. */
long cursor_piece(struct cursor *cursor, uint64_t *at);

/* Go on without copying. */
long cursor_skip(struct cursor *cursor, size_t size);

#endif
