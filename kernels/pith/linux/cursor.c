/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/cursor.h"
#include "lib/errno.h"
#include "linux/ramfs.h"
#include "memory/copy.h"

void cursor_at(struct cursor *cursor, uint64_t base, uint64_t size)
{
    *cursor = (struct cursor){.base = base, .left = size, .total = size};
}

void cursor_in(struct cursor *cursor, struct inode *inode, uint64_t offset, uint64_t size)
{
    *cursor = (struct cursor){.left = size, .total = size, .inode = inode, .offset = offset};
}

struct vector {
    uint64_t base, size;
};

long cursor_over(struct cursor *cursor, uint64_t vectors, uint64_t count)
{
    *cursor = (struct cursor){.vectors = vectors, .count = count};
    for (uint64_t i = 0; i < count; i++) {
        struct vector vector;

        if (copy_from(&vector, vectors + i * sizeof vector, sizeof vector) < 0)
            return -EFAULT;
        if ((int64_t)vector.size < 0 || (int64_t)(cursor->total + vector.size) < 0)
            return -EINVAL;
        if (!in_program(vector.base, vector.size))
            return -EFAULT;
        cursor->total += vector.size;
    }
    if (cursor->total > TRANSFER_MAX)
        cursor->total = TRANSFER_MAX;
    return 0;
}

/* Be at a piece that is not empty, of which there is one. */
static long settle(struct cursor *cursor)
{
    while (!cursor->left) {
        struct vector vector;

        if (!cursor->count || copy_from(&vector, cursor->vectors, sizeof vector) < 0)
            return -EFAULT; /* the program has changed them meanwhile */
        cursor->vectors += sizeof vector;
        cursor->count--;
        cursor->base = vector.base;
        cursor->left = vector.size;
    }
    return 0;
}

long cursor_piece(struct cursor *cursor, uint64_t *at)
{
    if (cursor->inode)
        return 0;
    if (settle(cursor) < 0)
        return -EFAULT;
    *at = cursor->base;
    return (long)(cursor->left < cursor->total ? cursor->left : cursor->total);
}

enum way { READ, WRITE, SKIP };

static long copy_part(struct cursor *cursor, void *bytes, size_t size, enum way way)
{
    if (way == SKIP)
        return 0;
    if (way == WRITE)
        return copy_to(cursor->base, bytes, size);
    if (cursor->inode) {
        inode_copy(cursor->inode, bytes, size, cursor->offset);
        cursor->offset += size;
        return 0;
    }
    return copy_from(bytes, cursor->base, size);
}

static long move(struct cursor *cursor, char *bytes, size_t size, enum way way)
{
    while (size) {
        size_t part;

        if (settle(cursor) < 0)
            return -EFAULT;
        part = cursor->left < size ? cursor->left : size;
        if (copy_part(cursor, bytes, part, way) < 0)
            return -EFAULT;
        bytes += part;
        size -= part;
        cursor->base += part;
        cursor->left -= part;
        cursor->total -= part;
    }
    return 0;
}

long cursor_read(struct cursor *cursor, void *to, size_t size)
{
    return move(cursor, to, size, READ);
}

long cursor_write(struct cursor *cursor, const void *from, size_t size)
{
    return move(cursor, (char *)from, size, WRITE);
}

long cursor_skip(struct cursor *cursor, size_t size)
{
    return move(cursor, NULL, size, SKIP);
}
