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

/* Deliver the I/O APIC's `line` at `vector`, by its rising edge. */
void apic_route(unsigned line, unsigned vector);

/* For the handlers: the interrupt has been taken. */
void apic_acknowledge(void);

#endif
