/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virtio/mmio.h"
#include "virtio/pci.h"

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, FAILED = 128 };

#define RESET_TRIES 1000000

bool virtio_find(unsigned type, unsigned vector, struct virtio *device)
{
    /* Where devices are named there is no PCI, or none is meant: looking around costs time. */
    if (virtio_mmio_named())
        return virtio_mmio_find(type, vector, device);
    return virtio_pci_find(type, vector, device);
}

bool virtio_negotiate(struct virtio *device, uint64_t wanted)
{
    const struct virtio_transport *transport = device->transport;

    transport->set_status(device, 0);
    for (unsigned tries = 0; transport->status(device) != 0; tries++)
        if (tries == RESET_TRIES)
            return false;
    transport->set_status(device, ACKNOWLEDGE | DRIVER);
    if (!device->legacy)
        wanted |= VIRTIO_F_VERSION_1;
    device->accepted = wanted & transport->features(device);
    transport->accept(device, device->accepted);
    if (device->legacy)
        return true;
    transport->set_status(device, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    if (transport->status(device) & FEATURES_OK && device->accepted & VIRTIO_F_VERSION_1)
        return true;
    transport->set_status(device, FAILED);
    return false;
}

void virtio_go(struct virtio *device)
{
    uint8_t status = ACKNOWLEDGE | DRIVER | DRIVER_OK;

    device->transport->set_status(device, device->legacy ? status : status | FEATURES_OK);
}
