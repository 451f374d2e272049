/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interrupts: the local APIC, and the I/O APIC's lines (Intel 82093AA). */
#ifndef PITH_APIC_H
#define PITH_APIC_H

#include <stdint.h>

#define APIC_LINES 24

enum {
    APIC_EOI = 0x0b0,
    APIC_SPURIOUS = 0x0f0,
    APIC_TIMER = 0x320,
    APIC_INITIAL = 0x380,
    APIC_CURRENT = 0x390,
    APIC_DIVIDE = 0x3e0,
};

/* A register of the local APIC. */
volatile uint32_t *apic(uint32_t offset);

/* Let interrupts through: before the first is asked for. */
void apic_enable(void);

/* When a line interrupts: as it rises, or for as long as it is up, as shared lines do. */
enum apic_trigger { APIC_EDGE = 0, APIC_LEVEL = 0x8000 };

/* Deliver the I/O APIC's `line` at `vector`. */
void apic_route(unsigned line, unsigned vector, enum apic_trigger trigger);

/* Where a device writes a vector to interrupt the CPU (Intel SDM vol. 3, 11.11). */
#define APIC_MESSAGES 0xfee00000

/* For the handlers: the interrupt has been taken. */
void apic_acknowledge(void);

#endif
