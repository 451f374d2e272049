/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/space.h"
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "memory/lend.h"
#include "memory/parcel.h"

#define AREAS_MAX 65530 /* Linux's vm.max_map_count */
#define KILLED 137      /* the status of who is killed, as by the OOM killer */

struct area {
    uint64_t start, end;
    int protection;
    struct backing backing;
    struct area *next; /* by address */
};

static struct area *areas, *spare;
static struct area
    *near; /* one that was found: what is looked for next is often not far behind it */
static unsigned area_count;
static uint64_t brk_start, brk_end;

void space_init(void)
{
    areas = NULL;
}

static struct area *area_take(void)
{
    struct area *area;

    if (area_count == AREAS_MAX)
        return NULL;
    if (!spare) {
        struct area *page = page_take();

        if (!page)
            return NULL;
        for (size_t i = 0; i < PAGE / sizeof *page; i++) {
            page[i].next = spare;
            spare = &page[i];
        }
    }
    area = spare;
    spare = area->next;
    area_count++;
    return area;
}

static void area_give(struct area *area)
{
    if (near == area)
        near = NULL;
    area->next = spare;
    spare = area;
    area_count--;
}

/* Where to begin to look for areas that end behind `at`. */
static struct area *before(uint64_t at)
{
    return near && near->start < at ? near : areas;
}

/* The same, and what lies before `at` may be taken out of the list. */
static struct area **link_before(uint64_t at)
{
    return near && near->start < at ? &near->next : &areas;
}

static struct backing skip(struct backing backing, uint64_t bytes)
{
    backing.offset += bytes;
    if (backing.ops)
        return backing;
    if (backing.data && bytes < backing.size) {
        backing.data += bytes;
        backing.size -= bytes;
    } else {
        backing.data = NULL;
        backing.size = 0;
    }
    return backing;
}

static void hold(const struct area *area)
{
    const struct backing *from = &area->backing;

    if (from->ops)
        from->ops->hold(from->file, from->shared);
}

static void let_go(const struct area *area)
{
    const struct backing *from = &area->backing;

    if (from->ops)
        from->ops->let_go(from->file, from->shared);
}

/* Make `at` a border between areas. -ENOMEM when there is no memory for it. */
static long split(uint64_t at)
{
    for (struct area *area = before(at); area && area->start < at; area = area->next) {
        struct area *rest;

        near = area;
        if (area->end <= at)
            continue;
        rest = area_take();
        if (!rest)
            return -ENOMEM;
        *rest = *area;
        hold(rest);
        rest->start = at;
        rest->backing = skip(area->backing, at - area->start);
        area->end = at;
        area->next = rest;
        return 0;
    }
    return 0;
}

bool space_used(uint64_t start, uint64_t end)
{
    for (const struct area *area = before(start); area && area->start < end; area = area->next)
        if (area->end > start)
            return true;
    return false;
}

uint64_t space_find(uint64_t size)
{
    uint64_t top = PROGRAM_END - STACK_SIZE - STACK_GAP, best = 0, floor = 0x10000;

    if (!size || size > top)
        return 0;
    /* The highest gap that is large enough. The list goes upwards, so the last one found is it. */
    for (const struct area *area = areas; floor < top; area = area->next) {
        uint64_t ceiling = area && area->start < top ? area->start : top;

        if (ceiling >= floor && ceiling - floor >= size)
            best = ceiling - size;
        if (!area || area->start >= top)
            break;
        floor = area->end;
    }
    return best;
}

/* The last first, so that whoever takes them next gets them one behind the other again: the NIC
 * sends such pages as one piece (lend.h). */
static void give_all(struct page_block *pages)
{
    while (pages) {
        struct page_block *next = pages->next;

        page_give(pages);
        pages = next;
    }
}

void space_discard(uint64_t start, uint64_t end)
{
    struct page_block *gone = NULL;
    uint64_t *entry;

    for (; (entry = paging_next(&start, end)); start += PAGE) {
        struct page_block *page = direct(*entry & PTE_ADDRESS);

        if (*entry & PTE_FLIPPED) {
            parcel_return(page);
        } else if (!(*entry & PTE_BORROWED) && !(*entry & PTE_LENT && lend_keep((char *)page))) {
            page->next = gone;
            gone = page;
        }
        *entry = 0;
        paging_flush(start);
    }
    give_all(gone);
}

