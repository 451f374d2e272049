/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/copy.h"

#define CHUNK 32ul

struct fixup {
    uint64_t at, resume;
};

extern const struct fixup fixups_start[], fixups_end[];
extern long copy_bytes(void *to, const void *from, size_t size);

long copy_bytes_from(void *to, uint64_t address, size_t size)
{
    return in_program(address, size) ? copy_bytes(to, (const void *)address, size) : -EFAULT;
}

long copy_bytes_to(uint64_t address, const void *from, size_t size)
{
    return in_program(address, size) ? copy_bytes((void *)address, from, size) : -EFAULT;
}

long copy_text(char *to, uint64_t address, size_t size)
{
    /* Little by little, most texts being short, and never across the end of a page: what lies
     * behind the text's own may not be there. */
    for (size_t done = 0; done < size;) {
        size_t part = CHUNK - ((address + done) & (CHUNK - 1));

        if (part > size - done)
            part = size - done;
        if (copy_from(to + done, address + done, part) < 0)
            return -EFAULT;
        for (; part; part--, done++)
            if (!to[done])
                return (long)done;
    }
    return -ENAMETOOLONG;
}

uint64_t copy_fixup(uint64_t rip)
{
    for (const struct fixup *fixup = fixups_start; fixup < fixups_end; fixup++)
        if (fixup->at == rip)
            return fixup->resume;
    return 0;
}
