/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/cpu.h"
#include "cpu/pci.h"

#define ADDRESS 0xcf8
#define DATA 0xcfc
#define ENABLE (1u << 31)

uint32_t pci_read(pci_function function, unsigned offset)
{
    out32(ADDRESS, ENABLE | function | offset);
    return in32(DATA);
}

void pci_write(pci_function function, unsigned offset, uint32_t value)
{
    out32(ADDRESS, ENABLE | function | offset);
    out32(DATA, value);
}
