/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vDSO's bytes, on a page of their own, and its data page. */
    .section .rodata.vdso, "a"
    .balign 4096
    .globl vdso_image
vdso_image:
    .incbin VDSO
    .balign 4096

    .section .data.vdso, "aw"
    .balign 4096
    .globl vdso_page
vdso_page:
    .skip 4096

    .section .note.GNU-stack, "", @progbits
