/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory mappings: Linux's argument rules around memory/space.h. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/fcntl.h"
#include "linux/file.h"
#include "memory/copy.h"
#include "memory/space.h"

enum {
    MAP_SHARED = 1,
    MAP_PRIVATE = 2,
    MAP_SHARED_VALIDATE = 3,
    MAP_TYPE = 15,
    MAP_FIXED = 16,
    MAP_ANONYMOUS = 32
};
enum { MAP_FIXED_NOREPLACE = 0x100000 };

static uint64_t round_up(uint64_t size)
{
    return (size + PAGE - 1) & ~(PAGE - 1);
}

/* The end of the pages from `start` on that `length` bytes take. False when they do not all lie in
 * the program's half: every call that takes a range asks here, so that none wraps. */
static bool is_range(uint64_t start, uint64_t length, uint64_t *end)
{
    *end = start + round_up(length);
    return length <= PROGRAM_END && in_program(start, round_up(length));
}

static long place(uint64_t wanted, uint64_t size, int flags, uint64_t *start)
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

static void hold_file(void *file, bool shared)
{
    struct inode *inode = file;

    inode_hold(inode);
    inode->shared += shared; /* which keeps its pages from being freed */
}

static void let_go_file(void *file, bool shared)
{
    struct inode *inode = file;

    inode->shared -= shared;
    inode_release(inode);
}

static uint64_t file_size(const void *file)
{
    return ((const struct inode *)file)->size;
}

static unsigned file_number(const void *file)
{
    return ((const struct inode *)file)->number;
}

static char *file_page(void *file, uint64_t offset)
{
    return inode_own_page(file, offset);
}

static void copy_file_page(void *file, uint64_t offset, char *page)
{
    inode_copy_page(file, offset, page);
}

static const struct backing_ops file_backing = {
    hold_file, let_go_file, file_size, file_number, file_page, copy_file_page,
};

/* What a file mapping takes its pages from. */
static long backing_of(int fd, uint64_t offset, int protection, bool shared,
                       struct backing *backing)
{
    const struct file *file = file_at(fd);

    if (!file)
        return -EBADF;
    if ((file->flags & O_ACCMODE) == O_WRONLY)
        return -EACCES;
    if (shared && protection & PROT_WRITE && (file->flags & O_ACCMODE) != O_RDWR)
        return -EACCES;
    if (file->inode && file->inode->device == DEVICE_ZERO && inode_type(file->inode) == MODE_DEVICE)
        return 0;
    if (!file->inode || inode_type(file->inode) != MODE_FILE)
        return -ENODEV;
    *backing = (struct backing){
        .ops = &file_backing, .file = file->inode, .offset = offset, .shared = shared};
    return 0;
}

long sys_mmap(uint64_t address, uint64_t length, int protection, int flags, int fd, uint64_t offset)
{
    int type = flags & MAP_TYPE;
    uint64_t size = round_up(length), start;
    struct backing backing = {0};
    long status;

    if (!length || offset & (PAGE - 1))
        return -EINVAL;
    if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (size < length)
        return -ENOMEM;
    if (!(flags & MAP_ANONYMOUS)) {
        status = backing_of(fd, offset, protection, type != MAP_PRIVATE, &backing);
        if (status < 0)
            return status;
    }
    status = place(address, size, flags, &start);
    if (status == 0)
        status = space_map(start, start + size, protection & 7, backing);
    return status < 0 ? status : (long)start;
}

long sys_munmap(uint64_t address, uint64_t length)
{
    uint64_t end;

    if (address & (PAGE - 1) || !length || !is_range(address, length, &end))
        return -EINVAL;
    return space_unmap(address, end);
}

long sys_mprotect(uint64_t address, uint64_t length, int protection)
{
    uint64_t end;

    if (address & (PAGE - 1))
        return -EINVAL;
    if (!length)
        return 0;
    if (!is_range(address, length, &end))
        return -ENOMEM;
    return protection & ~7 ? -EINVAL : space_protect(address, end, protection);
}

