/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reverse of lend.h: memory that a device writes received data to, and whose pages can go to
 * the program in exchange for those it has, so that the data need not be copied (page flipping:
 * Brustoloni and Steenkiste, "Effects of buffering semantics on I/O performance", OSDI 1996, there
 * "input-disabled pageout" and "swap"). That takes data which lie in their pages as the program's
 * buffer lies in its own.
 */
#ifndef PITH_PARCEL_H
#define PITH_PARCEL_H

#include "memory/paging.h"

#define PARCEL_PAGES 17ul /* 64 KB, wherever in its first page they begin */

struct parcel {
    char *data;    /* PARCEL_PAGES pages, one behind the other */
    unsigned away; /* of these, now the program's */
    bool released;
    void (*whole)(struct parcel *parcel); /* see parcel_release() */
    void *owner;                          /* the taker's */
};

/* A new one, for good; NULL when memory is out. */
struct parcel *parcel_take(void);

/* The taker is done with what is in it: parcel->whole() says when all its pages may be used again,
 * which may be at once. */
void parcel_release(struct parcel *parcel);

/* At most so many parcels may have pages at the program, which may keep them for good. */
void parcel_limit(unsigned most);

/* Give the program the whole pages from `from` on, of `size` bytes, in the place of those at its
 * `address`; both are page-aligned. Bytes that are there now, as if they had been copied: less than
 * `size` where a page of the program's cannot be exchanged (it is not there yet, or not its own).
 */
size_t parcel_flip(struct parcel *parcel, uint64_t address, char *from, size_t size);

/* The program has no use for this page, whose entry had PTE_FLIPPED, any more. */
void parcel_return(void *page);

#endif