/* Page tables of what lies between the areas. */
static void sweep(void)
{
    uint64_t free = 0;

    for (const struct area *area = areas; area; area = area->next) {
        paging_sweep(free, area->start);
        free = area->end;
    }
    paging_sweep(free, PROGRAM_END);
    paging_swept();
}

long space_unmap(uint64_t start, uint64_t end)
{
    struct area **link;

    if (split(start) < 0 || split(end) < 0)
        return -ENOMEM;
    link = link_before(start);
    while (*link && (*link)->start < end) {
        struct area *area = *link;

        if (area->start < start) {
            link = &area->next;
            continue;
        }
        space_discard(area->start, area->end);
        *link = area->next;
        let_go(area);
        area_give(area);
    }
    if (paging_is_full())
        sweep();
    return 0;
}

/* Whether `after` continues `area`, so that one can stand for both. */
static bool continues(const struct area *area, const struct area *after)
{
    return after && area->end == after->start && area->protection == after->protection &&
           !area->backing.data && !after->backing.data;
}

static void merge(struct area *area)
{
    while (continues(area, area->next)) {
        struct area *after = area->next;

        area->end = after->end;
        area->next = after->next;
        area_give(after);
    }
}

long space_map(uint64_t start, uint64_t end, int protection, struct backing backing)
{
    struct area *area = area_take(), **link;

    if (!area)
        return -ENOMEM;
    if (space_unmap(start, end) < 0) {
        area_give(area);
        return -ENOMEM;
    }
    link = link_before(start);
    while (*link && (*link)->start < start) {
        near = *link;
        link = &near->next;
    }
    *area = (struct area){start, end, protection, backing, *link};
    hold(area);
    *link = area;
    merge(area);
    if (link != &areas)
        merge(LIST_OF(link, struct area, next));
    return 0;
}

static uint64_t entry_flags(int protection)
{
    uint64_t flags = protection & (PROT_READ | PROT_WRITE | PROT_EXEC) ? PTE_PRESENT | PTE_USER : 0;

    if (protection & PROT_WRITE)
        flags |= PTE_WRITE;
    if (!(protection & PROT_EXEC))
        flags |= PTE_NX;
    return flags;
}

static void set_flags(uint64_t start, uint64_t end, int protection)
{
    uint64_t *entry;

    for (; (entry = paging_next(&start, end)); start += PAGE) {
        *entry = (*entry & (PTE_ADDRESS | PTE_BORROWED | PTE_LENT | PTE_FLIPPED)) |
                 entry_flags(protection);
        if (*entry & PTE_LENT)
            *entry &= ~PTE_WRITE;
        paging_flush(start);
    }
}

bool space_covers(uint64_t start, uint64_t end)
{
    uint64_t covered = start;

    for (const struct area *area = before(start); area && area->start <= covered; area = area->next)
        if (area->end > covered)
            covered = area->end;
    return covered >= end;
}

long space_protect(uint64_t start, uint64_t end, int protection)
{
    if (!space_covers(start, end))
        return -ENOMEM;
    if (split(start) < 0 || split(end) < 0)
        return -ENOMEM;
    for (struct area *area = before(start); area && area->start < end; area = area->next)
        if (area->start >= start) {
            area->protection = protection;
            set_flags(area->start, area->end, protection);
        }
    for (struct area *area = before(start); area && area->start < end; area = area->next)
        if (area->end >= start)
            merge(area);
    return 0;
}

static bool allows(int protection, uint64_t error)
{
    if (error & PAGE_FAULT_FETCH)
        return protection & PROT_EXEC;
    if (error & PAGE_FAULT_WRITE)
        return protection & PROT_WRITE;
    return protection & (PROT_READ | PROT_WRITE | PROT_EXEC); /* x86 cannot tell them apart */
}

static _Noreturn void out_of_memory(uint64_t address)
{
    print("pith: out of memory: the program touched %p, and no page is free; give the VM more\n",
          (void *)address);
    machine_end(KILLED);
}

