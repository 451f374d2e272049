/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory/lend.h"

#define DROPPED 0x8000 /* in a page's count: nobody maps it */
#define MOST 0x7000

/* Of the pages lent in a period, a quarter may be written to afterwards. If there are more, so many
 * pages are copied before the next try, and twice as many the next time. */
#define PERIOD 128
#define PAUSE 4096
#define LONGEST_PAUSE (1u << 18)

static uint16_t *counts; /* of each physical page: how often it is lent */
static uint64_t count_pages;
static unsigned lent, written, pause, next_pause = PAUSE;

static bool prepare(void)
{
    static bool tried;
    unsigned order = 0;

    if (tried)
        return counts;
    tried = true;
    for (unsigned i = 0; i < memory.range_count; i++)
        if (memory.ranges[i].end / PAGE > count_pages)
            count_pages = memory.ranges[i].end / PAGE;
    while (PAGE << order < count_pages * sizeof *counts)
        order++;
    counts = pages_take(&memory, order);
    if (counts)
        memset(counts, 0, PAGE << order);
    return counts;
}

static uint16_t *count_of(const char *page)
{
    uint64_t number = physical(page) / PAGE;

    return number < count_pages ? &counts[number] : NULL;
}

bool lend_pays(void)
{
    return !pause;
}

/* Whether what was lent was left alone so far; else pause. */
static void judge(void)
{
    if (lent < PERIOD)
        return;
    if (written <= lent / 4) {
        next_pause = PAUSE;
    } else {
        pause = next_pause;
        if (next_pause < LONGEST_PAUSE)
            next_pause *= 2;
    }
    lent = written = 0;
}

/* The page that is to be lent next, and in the program's way from now on. NULL: it cannot be. */
static char *lend(uint64_t address)
{
    uint64_t *entry = paging_entry(address, false);
    uint16_t *times;
    char *page;

    if (!entry || !(*entry & PTE_PRESENT) || *entry & PTE_BORROWED)
        return NULL;
    page = direct(*entry & PTE_ADDRESS);
    times = count_of(page);
    if (!times || *times >= MOST)
        return NULL;
    *times += 1;
    *entry |= PTE_LENT;
    if (*entry & PTE_WRITE) {
        *entry &= ~PTE_WRITE;
        paging_flush(address);
    }
    return page;
}

unsigned lend_pages(uint64_t address, unsigned most, char **first)
{
    unsigned count = 0;

    if (pause) {
        pause = pause > most ? pause - most : 0;
        return 0;
    }
    if (!prepare())
        return 0;
    while (count < most) {
        char *page = lend(address + count * PAGE);

        if (page && count && page != *first + count * PAGE) {
            lend_return(page, 1); /* the next piece begins with it */
            break;
        }
        if (!page)
            break;
        if (!count)
            *first = page;
        count++;
    }
    lent += count;
    judge();
    return count;
}

void lend_return(char *first, unsigned count)
{
    while (count--) {
        char *page = first + count * PAGE;
        uint16_t *times = count_of(page);

        *times -= 1;
        if (*times == DROPPED) {
            *times = 0;
            page_give(page);
        }
    }
}

bool lend_write(uint64_t *entry, uint64_t address)
{
    char *page = direct(*entry & PTE_ADDRESS), *copy = page;
    uint16_t *times = count_of(page);

    written++;
    if (*times) {
        copy = pages_take(&memory, 0);
        if (!copy)
            return false;
        memcpy(copy, page, PAGE);
        *times |= DROPPED;
    }
    *entry = (*entry & ~(PTE_ADDRESS | PTE_LENT)) | physical(copy) | PTE_WRITE;
    paging_flush(address);
    return true;
}

bool lend_keep(char *page)
{
    uint16_t *times = count_of(page);

    if (*times)
        *times |= DROPPED;
    return *times;
}
