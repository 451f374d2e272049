/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program's memory, seen from system calls. Its pointers may be anything: these never crash,
 * they return -EFAULT.
 */
#ifndef PITH_COPY_H
#define PITH_COPY_H

#include "cpu/smap.h"
#include "lib/errno.h"
#include "lib/lib.h"
#include "memory/paging.h"

/* Whether start..start+size lies in the program's half. */
static inline bool in_program(uint64_t start, uint64_t size)
{
    return start <= PROGRAM_END && size <= PROGRAM_END - start;
}

/* What copy_from() and copy_to() do where the size is not known beforehand. */
long copy_bytes_from(void *to, uint64_t address, size_t size);
long copy_bytes_to(uint64_t address, const void *from, size_t size);

/* Moves between registers and the program's memory, in the place of a call; `status` becomes
 * -EFAULT where one faults. */
#define COPY_WORDS(first, second, status, at, ...)                                                 \
    __asm__ volatile(SMAP_OPEN "1: " first "\n"                                                    \
                               "2: " second "\n"                                                   \
                               "3: " SMAP_CLOSE ".pushsection .text.copy_failed, \"ax\"\n"         \
                               "4: mov $-14, %[failed]\n"                                          \
                               "jmp 3b\n"                                                          \
                               ".popsection\n"                                                     \
                               ".pushsection .fixups, \"a\"\n"                                     \
                               ".quad 1b, 4b, 2b, 4b\n"                                            \
                               ".popsection"                                                       \
                     : __VA_ARGS__, [failed] "+r"(status)                                          \
                     : [place] "r"(at)                                                             \
                     : "memory")

/* Copy `size` bytes from or to the program's `address`. 0 or -EFAULT. */
static inline __attribute__((always_inline)) long copy_from(void *to, uint64_t address, size_t size)
{
    uint64_t words[2] = {0};
    long status = 0;

    if (!__builtin_constant_p(size) || (size != 8 && size != 16))
        return copy_bytes_from(to, address, size);
    if (!in_program(address, size))
        return -EFAULT;
    if (size == 8)
        COPY_WORDS("mov (%[place]), %0", "", status, address, "+r"(words[0]));
    else
        COPY_WORDS("mov (%[place]), %0", "mov 8(%[place]), %1", status, address, "+r"(words[0]),
                   "+r"(words[1]));
    memcpy(to, words, size);
    return status;
}

static inline __attribute__((always_inline)) long copy_to(uint64_t address, const void *from,
                                                          size_t size)
{
    uint64_t words[2] = {0};
    long status = 0;

    if (!__builtin_constant_p(size) || (size != 8 && size != 16))
        return copy_bytes_to(address, from, size);
    if (!in_program(address, size))
        return -EFAULT;
    memcpy(words, from, size);
    if (size == 8)
        COPY_WORDS("mov %0, (%[place])", "", status, address, "+r"(words[0]));
    else
        COPY_WORDS("mov %0, (%[place])", "mov %1, 8(%[place])", status, address, "+r"(words[0]),
                   "+r"(words[1]));
    return status;
}

/* Copy a NUL-terminated text. Its length, -EFAULT, or -ENAMETOOLONG when it does not fit. */
long copy_text(char *to, uint64_t address, size_t size);

/* Compare and exchange: *old is what was there. 0 or -EFAULT. Before, in_program(). */
long exchange_word(uint32_t *at, uint32_t expected, uint32_t value, uint32_t *old);

/* For trap(): where to go on after a fault at `rip`, or 0 when none of the copies is there. */
uint64_t copy_fixup(uint64_t rip);

#endif
