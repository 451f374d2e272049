/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program's memory is out of the kernel's reach (SMAP) but between SMAP_OPEN and SMAP_CLOSE.
 * For a CPU that has no SMAP, and so neither instruction, cpu_init() overwrites them: the section
 * .smap says where they are. For assembly, and as a string for the compiler's.
 */
#ifndef PITH_SMAP_H
#define PITH_SMAP_H

#ifdef __ASSEMBLER__
/* clang-format off */
#define SMAP_PLACE(instruction) 99: instruction; .pushsection .smap, "a"; .quad 99b; .popsection
/* clang-format on */
#define SMAP_OPEN SMAP_PLACE(stac)
#define SMAP_CLOSE SMAP_PLACE(clac)
#else
#define SMAP_PLACE(instruction)                                                                    \
    "99: " instruction "\n.pushsection .smap, \"a\"\n.quad 99b\n.popsection\n"
#define SMAP_OPEN SMAP_PLACE("stac")
#define SMAP_CLOSE SMAP_PLACE("clac")
#endif

#endif
