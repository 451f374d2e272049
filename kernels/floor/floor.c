/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * floor: a kernel with nothing in it. It starts where every PVH kernel starts, writes the markers
 * of all phases, and ends the VM. A trial of this target costs what the virtual machine costs. No
 * kernel in this harness can be faster.
 */
#include "../../scenarios/marker.h"

/*
 * The PVH note names the entry point (Xen's docs/misc/pvh, QEMU's -kernel reads it): the CPU is in
 * 32-bit protected mode with flat segments, paging and interrupts off, and no stack.
 */
__asm__(".pushsection .note.pvh, \"a\", @note\n"
        ".long 4, 4, 18\n" /* sizes of name and value; XEN_ELFNOTE_PHYS32_ENTRY */
        ".asciz \"Xen\"\n"
        ".long start\n"
        ".popsection\n"
        ".globl start\n"
        "start:\n"
        "    mov $stack_top, %esp\n"
        "    jmp floor\n"
        ".lcomm stack, 1024\n"
        ".set stack_top, stack + 1024\n");

void floor(void);

void floor(void)
{
    static const struct {
        unsigned short limit;
        unsigned base;
    } __attribute__((packed)) no_interrupts = {0, 0};

    marker_port(MARKER_KERNEL, 0);
    marker_port(MARKER_MAIN, 0);
    marker_port(MARKER_READY, 0);
    marker_port(MARKER_EXIT, 0);
    marker_port(MARKER_END, 0);

    /* A trap without a handler, not even for the double fault, resets the machine, and a reset ends
     * the VM. No other way out works on each machine type without a device driver. */
    __asm__ volatile("lidt %0; ud2" ::"m"(no_interrupts));
    __builtin_unreachable();
}
