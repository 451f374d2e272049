/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges of addresses that wrap, or reach into the kernel's half, given to every call that takes
 * one. */
#define _GNU_SOURCE
#include "abi.h"
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define TOP 0x7ffffffff000ul
#define UNMAPPED 0x10000000ul

static const uint64_t bases[] = {
    UNMAPPED,           0x600000000000,     TOP,
    0x800000000000,     0xffff7ffffffff000, 0xffff800000000000,
    0xffffffff80000000, 0xfffffffffffff000, UNMAPPED + 1,
};

/* From each base: a little, to its end and behind it, and all there is. */
static uint64_t length_of(unsigned i, uint64_t base)
{
    const uint64_t lengths[] = {
        0,     1,  4096, TOP - base, TOP - base + 1, 1ul << 47, -base - 1, -base, -base + 4096,
        -4096, -1,
    };

    return i < sizeof lengths / sizeof *lengths ? lengths[i] : 1ul << 63;
}

#define LENGTHS 12

static void tell(const char *call, uint64_t base, uint64_t length, long result)
{
    printf("%s(%lx, %lx): %ld E%d\n", call, base, length, result, result == -1 ? errno : 0);
}

#define CALL(name, base, length, ...)                                                              \
    tell(#name, base, length, syscall(SYS_##name, base, length, ##__VA_ARGS__))

static void every_range(unsigned char *out)
{
    for (unsigned i = 0; i < sizeof bases / sizeof *bases; i++)
        for (unsigned j = 0; j < LENGTHS; j++) {
            uint64_t base = bases[i], length = length_of(j, base);
            /* Where the program lies within, it is not to lose its own pages. */
            int harmless = base >= TOP || length <= 4096 || base + length < base;

            CALL(mincore, base, length, out);
            CALL(msync, base, length, MS_ASYNC);
            CALL(mlock, base, length);
            CALL(munlock, base, length);
            CALL(madvise, base, length, MADV_NORMAL);
            if (!harmless)
                continue;
            CALL(madvise, base, length, MADV_DONTNEED);
            CALL(mprotect, base, length, PROT_READ);
            CALL(munmap, base, length);
        }
}

static void moves(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const int fixed = MREMAP_MAYMOVE | MREMAP_FIXED;

    page[0] = page[4096] = 42;
    TRY(syscall(SYS_mremap, page, 8192, 8192, fixed, TOP - 4096));
    for (unsigned i = 2; i < sizeof bases / sizeof *bases; i++) {
        printf("to and from %lx: ", bases[i]);
        TRY(syscall(SYS_mremap, page, 8192, 8192, fixed, bases[i]));
        TRY(syscall(SYS_mremap, bases[i], 4096, 8192, MREMAP_MAYMOVE));
    }
    TRY(syscall(SYS_mremap, page, 8192, -1ul, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, page, 8192, -4096ul, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, page, 8192, 1ul << 47, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, page, 8192, TOP, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, page, 8192, 1ul << 47, fixed, UNMAPPED));
    TRY(syscall(SYS_mremap, page, 8192, 0, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, page, -1ul, 8192, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, page, -4096ul, 1ul << 47, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, UNMAPPED, 4096, 8192, MREMAP_MAYMOVE));
    TRY(syscall(SYS_mremap, UNMAPPED, 4096, 8192, fixed, 0xffffffff80000000));
    TELL(page[0] + page[4096]);
    TRY(syscall(SYS_mincore, page, 8192, 0xffffffff80000000));
    TRY(syscall(SYS_mincore, page, 8192, TOP - 1));
    TRY(syscall(SYS_mincore, page, 8192, -1ul));
}

static void places(void)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;

    for (unsigned i = 2; i < sizeof bases / sizeof *bases; i++) {
        printf("at %lx: ", bases[i]);
        TRY(syscall(SYS_mmap, bases[i], 4096, PROT_READ, flags | MAP_FIXED, -1, 0));
    }
    TRY(syscall(SYS_mmap, TOP - 4096, 8192, PROT_READ, flags | MAP_FIXED, -1, 0));
    TRY(syscall(SYS_mmap, UNMAPPED, TOP, PROT_READ, flags | MAP_FIXED, -1, 0));
    TRY(syscall(SYS_mmap, UNMAPPED, -UNMAPPED, PROT_READ, flags | MAP_FIXED, -1, 0));
    TRY(syscall(SYS_mmap, UNMAPPED, -1ul, PROT_READ, flags, -1, 0));
    TRY(syscall(SYS_mmap, 0, 1ul << 47, PROT_READ, flags, -1, 0));
}

/* The program's own end: what is behind it is the kernel's to refuse, not to read. */
static void vectors(int from, int to)
{
    for (unsigned i = 2; i < 8; i++) {
        struct iovec vector = {(void *)bases[i], 16}, wraps = {(void *)UNMAPPED, -UNMAPPED};

        printf("%lx: ", bases[i]);
        TRY(writev(to, &vector, 1));
        printf("%lx: ", bases[i]);
        TRY(write(to, (void *)(bases[i] - 8), 16));
        printf("wraps: ");
        TRY(readv(from, &wraps, 1));
    }
}

int main(void)
{
    static unsigned char out[1 << 20];
    int ends[2];

    every_range(out);
    moves();
    places();
    pipe(ends);
    vectors(ends[0], ends[1]);
    return 0;
}
