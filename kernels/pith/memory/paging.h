/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page tables: the kernel's own protection, and the program's half of the one address space. */
#ifndef PITH_PAGING_H
#define PITH_PAGING_H

#include "cpu/layout.h"
#include "memory/pages.h"

#define PTE_PRESENT 0x001ul
#define PTE_WRITE 0x002ul
#define PTE_USER 0x004ul /* the program may use it */
#define PTE_ACCESSED 0x020ul
#define PTE_LARGE 0x080ul
#define PTE_BORROWED 0x200ul /* ours: the page is not the area's to free */
#define PTE_LENT 0x400ul     /* ours: not writable, though the area is: see lend.h */
#define PTE_FLIPPED 0x800ul  /* ours: the page goes to parcel_return(): see parcel.h */
#define PTE_NX (1ul << 63)
#define PTE_ADDRESS 0x000ffffffffff000ul

#define TABLE_REACH (2ul << 20) /* of one page table; the kernel's image is below one */

extern struct pages memory; /* all of it */

/* Protect the kernel's own pages: text read-only, data not executable, guards absent; map physical
 * memory where the CPU has no 1 GiB pages; empty the lower half. Returns the end of the physical
 * memory that direct() reaches from then on. */
uint64_t paging_init(void);

/* Let direct() reach what lies beyond as well. False when out of memory, or beyond PAGING_LIMIT. */
#define PAGING_LIMIT (255ul << 39) /* there the kernel's own addresses begin */
bool paging_reach(uint64_t start, uint64_t size);

/* A cleared page, or NULL. */
void *page_take(void);
void page_give(void *page);

/* The entry for the program's `address`. Tables in between are made where `create`; NULL when
 * absent, or out of memory. */
uint64_t *paging_entry(uint64_t address, bool create);

/* The entry of the first page from *at on, and before `end`, that is there; *at becomes its
 * address. NULL when there is none. Where nothing was ever touched there are no tables, and a look
 * costs nothing, however large that is. */
uint64_t *paging_next(uint64_t *at, uint64_t end);

/* Tables that map nothing any more: whether it is time to look for them; give back those that map
 * only what lies in start..end, where no page is; and that was all of it. */
bool paging_is_full(void);
void paging_sweep(uint64_t start, uint64_t end);
void paging_swept(void);

/*
 * For QEMU's translator, which keeps the addresses it has looked up in a table that begins with 256
 * entries: a program with its buffers and the NIC's uses more, and each one too many costs a walk.
 * The table is doubled when it is found full at a flush, and a kernel with one address space never
 * flushes. So fill it, flush it, and again. It means nothing to a real CPU, and takes
 * some milliseconds. Its window lies behind the kernel's image, and is empty again afterwards.
 */
#define PAGING_WIDE 2048ul /* pages that it makes room for */
#define PAGING_WINDOW_END (KERNEL_BASE + TABLE_REACH + PAGING_WIDE * PAGE)
void paging_widen(void);

/* Forget a translation after its entry has changed. */
static inline void paging_flush(uint64_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

#endif
