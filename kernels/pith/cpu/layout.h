/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one address space: what lies where, and how physical memory is seen in it. Pure. */
#ifndef PITH_LAYOUT_H
#define PITH_LAYOUT_H

#include "lib/lib.h"

#define PAGE 4096ul

#define DIRECT_BASE 0xffff800000000000ul /* all physical memory is mapped here */
#define KERNEL_BASE 0xffffffff80000000ul
#define LOW_MEMORY 0x100000000ul     /* below 4 GiB: mapped whatever the CPU */
#define PROGRAM_END 0x7ffffffff000ul /* the program's half, as on Linux */

/* Where physical memory can be touched. */
static inline void *direct(uint64_t physical)
{
    return (void *)(DIRECT_BASE + physical);
}

static inline uint64_t physical(const void *direct_address)
{
    return (uint64_t)direct_address - DIRECT_BASE;
}

/* Whether the CPU takes it for an address at all: bits 47 to 63 are equal. */
static inline bool is_canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

#endif
