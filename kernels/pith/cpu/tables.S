/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first page tables stand ready in the image, so that none is built at boot. And the stacks. */
#define KERNEL 0xffffffff80000000

#define PRESENT 0x001
#define WRITE   0x002
#define LARGE   0x080
#define NX      (1 << 63)

    .section .data.tables, "aw"
    .balign 4096
    .globl pml4, high_pd, kernel_table, direct_pdpt
pml4:                                   /* entry 0 serves the switch only and is then cleared */
    .quad low_pdpt - KERNEL + PRESENT + WRITE
    .fill 255, 8, 0
    .quad direct_pdpt - KERNEL + PRESENT + WRITE
    .fill 254, 8, 0
    .quad high_pdpt - KERNEL + PRESENT + WRITE
low_pdpt:
    .quad low_pd - KERNEL + PRESENT + WRITE
    .fill 511, 8, 0
low_pd:
    .quad PRESENT + WRITE + LARGE
    .fill 511, 8, 0
high_pdpt:
    .fill 510, 8, 0
    .quad high_pd - KERNEL + PRESENT + WRITE
    .quad 0
high_pd:
    .quad kernel_table - KERNEL + PRESENT + WRITE
    .fill 511, 8, 0
kernel_table:                           /* the kernel's 2 MiB, in pages: paging.c protects them */
    .set page, 0
    .rept 512
    .quad page + PRESENT + WRITE
    .set page, page + 4096
    .endr
direct_pdpt:                            /* all physical memory, in pages of 1 GiB */
    .set page, 0
    .rept 512
    .quad page + PRESENT + WRITE + LARGE + NX
    .set page, page + 0x40000000
    .endr

    .section .bss.pages, "aw", @nobits
    .balign 4096
    .globl guard_boot, guard_fatal, boot_stack_end, fatal_stack_end, nmi_stack_end
guard_boot:
    .skip 4096
    .skip 16384
boot_stack_end:
guard_fatal:
    .skip 4096
    .skip 4096 - 64
fatal_stack_end:
    .skip 64
nmi_stack_end:

    .section .note.GNU-stack, "", @progbits
