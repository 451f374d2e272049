/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PVH entry (Xen's "x86/HVM direct boot ABI"): 32-bit protected mode, no paging, %ebx points to
 * struct hvm_start_info. From here to long mode and to the kernel's own addresses, on a CPU that has what
 * this takes: on another one a line says what it lacks.
 */
#define KERNEL 0xffffffff80000000
#define COM1 0x3f8
#define LINE_STATUS (COM1 + 5)
#define ALL_SENT 0x40
#define MARKER_PORT 0xe9                /* scenarios/marker.h */

/* Bits of EDX of CPUID leaf 1 (fpu, pse, tsc, msr, pae, cx8, apic, pge, cmov, mmx, fxsr, sse, sse2) and of
 * leaf 0x80000001 (syscall, nx, lm). */
#define NEEDED 0x0780a379
#define NEEDED_EXTENDED 0x20100800

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18                      /* name size, description size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .long pvh_start

    .section .boot, "awx"
    .code32
    .globl pvh_start
pvh_start:
    mov %ebx, %edi                      /* the start info, first argument; cpuid overwrites %ebx */
    mov $1, %eax
    cpuid
    mov %edx, cpu_features - KERNEL     /* edx1 */
    mov %ecx, cpu_features - KERNEL + 4 /* ecx1 */
    mov $names, %esi
    not %edx
    and $NEEDED, %edx
    jnz lacking
    mov $0x80000001, %eax
    cpuid
    mov %edx, cpu_features - KERNEL + 8 /* edx81 */
    mov $names_extended, %esi
    not %edx
    and $NEEDED_EXTENDED, %edx
    jnz lacking
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
    mov $boot_stack_end, %rsp
    movabs $kernel_main, %rax
    xor %ebp, %ebp
    call *%rax
    ud2

/* Name the bits that are set in %edx, by the list at %esi, and end the machine with status 255. */
    .code32
lacking:
    cld
    mov $boot_stack_end - KERNEL, %esp
    mov %edx, %ebp
    mov %esi, %edi
    mov $lacks, %esi
    call say
next_name:
    movzbl (%edi), %eax                 /* a bit, its name, a zero; a byte of ones ends the list */
    inc %edi
    mov %edi, %esi
    cmp $0xff, %al
    je end_of_names
    bt %eax, %ebp
    jnc skip_name
    call say
skip_name:
    xor %eax, %eax
    mov $-1, %ecx
    repne scasb
    jmp next_name
end_of_names:
    mov $line_end, %esi
    call say
wait_sent:
    mov $LINE_STATUS, %edx
    in %dx, %al
    test $ALL_SENT, %al
    jz wait_sent
    mov $end_marker, %esi
    mov $no_traps - end_marker, %ecx
    mov $MARKER_PORT, %edx
    rep outsb
    lidt no_traps                       /* as machine_end() does */
    ud2

say:                                    /* the string at %esi, on the console */
    mov $LINE_STATUS, %edx
    in %dx, %al
    test $ALL_SENT, %al
    jz say
    mov $COM1, %edx
    lodsb
    test %al, %al
    jz said
    out %al, %dx
    jmp say
said:
    ret

lacks:
    .asciz "pith: panic: the CPU lacks"
line_end:
    .asciz "\r\n"
end_marker:
    .ascii "E0000000000000000ff\n"
no_traps:
    .word 0
    .long 0

    .macro name bit, text
    .byte \bit
    .asciz " \text"
    .endm
names:
    name 0, fpu
    name 3, pse
    name 4, tsc
    name 5, msr
    name 6, pae
    name 8, cx8
    name 9, apic
    name 13, pge
    name 15, cmov
    name 23, mmx
    name 24, fxsr
    name 25, sse
    name 26, sse2
    .byte 0xff
names_extended:
    name 11, syscall
    name 20, nx
    name 29, lm
    .byte 0xff

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            /* 8: code, long mode, ring 0 */
    .quad 0x00cf93000000ffff            /* 16: data */
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt

    .section .note.GNU-stack, "", @progbits
