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
    mov %rsp, %rdi
    call trap
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
 * `syscall` from ring 0: %rcx is the return address, %r11 the flags, %rsp still the program's.
 * The return must not touch the program's stack (its red zone is live) and cannot be sysret, which
 * would go to ring 3: flags come back by popfq on the kernel's stack, then stack and jump.
 */
    .globl syscall_entry
syscall_entry:
    mov %rsp, syscall_program_stack(%rip)
    mov syscall_kernel_stack(%rip), %rsp
    push syscall_program_stack(%rip)
    push %rcx
    push %r11
    push %rdi
    push %rsi
    push %rdx
    push %r10
    push %r8
    push %r9
    mov %r10, %rcx                      /* C's fourth argument; the seventh is the number */
    push %rax
    call syscall
    add $8, %rsp
    pop %r9
    pop %r8
    pop %r10
    pop %rdx
    pop %rsi
    pop %rdi
    pop %r11
    pop %rcx
    push %r11
    popfq
    mov (%rsp), %rsp
    jmp *%rcx

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
    jmp *%rcx

/*
 * long copy_bytes(void *to, const void *from, size_t size): copies between the program's memory
 * and ours. Returns 0, or -14 (EFAULT) when an address turned out bad: trap() finds the faulting
 * instruction in the fixup table and goes on there.
 */
    .globl copy_bytes
copy_bytes:
    mov %rdx, %rcx
    shr $3, %rcx
    jz 3f
1:  mov (%rsi), %rax
2:  mov %rax, (%rdi)
    add $8, %rsi
    add $8, %rdi
    dec %rcx
    jnz 1b
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

    .section .fixups, "a"
    .quad 1b, copy_failed
    .quad 2b, copy_failed
    .quad 4b, copy_failed
    .quad 5b, copy_failed

    .bss
    .balign 8
syscall_program_stack:
    .skip 8
    .data
    .balign 8
syscall_kernel_stack:
    .quad boot_stack_end

    .section .note.GNU-stack, "", @progbits
