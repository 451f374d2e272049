/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory mappings: Linux's argument rules around memory/space.h. */
#include "../memory/copy.h"
#include "../memory/space.h"
#include "errno.h"
#include "files.h"
#include "syscall.h"

enum { MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_TYPE = 15, MAP_FIXED = 16, MAP_ANONYMOUS = 32 };
enum { MAP_FIXED_NOREPLACE = 0x100000, MADV_DONTNEED = 4 };

static uint64_t round_up(uint64_t size)
{
    return (size + PAGE - 1) & ~(PAGE - 1);
}

/* start and a size not yet rounded: are they a range of pages in the program's half? */
static bool is_range(uint64_t start, uint64_t size)
{
    return !(start & (PAGE - 1)) && in_program(start, size) && in_program(start, round_up(size));
}

static long place(uint64_t wanted, uint64_t size, long flags, uint64_t *start)
{
    bool fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);

    if (fixed && (wanted & (PAGE - 1)))
        return -EINVAL;
    if (fixed && !in_program(wanted, size))
        return -ENOMEM;
    if (flags & MAP_FIXED_NOREPLACE && space_used(wanted, wanted + size))
        return -EEXIST;
    wanted &= ~(PAGE - 1);
    /* A hint is taken where it is free. */
    if (fixed || (wanted && in_program(wanted, size) && !space_used(wanted, wanted + size)))
        *start = wanted;
    else
        *start = space_find(size);
    return *start || fixed ? 0 : -ENOMEM;
}

long sys_mmap(long address, long length, long protection, long flags, long fd, long offset)
{
    uint64_t size = round_up((uint64_t)length), start, file_size = 0;
    const char *data = NULL;
    long status;

    if (!length || offset & (PAGE - 1))
        return -EINVAL;
    if ((flags & MAP_TYPE) != MAP_PRIVATE && (flags & MAP_TYPE) != MAP_SHARED)
        return -EINVAL;
    if (size < (uint64_t)length)
        return -ENOMEM;
    if (!(flags & MAP_ANONYMOUS)) {
        status = files_backing((int)fd, (uint64_t)offset, &data, &file_size);
        if (status < 0)
            return status;
        if ((flags & MAP_TYPE) == MAP_SHARED && protection & PROT_WRITE)
            return -EACCES; /* the files are read-only */
    }
    status = place((uint64_t)address, size, flags, &start);
    if (status == 0)
        status =
            space_map(start, start + size, (int)protection & 7, (struct backing){data, file_size});
    return status < 0 ? status : (long)start;
}

long sys_munmap(long address, long length, long c, long d, long e, long f)
{
    (void)c, (void)d, (void)e, (void)f;
    if (!length || !is_range((uint64_t)address, (uint64_t)length))
        return -EINVAL;
    return space_unmap((uint64_t)address, (uint64_t)address + round_up((uint64_t)length));
}

long sys_mprotect(long address, long length, long protection, long d, long e, long f)
{
    (void)d, (void)e, (void)f;
    if (address & (PAGE - 1) || protection & ~7)
        return -EINVAL;
    if (!length)
        return 0;
    if (!is_range((uint64_t)address, (uint64_t)length))
        return -ENOMEM;
    return space_protect((uint64_t)address, (uint64_t)address + round_up((uint64_t)length),
                         (int)protection);
}

long sys_madvise(long address, long length, long advice, long d, long e, long f)
{
    (void)d, (void)e, (void)f;
    if (!is_range((uint64_t)address, (uint64_t)length))
        return -EINVAL;
    if (advice == MADV_DONTNEED)
        space_discard((uint64_t)address, (uint64_t)address + round_up((uint64_t)length));
    return 0; /* all other advice is only advice */
}

long sys_brk(long wanted, long b, long c, long d, long e, long f)
{
    (void)b, (void)c, (void)d, (void)e, (void)f;
    return (long)space_brk((uint64_t)wanted);
}
