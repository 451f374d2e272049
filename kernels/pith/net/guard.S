/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See guard.h. What a call preserves lies on the stack, and guard_stack says where. */
    .text

    .globl guard_call                   /* bool (void (*work)(void *), void *argument) */
guard_call:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push guard_stack(%rip)
    mov %rsp, guard_stack(%rip)
    mov %rdi, %rax
    mov %rsi, %rdi
    call *%rax
    mov $1, %eax
return:
    pop guard_stack(%rip)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .globl guard_leave                  /* _Noreturn void (void) */
guard_leave:
    mov guard_stack(%rip), %rsp
    xor %eax, %eax
    jmp return
