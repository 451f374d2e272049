/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program's address space: areas with their protection, filled page by page when touched. What
 * lies outside every area faults: the null page, the gap below the stack, guard pages.
 */
#ifndef PITH_SPACE_H
#define PITH_SPACE_H

#include "paging.h"

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4

#define STACK_SIZE (8ul << 20)
#define STACK_GAP (1ul << 20) /* nothing else is ever placed this close below the stack */

/* Where an area's pages come from; zeros behind its end. NULL data: all zeros. */
struct backing {
    const char *data;
    uint64_t size;
};

void space_init(void);

/* Where `size` bytes are free, from the top down, or 0. */
uint64_t space_find(uint64_t size);

/* Whether anything is mapped in start..end. */
bool space_used(uint64_t start, uint64_t end);

/* Map start..end with `protection`, over whatever is there. `backing` is what the first byte and
 * those after it hold. 0, -ENOMEM. start and end are page-aligned; so below. */
long space_map(uint64_t start, uint64_t end, int protection, struct backing backing);
long space_unmap(uint64_t start, uint64_t end);

/* -ENOMEM when part of start..end is not mapped, as Linux has it. */
long space_protect(uint64_t start, uint64_t end, int protection);

/* Drop the pages of start..end: what is touched next is as at the start. */
void space_discard(uint64_t start, uint64_t end);

/* Handle a page fault at `address` with the CPU's error code: true when the access may go on, false
 * when it is the program's fault. Ends the machine when memory is out. */
bool space_fault(uint64_t address, uint64_t error);

/* The end of the program's data, which brk() moves. space_brk() returns the new end, or the old one
 * when it could not be moved. */
void space_set_brk(uint64_t start);
uint64_t space_brk(uint64_t wanted);

#endif
