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
    je restore                          /* thread's own stack, where there is time to do more */
    mov %rax, %rsp
    mov %rsp, %rdi
    call trap_on_thread
restore:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rbp
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    add $16, %rsp
    iretq

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
    mov syscall_kernel_stack(%rip), %rsp
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
    jnz restore
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

/* A new thread's first steps, on its own stack, its registers on top. */
    .globl thread_start
thread_start:
    call thread_bury
    jmp restore

/* switch_stacks(uint64_t *save, uint64_t next) */
    .globl switch_stacks
switch_stacks:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* cpu_enter(entry, stack) */
    .globl cpu_enter
cpu_enter:
    mov %rsi, %rsp
    mov %rdi, %rcx
    xor %eax, %eax
    xor %ebx, %ebx
    xor %edx, %edx
    xor %esi, %esi
    xor %edi, %edi
    xor %ebp, %ebp
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    xor %r11d, %r11d
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
    sti
    jmp *%rcx

/*
 * long copy_bytes(void *to, const void *from, size_t size): copies between the program's memory
 * and ours. Returns 0, or -14 (EFAULT) when an address turned out bad: trap() finds the faulting
 * instruction in the fixup table and goes on there.
 */
    .balign 256
    .globl copy_bytes
copy_bytes:
    mov %rdx, %rcx
    shr $6, %rcx
    jz 20f
1:
30: mov 0(%rsi), %rax
31: mov 8(%rsi), %r8
32: mov 16(%rsi), %r9
33: mov 24(%rsi), %r10
34: mov %rax, 0(%rdi)
35: mov %r8, 8(%rdi)
36: mov %r9, 16(%rdi)
37: mov %r10, 24(%rdi)
38: mov 32(%rsi), %rax
39: mov 40(%rsi), %r8
40: mov 48(%rsi), %r9
41: mov 56(%rsi), %r10
42: mov %rax, 32(%rdi)
43: mov %r8, 40(%rdi)
44: mov %r9, 48(%rdi)
45: mov %r10, 56(%rdi)
    add $64, %rsi
    add $64, %rdi
    dec %rcx
    jnz 1b
20: mov %edx, %ecx                      /* less than 64 are left */
    and $63, %ecx
    shr $3, %ecx
    jz 3f
21: mov (%rsi), %rax
22: mov %rax, (%rdi)
    add $8, %rsi
    add $8, %rdi
    dec %ecx
    jnz 21b
3:  and $7, %edx
    jz 6f
4:  movzbl (%rsi), %eax
5:  mov %al, (%rdi)
    inc %rsi
    inc %rdi
    dec %edx
    jnz 4b
6:  xor %eax, %eax
    ret
copy_failed:
    mov $-14, %rax
    ret

/* long exchange_word(uint32_t *at, uint32_t expected, uint32_t value, uint32_t *old): compare and
 * exchange in the program's memory; 0 or -14. The CPU is alone: no lock prefix is needed, but an
 * interrupt-free kernel is. */
    .globl exchange_word
exchange_word:
    mov %rcx, %r8
    mov %esi, %eax
7:  cmpxchg %edx, (%rdi)
    mov %eax, (%r8)
    xor %eax, %eax
    ret

    .section .fixups, "a"
    .quad 7b, copy_failed
    .quad 30b, copy_failed
    .quad 31b, copy_failed
    .quad 32b, copy_failed
    .quad 33b, copy_failed
    .quad 34b, copy_failed
    .quad 35b, copy_failed
    .quad 36b, copy_failed
    .quad 37b, copy_failed
    .quad 38b, copy_failed
    .quad 39b, copy_failed
    .quad 40b, copy_failed
    .quad 41b, copy_failed
    .quad 42b, copy_failed
    .quad 43b, copy_failed
    .quad 44b, copy_failed
    .quad 45b, copy_failed
    .quad 21b, copy_failed
    .quad 22b, copy_failed
    .quad 4b, copy_failed
    .quad 5b, copy_failed

    .bss
    .balign 8
syscall_program_stack:
    .skip 8
    .data
    .balign 8
    .globl syscall_kernel_stack
syscall_kernel_stack:
    .quad 0

    .section .note.GNU-stack, "", @progbits
