/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/heap.h"
#include "memory/paging.h"

#define SMALLEST 5 /* 32 bytes */
#define PAGE_SHIFT 12

struct block {
    struct block *next;
};

static struct block *unused[PAGE_SHIFT - SMALLEST];

static unsigned shift_of(size_t size)
{
    return size > 1u << SMALLEST ? 64 - (unsigned)__builtin_clzl(size - 1) : SMALLEST;
}

static bool refill(unsigned shift)
{
    char *page = page_take();

    for (size_t at = 0; page && at < PAGE; at += 1ul << shift) {
        struct block *block = (void *)(page + at);

        block->next = unused[shift - SMALLEST];
        unused[shift - SMALLEST] = block;
    }
    return page;
}

void *heap_take_uncleared(size_t size)
{
    unsigned shift = shift_of(size);
    void *block;

    if (shift >= PAGE_SHIFT) {
        block = pages_take(&memory, shift - PAGE_SHIFT);
    } else {
        if (!unused[shift - SMALLEST] && !refill(shift))
            return NULL;
        block = unused[shift - SMALLEST];
        unused[shift - SMALLEST] = unused[shift - SMALLEST]->next;
    }
    return block;
}

/* Not a part of each place that calls it: that is more to translate than a call. */
__attribute__((noinline)) void *heap_take(size_t size)
{
    void *block = heap_take_uncleared(size);

    return block ? memset(block, 0, size) : NULL;
}

void heap_give(void *block, size_t size)
{
    unsigned shift = shift_of(size);

    if (!block)
        return;
    if (shift >= PAGE_SHIFT) {
        pages_give(&memory, block, shift - PAGE_SHIFT);
    } else {
        ((struct block *)block)->next = unused[shift - SMALLEST];
        unused[shift - SMALLEST] = block;
    }
}
