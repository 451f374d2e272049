/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/paging.h"
#include "cpu/cpu.h"
#include "cpu/tables.h"

#define ENTRIES 512
#define GIB (1ul << 30)

extern char text_start[], rodata_start[], data_start[], kernel_end[]; /* pith.ld */

struct pages memory;

static void protect(const char *start, const char *end, uint64_t flags)
{
    for (; start < end; start += PAGE) {
        uint64_t *entry = &kernel_table[((uint64_t)start - KERNEL_BASE) / PAGE];

        *entry = (*entry & PTE_ADDRESS) | flags;
    }
}

/* A GiB of physical memory, by 2 MiB pages. */
static void fill_by_2_mib(uint64_t *table, uint64_t start)
{
    for (uint64_t i = 0; i < ENTRIES; i++)
        table[i] = (start + (i << 21)) | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_NX;
}

/* Without 1 GiB pages: the first 4 GiB. */
static void map_by_2_mib(void)
{
    static uint64_t tables[4 * ENTRIES] __attribute__((aligned(4096)));

    for (uint64_t i = 0; i < 4; i++)
        fill_by_2_mib(&tables[i * ENTRIES], i * GIB);
    memset(direct_pdpt, 0, PAGE);
    for (unsigned i = 0; i < 4; i++)
        direct_pdpt[i] = ((uint64_t)&tables[i * ENTRIES] - KERNEL_BASE) | PTE_PRESENT | PTE_WRITE;
}

static void flush(void)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"((uint64_t)pml4 - KERNEL_BASE) : "memory");
}

/* The table below `entry`, made where there is none; NULL when out of memory. */
static uint64_t *table_below(uint64_t *entry)
{
    if (!(*entry & PTE_PRESENT)) {
        void *page = page_take();

        if (!page)
            return NULL;
        *entry = physical(page) | PTE_PRESENT | PTE_WRITE;
    }
    return direct(*entry & PTE_ADDRESS);
}

static bool reach_gib(uint64_t start)
{
    uint64_t *table = table_below(&pml4[ENTRIES / 2 + (start >> 39)]), *entry;

    if (!table)
        return false;
    entry = &table[start >> 30 & (ENTRIES - 1)];
    if (*entry & PTE_PRESENT)
        return true;
    if (cpu_features.edx81 & CPU_GIB_PAGES) {
        *entry = start | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_NX;
        return true;
    }
    table = table_below(entry);
    if (table)
        fill_by_2_mib(table, start);
    return table;
}

bool paging_reach(uint64_t start, uint64_t size)
{
    if (start > PAGING_LIMIT || size > PAGING_LIMIT - start)
        return false;
    for (uint64_t at = start & -GIB; at < start + size; at += GIB)
        if (!reach_gib(at))
            return false;
    return true;
}

uint64_t paging_init(void)
{
    uint64_t reach = cpu_features.edx81 & CPU_GIB_PAGES ? (uint64_t)ENTRIES << 30 : LOW_MEMORY;

    if (reach == LOW_MEMORY)
        map_by_2_mib();
    protect(text_start, rodata_start, PTE_PRESENT);
    protect(rodata_start, data_start, PTE_PRESENT | PTE_NX);
    protect(data_start, kernel_end, PTE_PRESENT | PTE_WRITE | PTE_NX);
    protect(guard_boot, guard_boot + PAGE, 0);
    protect(guard_fatal, guard_fatal + PAGE, 0);
    /* What is not the kernel's has no business at its addresses. */
    protect((char *)KERNEL_BASE, text_start, 0);
    protect(kernel_end, (char *)KERNEL_BASE + ENTRIES * PAGE, 0);
    pml4[0] = 0;
    flush();
    return reach;
}

void paging_widen(void)
{
    const volatile char *window = (char *)KERNEL_BASE + ENTRIES * PAGE;
    uint64_t *table = page_take();

    if (!table)
        return;
    for (unsigned i = 0; i < ENTRIES; i++) /* every address of the window shows this one page */
        table[i] = physical(table) | PTE_PRESENT | PTE_NX;
    for (unsigned i = 1; i <= PAGING_WIDE / ENTRIES; i++)
        high_pd[i] = physical(table) | PTE_PRESENT;
    for (unsigned pages = 256; pages <= PAGING_WIDE; pages *= 2) {
        for (unsigned i = 0; i < pages; i++)
            (void)window[i * PAGE];
        flush();
    }
    memset(&high_pd[1], 0, PAGING_WIDE / ENTRIES * sizeof *high_pd);
    flush();
    page_give(table);
}

void *page_take(void)
{
    void *page = pages_take(&memory, 0);

    return page ? memset(page, 0, PAGE) : NULL;
}

void page_give(void *page)
{
    pages_give(&memory, page, 0);
}

static unsigned tables,
    tables_most = ENTRIES; /* of the program's half; sweep when there are more */

uint64_t *paging_entry(uint64_t address, bool create)
{
    uint64_t *table = pml4;

    for (int shift = 39; shift > 12; shift -= 9) {
        uint64_t *entry = &table[address >> shift & (ENTRIES - 1)];

        if (!(*entry & PTE_PRESENT)) {
            void *page = create ? page_take() : NULL;

            if (!page)
                return NULL;
            tables++;
            *entry = physical(page) | PTE_PRESENT | PTE_WRITE | PTE_USER;
        }
        table = direct(*entry & PTE_ADDRESS);
    }
    return &table[address >> 12 & (ENTRIES - 1)];
}

bool paging_is_full(void)
{
    return tables > tables_most;
}

/* The same below `table`, which begins at `base` and whose entries reach 1 << shift bytes. */
static void sweep(uint64_t *table, int shift, uint64_t base, uint64_t start, uint64_t end)
{
    uint64_t i = start > base ? (start - base) >> shift : 0;

    for (; i < ENTRIES && base + (i << shift) < end; i++) {
        uint64_t at = base + (i << shift);
        uint64_t *below = direct(table[i] & PTE_ADDRESS);

        if (!(table[i] & PTE_PRESENT))
            continue;
        if (shift > 21)
            sweep(below, shift - 9, at, start, end);
        if (at < start || at + (1ul << shift) > end)
            continue;
        table[i] = 0;
        page_give(below);
        tables--;
    }
}

void paging_sweep(uint64_t start, uint64_t end)
{
    sweep(pml4, 39, 0, start, end);
}

void paging_swept(void)
{
    tables_most = 2 * tables > ENTRIES ? 2 * tables : ENTRIES;
    flush();
}

uint64_t *paging_next(uint64_t *at, uint64_t end)
{
    while (*at < end) {
        uint64_t *table = pml4;
        int shift = 39;

        for (; shift > 12; shift -= 9) {
            uint64_t entry = table[*at >> shift & (ENTRIES - 1)];

            if (!(entry & PTE_PRESENT))
                break;
            table = direct(entry & PTE_ADDRESS);
        }
        if (shift > 12) {
            *at = (*at | ((1ul << shift) - 1)) + 1;
            continue;
        }
        do {
            uint64_t *entry = &table[*at >> 12 & (ENTRIES - 1)];

            if (*entry & PTE_ADDRESS)
                return entry;
            *at += PAGE;
        } while (*at < end && *at >> 12 & (ENTRIES - 1));
    }
    return NULL;
}
