/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpio.h"
#include "errno.h"

#define HEADER 110 /* "070701" and 13 fields of 8 hex digits */

enum { INODE, MODE, UID, GID, LINKS, MTIME, SIZE, MAJOR, MINOR, RMAJOR, RMINOR, NAME_SIZE, SUM };

static bool field(const char *header, int index, uint32_t *out)
{
    const char *digit = header + 6 + 8 * index;

    *out = 0;
    for (int i = 0; i < 8; i++, digit++) {
        uint32_t value;

        if (*digit >= '0' && *digit <= '9')
            value = (uint32_t)(*digit - '0');
        else if ((*digit | 32) >= 'a' && (*digit | 32) <= 'f')
            value = (uint32_t)((*digit | 32) - 'a' + 10);
        else
            return false;
        *out = *out << 4 | value;
    }
    return true;
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
