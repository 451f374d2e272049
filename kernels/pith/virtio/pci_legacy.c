/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/cpu.h"
#include "memory/paging.h"
#include "virtio/pci.h"

enum {
    DEVICE_FEATURES = 0,
    DRIVER_FEATURES = 4,
    QUEUE_PAGE = 8,
    QUEUE_SIZE = 12,
    QUEUE_SELECT = 14,
    QUEUE_NOTIFY = 16,
    STATUS = 18,
    INTERRUPT_STATUS = 19,
    CONFIG = 20,
    QUEUE_VECTOR = 22, /* with MSI-X, which moves what comes after */
    CONFIG_MSIX = VIRTIO_PCI_LEGACY_PORTS,
};

static uint16_t port(const struct virtio *device, unsigned offset)
{
    return (uint16_t)(device->pci.port + offset);
}

static uint64_t features(struct virtio *device)
{
    return in32(port(device, DEVICE_FEATURES));
}

static void accept(struct virtio *device, uint64_t accepted)
{
    out32(port(device, DRIVER_FEATURES), (uint32_t)accepted);
}

static uint8_t status(struct virtio *device)
{
    return in8(port(device, STATUS));
}

static void set_status(struct virtio *device, uint8_t value)
{
    out8(port(device, STATUS), value);
}

static uint16_t queue_size(struct virtio *device, unsigned index, uint16_t most)
{
    (void)most; /* there is no choice */
    out16(port(device, QUEUE_SELECT), (uint16_t)index);
    return in16(port(device, QUEUE_SIZE));
}

static bool set_queue(struct virtio *device, struct virtqueue *queue)
{
    out16(port(device, QUEUE_SELECT), (uint16_t)queue->index);
    if (device->pci.uses_msix) {
        out16(port(device, QUEUE_VECTOR), 0); /* of its table */
        if (in16(port(device, QUEUE_VECTOR)) != 0)
            return false;
    }
    out32(port(device, QUEUE_PAGE), (uint32_t)(physical(queue->descriptors) / PAGE));
    return true;
}

static void notify(struct virtio *device, const struct virtqueue *queue)
{
    out16(port(device, QUEUE_NOTIFY), (uint16_t)queue->index);
}

static uint8_t config(struct virtio *device, unsigned offset)
{
    offset += device->pci.uses_msix ? CONFIG_MSIX : CONFIG;
    return offset < device->pci.port_count ? in8(port(device, offset)) : 0;
}

static void acknowledge(struct virtio *device)
{
    if (!device->pci.uses_msix)
        in8(port(device, INTERRUPT_STATUS)); /* reading lowers the line */
}

const struct virtio_transport virtio_pci_legacy = {
    features, accept, status, set_status, queue_size, set_queue, notify, config, acknowledge,
};
