/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page allocator: pure, so that it is tested on the host. Free blocks of 2^order pages hold
 * their own list links; memory that was never handed out lies behind a frontier and costs
 * nothing until it is reached, so that booting in a large VM is no slower than in a small one.
 */
#ifndef PITH_PAGES_H
#define PITH_PAGES_H

#include "cpu/layout.h"

#define PAGE_ORDERS 11 /* blocks of 1 to 1024 pages */
#define PAGE_RANGES 16

struct page_range {
    uint64_t next, end; /* physical: what is not yet handed out */
};

struct page_block {
    struct page_block *next;
};

struct pages {
    char *base; /* where physical address 0 is mapped */
    struct page_range ranges[PAGE_RANGES];
    unsigned range_count;
    struct page_block *free[PAGE_ORDERS];
    size_t free_pages, total_pages;
};

/* Begin with no memory. */
void pages_init(struct pages *pages, void *base);

/* Give it the physical memory from start to end; partial pages are left out. Ranges beyond
 * PAGE_RANGES are ignored. */
void pages_add(struct pages *pages, uint64_t start, uint64_t end);

/* Take start..end out of what was added: firmware, kernel, initrd. Before any allocation. */
void pages_reserve(struct pages *pages, uint64_t start, uint64_t end);

/* 2^order pages, aligned to their size, not cleared; NULL when there are none. */
void *pages_take(struct pages *pages, unsigned order);

/* Give back what pages_take() gave, with the same order. */
void pages_give(struct pages *pages, void *block, unsigned order);

#endif
