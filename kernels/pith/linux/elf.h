/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Static ELF programs (System V gABI, chapters 4 and 5). Pure. */
#ifndef PITH_ELF_H
#define PITH_ELF_H

#include "lib/lib.h"

#define ELF_SEGMENTS 16
#define ELF_PIE_BASE                                                                               \
    0x555555554000ull /* where Linux, unrandomised, puts position-independent ones */

struct elf_segment {
    uint64_t start, end; /* page-aligned */
    uint64_t file_start; /* offset in the file of `start`, page-aligned */
    uint64_t file_end;   /* offset in the file behind the last byte that comes from it */
    int protection;      /* PROT_* */
    bool has_bss;        /* bytes behind file_end, in its page too, are zero */
};

struct elf {
    uint64_t entry, base; /* base: what was added to every address */
    uint64_t headers;     /* address of the program headers, for AT_PHDR */
    uint16_t header_size, header_count;
    uint64_t end; /* behind the highest segment: where brk begins */
    struct elf_segment segments[ELF_SEGMENTS];
    unsigned segment_count;
    bool executable_stack;
};

/* Read the program in `file`. 0, or -ENOEXEC with *why saying what is wrong with it. */
long elf_read(const char *file, uint64_t size, struct elf *elf, const char **why);

#endif
