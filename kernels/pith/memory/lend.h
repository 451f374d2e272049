/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages of the program's that are sent from where they lie, without a copy. While a page is lent,
 * the program may not write to it; if it does, it gets a copy and goes on with that (copy on
 * write). Lending pays where a buffer stays as it is for a while, as a server's contents do. Where
 * the program keeps writing to what it has sent, a fault for each page costs more than the copy
 * would have: then lending pauses.
 */
#ifndef PITH_LEND_H
#define PITH_LEND_H

#include "memory/paging.h"

/* How many of the `most` whole pages at the program's `address` on (page-aligned) are lent from now
 * on: those that lie one behind the other in physical memory, from *first on. 0 where lending does
 * not pay now, or where the first page cannot be lent. */
unsigned lend_pages(uint64_t address, unsigned most, char **first);

/* Whether lending goes on, as far as is known. */
bool lend_pays(void);

/* `count` pages from `first` on, once for each time they were lent. */
void lend_return(char *first, unsigned count);

/* The program is about to write to the page of `entry`, which has PTE_LENT: make the entry one of a
 * page that it may write to. False when memory is out. */
bool lend_write(uint64_t *entry, uint64_t address);

/* The program has no use for this page, which had PTE_LENT, any more. True when somebody still
 * sends from it: then it is given back after that; else it is the caller's to give back. */
bool lend_keep(char *page);

#endif
