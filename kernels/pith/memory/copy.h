/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program's memory, seen from system calls. Its pointers may be anything: these never crash,
 * they return -EFAULT.
 */
#ifndef PITH_COPY_H
#define PITH_COPY_H

#include "../lib/lib.h"

/* Copy `size` bytes from or to the program's `address`. 0 or -EFAULT. */
long copy_from(void *to, uint64_t address, size_t size);
long copy_to(uint64_t address, const void *from, size_t size);

/* Copy a NUL-terminated text. Its length, -EFAULT, or -ENAMETOOLONG when it does not fit. */
long copy_text(char *to, uint64_t address, size_t size);

/* Whether start..start+size lies in the program's half. */
bool in_program(uint64_t start, uint64_t size);

/* For trap(): where to go on after a fault at `rip`, or 0 when none of the copies is there. */
uint64_t copy_fixup(uint64_t rip);

#endif