enum { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2 };

long sys_mremap(uint64_t old, uint64_t old_length, uint64_t new_length, int flags, uint64_t wanted)
{
    uint64_t old_size = round_up(old_length), new_size = round_up(new_length), to = wanted, end;
    bool fixed = flags & MREMAP_FIXED;

    if (flags & ~3 || (fixed && !(flags & MREMAP_MAYMOVE)) || !new_size || old & (PAGE - 1))
        return -EINVAL;
    if (!space_extent(old))
        return -EFAULT;
    if (fixed && (wanted & (PAGE - 1) || !is_range(wanted, new_length, &end)))
        return -EINVAL;
    if (!old_size || (old_size > new_size && !is_range(old, old_length, &end)))
        return -EINVAL; /* a size of 0 is a second mapping of shared pages on Linux */
    if (space_extent(old) < old_size)
        return -EFAULT;
    end = old + old_size;
    if (fixed) {
        if (to < end && old < to + new_size)
            return -EINVAL;
        if (new_size < old_size) {
            space_unmap(old + new_size, end);
            end = old + new_size;
        }
    } else if (new_size <= old_size) {
        return new_size == old_size || space_unmap(old + new_size, end) == 0 ? (long)old : -ENOMEM;
    } else {
        to = flags & MREMAP_MAYMOVE ? space_find(new_size) : 0;
        if (!to)
            return -ENOMEM;
    }
    return space_move(old, end, to, new_size) < 0 ? -ENOMEM : (long)to;
}

enum { MADV_DONTNEED = 4, MADV_LAST = 25 };

long sys_madvise(uint64_t address, uint64_t length, int advice)
{
    uint64_t end;
    bool inside = is_range(address, length, &end);

    if (address & (PAGE - 1) || end < address || (length && end == address) || advice < 0 ||
        advice > MADV_LAST || (advice > 4 && advice < 8))
        return -EINVAL;
    if (!length)
        return 0;
    if (!inside || !space_covers(address, end))
        return -ENOMEM;
    if (advice == MADV_DONTNEED)
        space_discard(address, end);
    return 0; /* all other advice is only advice */
}

enum { MS_ASYNC = 1, MS_SYNC = 4 };

long sys_msync(uint64_t address, uint64_t length, int flags)
{
    uint64_t end;
    bool inside = is_range(address, length, &end);

    if (address & (PAGE - 1) || flags & ~7 ||
        (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    return end == address || (inside && space_covers(address, end)) ? 0 : -ENOMEM;
}

/* Nothing is ever paged out. */
long sys_mlock(uint64_t address, uint64_t length)
{
    uint64_t end, start = address & ~(PAGE - 1);
    bool inside = is_range(start, length + (address - start), &end);

    if (end <= start)
        return end == start ? 0 : -EINVAL;
    return inside && space_covers(start, end) ? 0 : -ENOMEM;
}

long sys_mincore(uint64_t address, uint64_t length, uint64_t out)
{
    uint64_t end, pages, part;
    char there[256];

    if (address & (PAGE - 1))
        return -EINVAL;
    if (!is_range(address, length, &end))
        return -ENOMEM;
    pages = (end - address) / PAGE;
    if (!in_program(out, pages))
        return -EFAULT;
    if (!space_covers(address, end))
        return -ENOMEM;
    for (uint64_t done = 0; done < pages; done += part) {
        uint64_t start = address + done * PAGE, at = start;

        part = pages - done < sizeof there ? pages - done : sizeof there;
        memset(there, 0, part);
        for (; paging_next(&at, start + part * PAGE); at += PAGE)
            there[(at - start) / PAGE] = 1;
        if (copy_to(out + done, there, part) < 0)
            return -EFAULT;
        breathe();
    }
    return 0;
}

long sys_brk(uint64_t wanted)
{
    return (long)space_brk(wanted);
}
