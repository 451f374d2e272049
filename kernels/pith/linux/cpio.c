/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/cpio.h"
#include "lib/errno.h"

#define HEADER 110 /* "070701" and 13 fields of 8 hex digits */

enum { INODE, MODE, UID, GID, LINKS, MTIME, SIZE, MAJOR, MINOR, RMAJOR, RMINOR, NAME_SIZE, SUM };

/* Not a part of each place that calls it: a boot reads one entry. */
static __attribute__((noinline)) bool field(const char *header, int index, uint32_t *out)
{
    const char *digits = header + 6 + 8 * index;
    uint64_t value;
    unsigned count = read_digits(&digits, 16, 8, &value);

    *out = (uint32_t)value;
    return count == 8;
}

static uint64_t align(uint64_t offset)
{
    return (offset + 3) & ~3ull;
}

static bool is_magic(const char *header)
{
    return memcmp(header, "070701", 6) == 0 || memcmp(header, "070702", 6) == 0;
}

long cpio_next(const char *archive, uint64_t size, uint64_t *offset, struct cpio_entry *entry)
{
    uint32_t name_size, data_size;
    const char *header;
    uint64_t data;

    for (;;) {
        while (*offset < size && archive[*offset] == '\0') /* between two archives */
            ++*offset;
        if (*offset == size)
            return 0;
        header = archive + *offset;
        if (size - *offset < HEADER || !is_magic(header) || !field(header, NAME_SIZE, &name_size) ||
            !field(header, SIZE, &data_size) || !field(header, MODE, &entry->mode) ||
            !field(header, INODE, &entry->inode) || !field(header, MTIME, &entry->mtime))
            return -EINVAL;
        /* 32-bit sizes cannot overflow the 64-bit sums below. */
        if (name_size == 0 || size - *offset - HEADER < name_size ||
            header[HEADER + name_size - 1] != '\0')
            return -EINVAL;
        data = align(*offset + HEADER + name_size);
        if (data > size || size - data < data_size)
            return -EINVAL;
        *offset = align(data + data_size) < size ? align(data + data_size) : size;
        entry->name = header + HEADER;
        entry->data = archive + data;
        entry->size = data_size;
        if (strcmp(entry->name, "TRAILER!!!") == 0)
            continue;
        while (*entry->name == '/' || (*entry->name == '.' && entry->name[1] == '/'))
            entry->name += *entry->name == '/' ? 1 : 2;
        return 1;
    }
}
