/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may fault halfway in the program's memory: see copy.c. */
#include "cpu/smap.h"

    .text

/*
 * long copy_bytes(void *to, const void *from, size_t size): copies between the program's memory
 * and ours. Returns 0, or -14 (EFAULT) when an address turned out bad: trap() finds the faulting
 * instruction in the fixup table and goes on there.
 */
    .balign 256
    .globl copy_bytes
copy_bytes:
    SMAP_OPEN
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
6:  SMAP_CLOSE
    xor %eax, %eax
    ret
copy_failed:
    SMAP_CLOSE
    mov $-14, %rax
    ret

/* long exchange_word(uint32_t *at, uint32_t expected, uint32_t value, uint32_t *old): compare and
 * exchange in the program's memory; 0 or -14. The CPU is alone: no lock prefix is needed, but an
 * interrupt-free kernel is. */
    .globl exchange_word
exchange_word:
    mov %rcx, %r8
    mov %esi, %eax
    SMAP_OPEN
7:  cmpxchg %edx, (%rdi)
    SMAP_CLOSE
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

    .section .note.GNU-stack, "", @progbits
