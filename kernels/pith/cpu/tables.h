/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands ready in the image: the first page tables, and the stacks with a page before each
 * that is never mapped. */
#ifndef PITH_TABLES_H
#define PITH_TABLES_H

#include <stdint.h>

extern uint64_t pml4[], high_pd[], kernel_table[], direct_pdpt[];
extern char guard_boot[], guard_fatal[];
extern char boot_stack_end[], fatal_stack_end[], nmi_stack_end[];

#endif
