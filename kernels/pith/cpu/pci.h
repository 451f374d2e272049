/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * PCI (Local Bus Specification 3.0), as the firmware has set it up: buses numbered, BARs placed.
 * All but the two ports is pure, over pci_read() and pci_write(), and is tested on the host.
 */
#ifndef PITH_PCI_H
#define PITH_PCI_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PCI_ID = 0x00,
    PCI_COMMAND = 0x04,
    PCI_HEADER = 0x0c,
    PCI_BAR = 0x10,
    PCI_BUSES = 0x18, /* of a bridge */
    PCI_SUBSYSTEM = 0x2c,
    PCI_CAPABILITIES = 0x34,
    PCI_INTERRUPT = 0x3c,
};

enum {
    PCI_COMMAND_IO = 0x1,
    PCI_COMMAND_MEMORY = 0x2,
    PCI_COMMAND_MASTER = 0x4,
    PCI_COMMAND_NO_LINE = 0x400, /* no INTx */
    PCI_STATUS_CAPABILITIES = 0x100000,
};

#define PCI_CONFIGURATION 256

enum { PCI_CAPABILITY_VENDOR = 0x09, PCI_CAPABILITY_MSIX = 0x11 };

/* A function by its place, as port 0xcf8 takes it: bus << 16 | device << 11 | function << 8. */
typedef uint32_t pci_function;

/* 32 bits of its configuration space; `offset` is a multiple of 4 below
 * PCI_CONFIGURATION. In pci_ports.c. */
uint32_t pci_read(pci_function function, unsigned offset);
void pci_write(pci_function function, unsigned offset, uint32_t value);

/* Show every function but bridges to `visit`, until it returns true; whether it did. */
bool pci_find(bool (*visit)(pci_function function, void *context), void *context);

/* Show every capability, by its identifier and its offset, to `visit`. Only its first 4 bytes are
 * sure to lie in the configuration space, of PCI_CONFIGURATION bytes. */
void pci_capabilities(pci_function function,
                      void (*visit)(pci_function function, uint8_t id, unsigned at, void *context),
                      void *context);

/* What a BAR decodes: ports or memory. */
struct pci_bar {
    uint64_t base, size;
    bool ports;
};

/* False where there is no BAR `index`, or the firmware has not placed it. Nobody may be using the
 * device: finding out the size takes its BARs away for a moment. */
bool pci_bar(pci_function function, unsigned index, struct pci_bar *bar);

#endif
