/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program's memory, seen from system calls. Its pointers may be anything: these never crash,
 * they return -EFAULT.
 */
#ifndef PITH_COPY_H
#define PITH_COPY_H

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

/* A move between a register and the program's memory, in the place of a call; `status` becomes
 * -EFAULT where that faults. */
#define COPY_WORD(move, status, word, at)                                                          \
    __asm__ volatile("1: " move "\n"                                                               \
                     "2: .pushsection .text.copy_failed, \"ax\"\n"                                 \
                     "3: mov $-14, %[failed]\n"                                                    \
                     "jmp 2b\n"                                                                    \
                     ".popsection\n"                                                               \
                     ".pushsection .fixups, \"a\"\n"                                               \
                     ".quad 1b, 3b\n"                                                              \
                     ".popsection"                                                                 \
                     : [value] "+r"(word), [failed] "+r"(status)                                   \
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
    COPY_WORD("mov (%[place]), %[value]", status, words[0], address);
    if (size == 16)
        COPY_WORD("mov (%[place]), %[value]", status, words[1], address + 8);
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
    COPY_WORD("mov %[value], (%[place])", status, words[0], address);
    if (size == 16)
        COPY_WORD("mov %[value], (%[place])", status, words[1], address + 8);
    return status;
}

/* Copy a NUL-terminated text. Its length, -EFAULT, or -ENAMETOOLONG when it does not fit. */
long copy_text(char *to, uint64_t address, size_t size);

/* Compare and exchange: *old is what was there. 0 or -EFAULT. Before, in_program(). */
long exchange_word(uint32_t *at, uint32_t expected, uint32_t value, uint32_t *old);

/* For trap(): where to go on after a fault at `rip`, or 0 when none of the copies is there. */
uint64_t copy_fixup(uint64_t rip);

#endif
