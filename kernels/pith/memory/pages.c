/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/pages.h"

void pages_init(struct pages *pages, void *base)
{
    *pages = (struct pages){.base = base};
}

void pages_add(struct pages *pages, uint64_t start, uint64_t end)
{
    start = (start + PAGE - 1) & ~(PAGE - 1);
    end &= ~(PAGE - 1);
    if (start >= end || pages->range_count == PAGE_RANGES)
        return;
    pages->ranges[pages->range_count++] = (struct page_range){start, end};
    pages->free_pages += (end - start) / PAGE;
    pages->total_pages += (end - start) / PAGE;
}

void pages_reserve(struct pages *pages, uint64_t start, uint64_t end)
{
    unsigned count = pages->range_count;

    start &= ~(PAGE - 1);
    end = (end + PAGE - 1) & ~(PAGE - 1);
    for (unsigned i = 0; i < count; i++) {
        struct page_range *range = &pages->ranges[i];
        struct page_range old = *range;

        if (end <= old.next || start >= old.end)
            continue;
        /* What is left before stays here; what is left behind becomes a range of its own. */
        range->end = start > old.next ? start : old.next;
        pages->free_pages -= (old.end - range->end) / PAGE;
        pages->total_pages -= (old.end - range->end) / PAGE;
        if (end < old.end)
            pages_add(pages, end, old.end);
    }
}

/* A block from behind the frontier. Pages skipped for alignment go to the lists. */
static void *advance(struct pages *pages, unsigned order)
{
    uint64_t size = PAGE << order;

    for (unsigned i = 0; i < pages->range_count; i++) {
        struct page_range *range = &pages->ranges[i];
        uint64_t start = (range->next + size - 1) & ~(size - 1);

        if (start < range->next || start > range->end || range->end - start < size)
            continue;
        while (range->next < start) {
            unsigned step = 0;

            while (step + 1 < PAGE_ORDERS && !(range->next & ((PAGE << (step + 1)) - 1)) &&
                   range->next + (PAGE << (step + 1)) <= start)
                step++;
            pages->free_pages -= 1ul << step; /* pages_give() counts them again */
            pages_give(pages, pages->base + range->next, step);
            range->next += PAGE << step;
        }
        range->next = start + size;
        return pages->base + start;
    }
    return NULL;
}

static void *split(struct pages *pages, unsigned order)
{
    unsigned larger = order;
    struct page_block *block;

    while (larger < PAGE_ORDERS && !pages->free[larger])
        larger++;
    if (larger == PAGE_ORDERS)
        return NULL;
    block = pages->free[larger];
    pages->free[larger] = block->next;
    while (larger-- > order) {
        struct page_block *half = (void *)((char *)block + (PAGE << larger));

        half->next = pages->free[larger];
        pages->free[larger] = half;
    }
    return block;
}

/* Sort a list by address: a merge sort, since it may be long and there is no room for recursion on
 * every element. */
static struct page_block *sort(struct page_block *list)
{
    for (size_t width = 1;; width *= 2) {
        struct page_block *rest = list, *sorted = NULL, **tail = &sorted;
        size_t merges = 0;

        while (rest) {
            struct page_block *left = rest, *right = rest;
            size_t left_size = 0, right_size = width;

            for (merges++; right && left_size < width; left_size++)
                right = right->next;
            while (left_size || (right_size && right)) {
                struct page_block **from;

                if (!left_size)
                    from = &right;
                else if (!right_size || !right || left < right)
                    from = &left;
                else
                    from = &right;
                *(from == &left ? &left_size : &right_size) -= 1;
                *tail = *from;
                tail = &(*from)->next;
                *from = (*from)->next;
            }
            rest = right;
        }
        *tail = NULL;
        list = sorted;
        if (merges <= 1)
            return list;
    }
}

/* Join free neighbours into larger blocks: done only when there is no block large enough, so that
 * freeing stays cheap. */
static void join(struct pages *pages)
{
    for (unsigned order = 0; order + 1 < PAGE_ORDERS; order++) {
        uint64_t size = PAGE << order;
        struct page_block **link = &pages->free[order];

        *link = sort(*link);
        while (*link) {
            struct page_block *block = *link;
            bool first = !((uint64_t)((char *)block - pages->base) & size);

            if (first && (char *)block->next == (char *)block + size) {
                *link = block->next->next;
                block->next = pages->free[order + 1];
                pages->free[order + 1] = block;
            } else {
                link = &block->next;
            }
        }
    }
}

void *pages_take(struct pages *pages, unsigned order)
{
    void *block;

    if (order >= PAGE_ORDERS)
        return NULL;
    block = split(pages, order);
    if (!block)
        block = advance(pages, order);
    if (!block && pages->free_pages >= 1ul << order) {
        join(pages);
        block = split(pages, order);
    }
    if (block)
        pages->free_pages -= 1ul << order;
    return block;
}

void pages_give(struct pages *pages, void *block, unsigned order)
{
    struct page_block *head = block;

    head->next = pages->free[order];
    pages->free[order] = head;
    pages->free_pages += 1ul << order;
}
