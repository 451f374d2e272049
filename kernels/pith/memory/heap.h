/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's own objects: blocks of any size, from lists by power of two and from whole pages. */
#ifndef PITH_HEAP_H
#define PITH_HEAP_H

#include "lib/lib.h"

/* `size` bytes, cleared, or NULL. The caller remembers the size. */
void *heap_take(size_t size);
void *heap_take_uncleared(size_t size);
void heap_give(void *block, size_t size);

#endif
