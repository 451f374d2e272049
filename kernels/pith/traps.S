/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traps and system calls. The CPU comes from the program on the thread's own kernel stack, or changes
 * to it here, so that the program's registers always stand as a struct trap_frame at its end.
 */
#include "cpu/smap.h"

#define SELECTOR_DATA 0x2b              /* the program's, as on Linux */
#define SELECTOR_CODE 0x33
#define VECTOR_NMI 2

    .text

/* 48 stubs of 16 bytes: 32 exceptions, 16 interrupts. */
    .balign 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 48
    .balign 16
    .if vector == VECTOR_NMI            /* it may come before the stack has changed, and means nothing */
    iretq
    .else
    .if !((vector == 8) || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push $0                             /* in the place of the error code */
    .endif
    push $vector
    jmp trap_common
    .endif
    .set vector, vector + 1
    .endr

trap_common:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov $16, %eax                       /* the change of stack left it null: QEMU would translate */
    mov %eax, %ss                       /* what system calls use as well a second time */
    SMAP_CLOSE                          /* the program can set AC */
    mov %rsp, %rdi
    call trap
    jmp cpu_return

/*
 * `syscall`: %rcx is the return address, %r11 the flags, %rsp still the program's. The registers are
 * saved as a struct trap_frame, so that signals and new threads find them there. sysret would fault
 * in ring 0, on the program's stack, if %rcx was no address: it is the one behind a `syscall` below
 * PROGRAM_END, or the registers were changed and iretq takes them.
 */
    .globl syscall_entry
syscall_entry:
    mov %rsp, syscall_program_stack(%rip)
    mov cpu_tss + 4(%rip), %rsp         /* rsp[0] */
    push $SELECTOR_DATA
    push syscall_program_stack(%rip)
    push %r11
    push $SELECTOR_CODE
    push %rcx
    push %rax                           /* in the error code's place: the call's number */
    push $-1                            /* VECTOR_SYSCALL */
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    call syscall
    test %al, %al                       /* the registers were changed: take them all */
    jnz cpu_return
    mov 40(%rsp), %r10
    mov 48(%rsp), %r9
    mov 56(%rsp), %r8
    mov 72(%rsp), %rdi
    mov 80(%rsp), %rsi
    mov 88(%rsp), %rdx
    mov 112(%rsp), %rax
    mov 136(%rsp), %rcx
    mov 152(%rsp), %r11
    mov 160(%rsp), %rsp
    sysretq

    .bss
    .balign 8
syscall_program_stack:
    .skip 8

    .section .note.GNU-stack, "", @progbits
