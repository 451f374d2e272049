/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/apic.h"
#include "cpu/layout.h"

#define LOCAL 0xfee00000
#define IO 0xfec00000
#define IO_SELECT 0
#define IO_WINDOW 4 /* in words */
#define IO_REDIRECTION 0x10
#define ENABLED 0x1ff

volatile uint32_t *apic(uint32_t offset)
{
    return (volatile uint32_t *)((char *)direct(LOCAL) + offset);
}

void apic_enable(void)
{
    *apic(APIC_SPURIOUS) = ENABLED;
}

static void io_write(unsigned index, uint32_t value)
{
    volatile uint32_t *io = direct(IO);

    io[IO_SELECT] = index;
    io[IO_WINDOW] = value;
}

void apic_route(unsigned line, unsigned vector, enum apic_trigger trigger)
{
    apic_enable();
    io_write(IO_REDIRECTION + 2 * line + 1, 0); /* to the CPU with APIC ID 0, the only one */
    io_write(IO_REDIRECTION + 2 * line, vector | trigger);
}

void apic_acknowledge(void)
{
    *apic(APIC_EOI) = 0;
}
