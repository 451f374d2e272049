/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/parcel.h"
#include "memory/copy.h"

/* Parcels are cut from blocks that are aligned to their size, so that a page tells its parcel.
 * Where memory is small, so are they. */
#define LARGEST_ORDER 8
#define SMALLEST_ORDER 6
#define SHARE 64 /* of all memory that a block takes at most: one page in so many */

static struct parcel *block;         /* the newest */
static unsigned left;                /* parcels of it that were never taken */
static unsigned order;               /* of every block: 2^order pages */
static unsigned spread, spread_most; /* parcels with pages at the program */

/* The last page of a block describes its parcels. */
static struct parcel *parcels_at(uint64_t start)
{
    return (struct parcel *)(start + (PAGE << order) - PAGE);
}

static struct parcel *parcel_of(const void *page)
{
    uint64_t address = (uint64_t)page, start = address & -(PAGE << order);

    return &parcels_at(start)[(address - start) / (PARCEL_PAGES * PAGE)];
}

static void choose_order(void)
{
    order = LARGEST_ORDER;
    while (order > SMALLEST_ORDER && 1ul << order > memory.total_pages / SHARE)
        order--;
}

static bool take_block(void)
{
    char *data, *end;

    if (!block)
        choose_order();
    data = pages_take(&memory, order);
    if (!data)
        return false;
    block = parcels_at((uint64_t)data);
    left = (unsigned)((1ul << order) / PARCEL_PAGES);
    /* What is between them is of use to others. The last first: see parcel_flip(). */
    end = data + left * PARCEL_PAGES * PAGE;
    for (char *page = (char *)block; page > end; page -= PAGE)
        page_give(page - PAGE);
    return true;
}

struct parcel *parcel_take(void)
{
    struct parcel *parcel;
    char *data;

    if (!left && !take_block())
        return NULL;
    left--;
    parcel = &block[left];
    data = (char *)block + PAGE - (PAGE << order) + left * PARCEL_PAGES * PAGE;
    *parcel = (struct parcel){.data = data};
    return parcel;
}

void parcel_release(struct parcel *parcel)
{
    parcel->released = true;
    if (!parcel->away)
        parcel->whole(parcel);
}

void parcel_return(void *page)
{
    struct parcel *parcel = parcel_of(page);

    if (--parcel->away)
        return;
    spread--;
    if (parcel->released)
        parcel->whole(parcel);
}

void parcel_limit(unsigned most)
{
    spread_most = most;
}

static bool exchangeable(const uint64_t *entry)
{
    const uint64_t own = PTE_PRESENT | PTE_WRITE;

    return entry && (*entry & own) == own && (!(*entry & PTE_BORROWED) || *entry & PTE_FLIPPED);
}

static void exchange(uint64_t *entry, uint64_t address, const char *page)
{
    const uint64_t kept = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_NX;
    uint64_t fresh = physical(page) | PTE_BORROWED | PTE_FLIPPED | (*entry & kept);
    uint64_t old = __atomic_exchange_n(entry, fresh, __ATOMIC_RELAXED);

    if (old & PTE_FLIPPED)
        parcel_return(direct(old & PTE_ADDRESS));
    else
        page_give(direct(old & PTE_ADDRESS));
    /* The CPU keeps no translation that it has not marked as accessed (SDM 3A, 4.10.2.2). */
    if (old & PTE_ACCESSED)
        paging_flush(address);
}

size_t parcel_flip(struct parcel *parcel, uint64_t address, char *from, size_t size)
{
    uint64_t *entries[PARCEL_PAGES];
    unsigned count = 0, i;

    if (!in_program(address, size) || (!parcel->away && spread >= spread_most))
        return 0;
    for (; size >= (count + 1) * PAGE && count < PARCEL_PAGES; count++) {
        uint64_t at = address + count * PAGE;
        bool same_table = count && at % TABLE_REACH;

        entries[count] = same_table ? entries[count - 1] + 1 : paging_entry(at, false);
        if (!exchangeable(entries[count]))
            break;
    }
    spread += !parcel->away && count;
    parcel->away += count;
    /* The last first, so that the pages that become free are taken one behind the other again. */
    for (i = count; i-- > 0;)
        exchange(entries[i], address + i * PAGE, from + i * PAGE);
    return count * PAGE;
}
