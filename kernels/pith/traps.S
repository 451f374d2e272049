/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Traps and system calls. Program and kernel share ring 0, so an interrupt would push its frame
 * onto the program's stack and destroy its red zone: every vector has a stack of its own (IST).
 */
    .text

/* 48 stubs of 16 bytes: 32 exceptions, 16 interrupts. */
    .balign 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 48
    .balign 16
    .if !((vector == 8) || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    push $0                             /* in the place of the error code */
    .endif
    push $vector
    jmp trap_common
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
    mov $16, %eax                       /* the change of stack left %ss null: a thread that this */
    mov %eax, %ss                       /* trap switches to would go on with that */
    mov %rsp, %rdi
    call trap
    cmp %rax, %rsp                      /* the frame to return by: this one, or its copy on the */
    je cpu_return                       /* thread's own stack, where there is time to do more */
    mov %rax, %rsp
    mov %rsp, %rdi
    call trap_on_thread
    jmp cpu_return

/*
 * `syscall` from ring 0: %rcx is the return address, %r11 the flags, %rsp still the program's. The
 * registers are saved as a struct trap_frame, so that signals and new threads find them there. The
 * return must not touch the program's stack (its red zone is live) and cannot be sysret, which
 * would go to ring 3: flags come back by sahf, or where others than sahf's are set by popfq, which is
 * slow, on the kernel's stack; then stack and jump. sti takes effect after the jump, so that no
 * interrupt falls in between.
 */
    .set FLAGS_OF_SAHF, 0x2d7           /* and of sti; bit 1 is always set */
    .globl syscall_entry
syscall_entry:
    mov %rsp, syscall_program_stack(%rip)
    mov cpu_kernel_stack(%rip), %rsp
    push $16
    push syscall_program_stack(%rip)
    push %r11
    push $8
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
    test $~FLAGS_OF_SAHF, %r11
    jnz all_flags
    mov %r11d, %eax
    shl $8, %eax
    sahf
    mov 112(%rsp), %rax
    mov 160(%rsp), %rsp
    sti
    jmp *%rcx
all_flags:
    mov %r11, 120(%rsp)
    andl $~0x200, 120(%rsp)
    add $120, %rsp
    popfq
    mov 32(%rsp), %rsp
    sti
    jmp *%rcx

    .bss
    .balign 8
syscall_program_stack:
    .skip 8

    .section .note.GNU-stack, "", @progbits
