/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program's address space: areas with their protection, filled page by page when touched. What
 * lies outside every area faults: the null page, the gap below the stack, guard pages.
 */
#ifndef PITH_SPACE_H
#define PITH_SPACE_H

#include "memory/paging.h"

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4

#define STACK_SIZE (8ul << 20)
#define STACK_GAP (1ul << 20) /* nothing else is ever placed this close below the stack */

/* A file as far as its mappings go. */
struct backing_ops {
    void (*hold)(void *file, bool shared); /* an area maps it; `shared`: the file's own pages */
    void (*let_go)(void *file, bool shared);
    uint64_t (*size)(const void *file);
    unsigned (*number)(const void *file); /* for space_describe() */
    /* The page at `offset`, a multiple of PAGE: itself, or its bytes. NULL: memory is out. */
    char *(*own_page)(void *file, uint64_t offset);
    void (*copy_page)(void *file, uint64_t offset, char *page);
};

/* Where an area's pages come from: all zeros where nothing is given. */
struct backing {
    const struct backing_ops *ops; /* NULL: not from a file */
    union {
        const char *data; /* `size` bytes of the kernel's memory, then zeros */
        void *file;       /* or a file, from `offset` on; the area holds it */
    };
    uint64_t size;
    uint64_t offset;
    bool shared; /* the data's or file's own pages, not copies */
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

/* Handle a page fault at `address` with the CPU's error code: NO_FAULT when the access may go on,
 * else what is wrong with it. Ends the machine when memory is out. */
enum fault { NO_FAULT, FAULT_UNMAPPED, FAULT_FORBIDDEN, FAULT_PAST_FILE };
enum fault space_fault(uint64_t address, uint64_t error);

/* Whether all of start..end is mapped. */
bool space_covers(uint64_t start, uint64_t end);

/* For mremap: the size of the area from `start` on with one protection and backing, 0 when there is
 * none; and moving start..end to `to`, where nothing is mapped, pages and all. */
uint64_t space_extent(uint64_t start);
long space_move(uint64_t start, uint64_t end, uint64_t to, uint64_t new_size);

/* The areas as /proc/self/maps lists them. Bytes, as format() counts them. */
size_t space_describe(char *out, size_t size);

/* The end of the program's data, which brk() moves. space_brk() returns the new end, or the old one
 * when it could not be moved. */
void space_set_brk(uint64_t start);
uint64_t space_brk(uint64_t wanted);

#endif
