/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/stacks.h"
#include "cpu/tables.h"

#define WINDOW PAGING_WINDOW_END
#define FIRST_TABLE ((WINDOW - KERNEL_BASE) / TABLE_REACH)
#define SLOT (STACK_PAGES + 1) /* pages; the first is the one that is not there */
#define PER_TABLE (TABLE_REACH / PAGE / SLOT)
#define SLOTS_MOST ((uint32_t)((512 - FIRST_TABLE) * PER_TABLE))

_Static_assert(WINDOW % TABLE_REACH == 0, "a stack's table is no other's");

static uint32_t slots;      /* that were ever used */
static uint32_t first_free; /* and are not now: its number, from 1 on; 0: none */

/* The page table's entries of slot `number`; NULL when there is no memory for the table. The first
 * maps nothing: in it stands, doubled, which free slot is next. */
static uint64_t *slot_at(uint32_t number)
{
    uint64_t *above = &high_pd[FIRST_TABLE + number / PER_TABLE];
    void *table;

    if (!(*above & PTE_PRESENT)) {
        table = page_take();
        if (!table)
            return NULL;
        *above = physical(table) | PTE_PRESENT | PTE_WRITE;
    }
    return (uint64_t *)direct(*above & PTE_ADDRESS) + number % PER_TABLE * SLOT;
}

static uint64_t begin_of(uint32_t number)
{
    return WINDOW + number * SLOT * PAGE;
}

uint64_t stack_map(char *pages)
{
    uint32_t number = first_free ? first_free - 1 : slots;
    uint64_t *entries = number < SLOTS_MOST ? slot_at(number) : NULL;

    if (!entries)
        return 0;
    if (first_free)
        first_free = (uint32_t)(entries[0] / 2);
    else
        slots++;
    entries[0] = 0;
    for (unsigned i = 0; i < STACK_PAGES; i++)
        entries[1 + i] = physical(pages + i * PAGE) | PTE_PRESENT | PTE_WRITE | PTE_NX;
    return begin_of(number + 1);
}

void stack_unmap(uint64_t end)
{
    uint32_t number = (uint32_t)((end - WINDOW) / (SLOT * PAGE)) - 1;
    uint64_t *entries = slot_at(number);

    for (unsigned i = 1; i <= STACK_PAGES; i++) {
        entries[i] = 0;
        paging_flush(begin_of(number) + i * PAGE);
    }
    entries[0] = 2ul * first_free;
    first_free = number + 1;
}
