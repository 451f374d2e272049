/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PVH entry (Xen's "x86/HVM direct boot ABI"): 32-bit protected mode, no paging, %ebx points to
 * struct hvm_start_info. From here to long mode and to the kernel's own addresses.
 */
#define KERNEL 0xffffffff80000000

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
    mov $0x80050033, %eax               /* CR0: PG, AM, WP, NE, ET, MP, PE */
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

    .section .note.GNU-stack, "", @progbits