/* The page of `area` at `address`, and whether it belongs to somebody else. NULL: none. */
static char *page_for(const struct area *area, uint64_t address, uint64_t *borrowed)
{
    const struct backing *from = &area->backing;
    uint64_t at = address - area->start, left = from->size - at;
    bool has_data = !from->ops && at < from->size;
    char *page;

    *borrowed = from->shared && (from->ops || has_data) ? PTE_BORROWED : 0;
    if (*borrowed)
        return from->ops ? from->ops->own_page(from->file, from->offset + at)
                         : (char *)direct((uint64_t)from->data + at - KERNEL_BASE);
    page = page_take();
    if (page && from->ops)
        from->ops->copy_page(from->file, from->offset + at, page);
    else if (page && has_data)
        memcpy(page, from->data + at, left < PAGE ? left : PAGE);
    return page;
}

/* The page is there, and the area allows the access. */
static enum fault write_to_lent(uint64_t address, uint64_t error)
{
    uint64_t *entry = paging_entry(address, false);

    if (!entry || !(*entry & PTE_LENT) || !(error & PAGE_FAULT_WRITE))
        return FAULT_FORBIDDEN;
    if (!lend_write(entry, address))
        out_of_memory(address);
    return NO_FAULT;
}

static struct area *area_at(uint64_t address)
{
    struct area *area = before(address);

    while (area && area->end <= address)
        area = area->next;
    if (!area || area->start > address)
        return NULL;
    near = area;
    return area;
}

enum fault space_fault(uint64_t address, uint64_t error)
{
    const struct area *area = area_at(address);
    uint64_t *entry, borrowed, at = address & ~(PAGE - 1);
    const struct backing *from;
    char *page;

    if (!area)
        return FAULT_UNMAPPED;
    if (!allows(area->protection, error))
        return FAULT_FORBIDDEN;
    if (error & PAGE_FAULT_PRESENT)
        return write_to_lent(at, error);
    from = &area->backing;
    if (from->ops && from->offset + (at - area->start) >= from->ops->size(from->file))
        return FAULT_PAST_FILE;
    entry = paging_entry(at, true);
    page = entry ? page_for(area, at, &borrowed) : NULL;
    if (!page)
        out_of_memory(address);
    *entry = physical(page) | entry_flags(area->protection) | borrowed;
    return NO_FAULT;
}

uint64_t space_extent(uint64_t start)
{
    const struct area *area = area_at(start);

    return area ? area->end - start : 0;
}

long space_move(uint64_t start, uint64_t end, uint64_t to, uint64_t new_size)
{
    const struct area *area = area_at(start);
    struct backing backing = skip(area->backing, start - area->start);
    uint64_t *old, *new;

    if (space_map(to, to + new_size, area->protection, backing) < 0)
        return -ENOMEM;
    for (uint64_t from = start; (old = paging_next(&from, end)); from += PAGE) {
        new = paging_entry(to + (from - start), true);
        if (!new)
            out_of_memory(from);
        *new = *old;
        *old = 0;
        paging_flush(from);
    }
    return space_unmap(start, end);
}

size_t space_describe(char *out, size_t size)
{
    size_t done = 0;

    for (const struct area *area = areas; area && done < size; area = area->next) {
        const struct backing *from = &area->backing;
        int p = area->protection;
        bool stack = area->end == PROGRAM_END, heap = area->start == brk_start;

        done +=
            format(out + done, size - done, "%08lx-%08lx %c%c%c%c %08lx 00:00 %u %s\n", area->start,
                   area->end, p & PROT_READ ? 'r' : '-', p & PROT_WRITE ? 'w' : '-',
                   p & PROT_EXEC ? 'x' : '-', from->shared ? 's' : 'p', from->offset,
                   from->ops ? from->ops->number(from->file) : 0,
                   stack  ? "[stack]"
                   : heap ? "[heap]"
                          : "");
    }
    return done;
}

void space_set_brk(uint64_t start)
{
    brk_start = brk_end = (start + PAGE - 1) & ~(PAGE - 1);
}

uint64_t space_brk(uint64_t wanted)
{
    uint64_t old_top = (brk_end + PAGE - 1) & ~(PAGE - 1);
    uint64_t top = (wanted + PAGE - 1) & ~(PAGE - 1);

    if (wanted < brk_start || wanted > PROGRAM_END - STACK_SIZE - STACK_GAP)
        return brk_end;
    if (top > old_top && (space_used(old_top, top) ||
                          space_map(old_top, top, PROT_READ | PROT_WRITE, (struct backing){0}) < 0))
        return brk_end;
    if (top < old_top && space_unmap(top, old_top) < 0)
        return brk_end;
    brk_end = wanted;
    return brk_end;
}
