/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PVH entry (Xen's "x86/HVM direct boot ABI"): 32-bit protected mode, no paging, %ebx points to
 * struct hvm_start_info. From here to long mode and to the kernel's own addresses. The
 * page tables stand ready in the image, so that none is built at boot.
 */
#define KERNEL 0xffffffff80000000

#define PRESENT 0x001
#define WRITE   0x002
#define LARGE   0x080
#define NX      (1 << 63)

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18                      /* name size, description size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long pvh_start

    .section .boot, "awx"
    .code32
    .globl pvh_start
pvh_start:
    lgdt boot_gdt_pointer
    mov $0x6b0, %eax                    /* PAE, PGE, OSFXSR, OSXMMEXCPT, PSE */
    mov %eax, %cr4
    mov $(pml4 - KERNEL), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx               /* EFER: NXE, LME, SCE */
    mov $0x901, %eax
    xor %edx, %edx
    wrmsr
    mov $0x80010033, %eax               /* CR0: PG, WP, NE, ET, MP, PE */
    mov %eax, %cr0
    ljmp $8, $long_mode

    .code64
long_mode:
    mov $16, %eax
    mov %eax, %ss
    mov %eax, %ds
    mov %eax, %es
    mov %ebx, %edi                      /* the start info, first argument */
    mov $boot_stack_end, %rsp
    movabs $kernel_main, %rax
    xor %ebp, %ebp
    call *%rax
    ud2

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            /* 8: code, long mode, ring 0 */
    .quad 0x00cf93000000ffff            /* 16: data */
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

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
kernel_table:                           /* the kernel's 2 MiB, in pages: main.c protects them */
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
    .globl guard_boot, guard_trap, guard_double, trap_stack_end, double_stack_end, boot_stack_end
guard_boot:
    .skip 4096
    .skip 16384
boot_stack_end:
guard_trap:
    .skip 4096
    .skip 16384                         /* the network runs here as well */
trap_stack_end:
guard_double:
    .skip 4096
    .skip 4096
double_stack_end:

    .section .note.GNU-stack, "", @progbits
