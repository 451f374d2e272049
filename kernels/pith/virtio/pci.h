/* SPDX-License-Identifier: GPL-3.0-or-later */
/* virtio over PCI (4.1). */
#ifndef PITH_VIRTIO_PCI_H
#define PITH_VIRTIO_PCI_H

#include "virtio/virtio.h"

/* virtio_find() among the devices on PCI. One that has both interfaces, which is called
 * transitional, is driven by the modern one. */
bool virtio_pci_find(unsigned type, unsigned vector, struct virtio *device);

/* Find out where the device on `function` has its registers. What does not lie wholly in a BAR, or
 * beyond the physical address `reach`, is left out. Pure, over pci_read() and pci_write(). */
void virtio_pci_layout(uint32_t function, uint64_t reach, struct virtio_pci *out);

/* The legacy interface, by ports (4.1.4.8). */
#define VIRTIO_PCI_LEGACY_PORTS 24 /* before the device's own, with MSI-X */
extern const struct virtio_transport virtio_pci_legacy;

#endif
