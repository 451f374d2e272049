/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/pci.h"

#define ABSENT 0xffff /* no such vendor */
#define BUSES 256
#define DEVICES 32
#define FUNCTIONS 8
#define BARS 6
#define HEADER_END 0x40

#define HEADER_BRIDGE 1
#define HEADER_MANY 0x80 /* functions */

#define BAR_PORTS 1
#define BAR_TYPE 6
#define BAR_64 4

static bool bridge(pci_function function, uint8_t header, bool *buses)
{
    unsigned bus = function >> 16, behind;

    if ((header & ~HEADER_MANY) != HEADER_BRIDGE)
        return false;
    behind = pci_read(function, PCI_BUSES) >> 8 & 0xff;
    if (behind > bus) /* as firmware numbers them; so every bus is looked at once */
        buses[behind] = true;
    return true;
}

static bool look_at_device(pci_function device, bool *buses,
                           bool (*visit)(pci_function function, void *context), void *context)
{
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        pci_function function = device | i << 8;
        uint8_t header;

        if ((pci_read(function, PCI_ID) & 0xffff) == ABSENT) {
            if (i == 0)
                return false;
            continue;
        }
        header = (uint8_t)(pci_read(function, PCI_HEADER) >> 16);
        if (!bridge(function, header, buses) && visit(function, context))
            return true;
        if (i == 0 && !(header & HEADER_MANY))
            return false;
    }
    return false;
}

bool pci_find(bool (*visit)(pci_function function, void *context), void *context)
{
    bool buses[BUSES] = {true};

    if ((pci_read(0, PCI_ID) & 0xffff) == ABSENT) /* no host bridge, no PCI */
        return false;
    for (unsigned bus = 0; bus < BUSES; bus++)
        for (unsigned device = 0; buses[bus] && device < DEVICES; device++)
            if (look_at_device(bus << 16 | device << 11, buses, visit, context))
                return true;
    return false;
}

void pci_capabilities(pci_function function,
                      void (*visit)(pci_function function, uint8_t id, unsigned at, void *context),
                      void *context)
{
    uint32_t next = pci_read(function, PCI_CAPABILITIES);

    if (!(pci_read(function, PCI_COMMAND) & PCI_STATUS_CAPABILITIES))
        return;
    /* A list that runs in a circle is longer than there is room for. */
    for (unsigned left = (PCI_CONFIGURATION - HEADER_END) / 4; left; left--) {
        unsigned at = next & 0xfc;

        if (at < HEADER_END)
            return;
        next = pci_read(function, at);
        visit(function, (uint8_t)next, at, context);
        next >>= 8;
    }
}

/* A BAR's bits that can be set, which give its size. */
static uint32_t settable(pci_function function, unsigned offset)
{
    uint32_t value = pci_read(function, offset), bits;

    pci_write(function, offset, ~0u);
    bits = pci_read(function, offset);
    pci_write(function, offset, value);
    return bits;
}

bool pci_bar(pci_function function, unsigned index, struct pci_bar *bar)
{
    unsigned offset = PCI_BAR + 4 * index;
    uint32_t low, command, low_bits, high = 0, high_bits = ~0u;
    bool wide;

    if (index >= BARS)
        return false;
    low = pci_read(function, offset);
    bar->ports = low & BAR_PORTS;
    wide = !bar->ports && (low & BAR_TYPE) == BAR_64;
    if (wide ? index + 1 == BARS : !bar->ports && low & BAR_TYPE)
        return false;
    command = pci_read(function, PCI_COMMAND) & 0xffff;
    pci_write(function, PCI_COMMAND, command & ~(uint32_t)(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    low_bits = settable(function, offset);
    if (wide) {
        high = pci_read(function, offset + 4);
        high_bits = settable(function, offset + 4);
    }
    pci_write(function, PCI_COMMAND, command);
    if (bar->ports) {
        bar->base = low & 0xfffc;
        bar->size = -(low_bits & 0xfffc) & 0xffff;
    } else {
        bar->base = (uint64_t)high << 32 | (low & ~15u);
        bar->size = -((uint64_t)high_bits << 32 | (low_bits & ~15u));
    }
    return bar->base && bar->size && !(bar->size & (bar->size - 1)) &&
           !(bar->base & (bar->size - 1));
}
