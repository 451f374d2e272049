/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernel stacks, each seen at addresses of its own, with a page before it that is never mapped: who
 * needs more than there is ends the machine, and spoils nothing. No device may be given a variable
 * on one: physical() is wrong there, and virtio/queue.c panics. */
#ifndef PITH_STACKS_H
#define PITH_STACKS_H

#include "memory/paging.h"

#define STACK_PAGES 3ul

/* The end of a stack in the STACK_PAGES pages at `pages`, or 0 when memory is out. */
uint64_t stack_map(char *pages);

/* It is not used any more; the pages are the caller's again. */
void stack_unmap(uint64_t end);

#endif
