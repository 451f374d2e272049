/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding a device on PCI, its interrupt, and the modern interface. */
#include "virtio/pci.h"
#include "cpu/apic.h"
#include "cpu/console.h"
#include "cpu/pci.h"
#include "memory/paging.h"

#define VENDOR 0x1af4
#define FIRST_TRANSITIONAL 0x1000 /* device IDs */
#define FIRST_MODERN 0x1040
#define LAST_MODERN 0x107f

enum {
    DEVICE_FEATURES_SELECT = 0x00,
    DEVICE_FEATURES = 0x04,
    DRIVER_FEATURES_SELECT = 0x08,
    DRIVER_FEATURES = 0x0c,
    DEVICE_STATUS = 0x14,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE = 0x18,
    QUEUE_VECTOR = 0x1a,
    QUEUE_ENABLE = 0x1c,
    QUEUE_NOTIFY = 0x1e,
    QUEUE_DESCRIPTORS = 0x20,
    QUEUE_AVAILABLE = 0x28,
    QUEUE_USED = 0x30,
};

#define MSIX_ENABLE (1u << 31)
#define MSIX_MASK_ALL (1u << 30)

static volatile uint16_t *reg16(struct virtio *device, unsigned offset)
{
    return (volatile uint16_t *)(device->pci.common.base + offset);
}

static volatile uint32_t *reg32(struct virtio *device, unsigned offset)
{
    return (volatile uint32_t *)(device->pci.common.base + offset);
}

static uint64_t features(struct virtio *device)
{
    uint64_t low;

    *reg32(device, DEVICE_FEATURES_SELECT) = 0;
    low = *reg32(device, DEVICE_FEATURES);
    *reg32(device, DEVICE_FEATURES_SELECT) = 1;
    return low | (uint64_t)*reg32(device, DEVICE_FEATURES) << 32;
}

static void accept(struct virtio *device, uint64_t accepted)
{
    *reg32(device, DRIVER_FEATURES_SELECT) = 0;
    *reg32(device, DRIVER_FEATURES) = (uint32_t)accepted;
    *reg32(device, DRIVER_FEATURES_SELECT) = 1;
    *reg32(device, DRIVER_FEATURES) = (uint32_t)(accepted >> 32);
}

static uint8_t status(struct virtio *device)
{
    return device->pci.common.base[DEVICE_STATUS];
}

static void set_status(struct virtio *device, uint8_t value)
{
    device->pci.common.base[DEVICE_STATUS] = value;
}

static uint16_t queue_size(struct virtio *device, unsigned index, uint16_t most)
{
    uint16_t largest;

    *reg16(device, QUEUE_SELECT) = (uint16_t)index;
    largest = *reg16(device, QUEUE_SIZE);
    return largest < most ? largest : most;
}

static void set_address(struct virtio *device, unsigned offset, const volatile void *data)
{
    uint64_t address = physical((const void *)(uintptr_t)data);

    *reg32(device, offset) = (uint32_t)address;
    *reg32(device, offset + 4) = (uint32_t)(address >> 32);
}

static bool set_queue(struct virtio *device, struct virtqueue *queue)
{
    const struct virtio_window *notify = &device->pci.notify;
    uint64_t bell;

    *reg16(device, QUEUE_SELECT) = (uint16_t)queue->index;
    bell = (uint64_t)*reg16(device, QUEUE_NOTIFY) * device->pci.notify_step;
    if (bell % sizeof(uint16_t) || bell + sizeof(uint16_t) > notify->length)
        return false;
    queue->bell = (volatile uint16_t *)(notify->base + bell);
    *reg16(device, QUEUE_SIZE) = queue->size;
    if (device->pci.uses_msix) {
        *reg16(device, QUEUE_VECTOR) = 0; /* of its table; it answers 0xffff where it cannot */
        if (*reg16(device, QUEUE_VECTOR) != 0)
            return false;
    }
    set_address(device, QUEUE_DESCRIPTORS, queue->descriptors);
    set_address(device, QUEUE_AVAILABLE, queue->available);
    set_address(device, QUEUE_USED, queue->used);
    *reg16(device, QUEUE_ENABLE) = 1;
    return true;
}

static void notify(struct virtio *device, const struct virtqueue *queue)
{
    (void)device;
    *queue->bell = (uint16_t)queue->index;
}

static uint8_t config(struct virtio *device, unsigned offset)
{
    return offset < device->pci.config.length ? device->pci.config.base[offset] : 0;
}

static void acknowledge(struct virtio *device)
{
    if (!device->pci.uses_msix)
        (void)*device->pci.status.base; /* reading lowers the line */
}

static const struct virtio_transport modern = {
    features, accept, status, set_status, queue_size, set_queue, notify, config, acknowledge,
};

static void complain(pci_function function, const char *what)
{
    print("pith: PCI %02x:%02x.%x: a virtio device %s\n", function >> 16, function >> 11 & 31,
          function >> 8 & 7, what);
}

static void use_msix(struct virtio *device, unsigned vector)
{
    volatile uint32_t *entry = (volatile uint32_t *)device->pci.msix.base;
    pci_function function = device->pci.function;
    unsigned at = device->pci.msix_control;

    entry[0] = APIC_MESSAGES; /* to the CPU with APIC ID 0, the only one */
    entry[1] = 0;
    entry[2] = vector;
    entry[3] = 0; /* not masked */
    pci_write(function, at, (pci_read(function, at) | MSIX_ENABLE) & ~MSIX_MASK_ALL);
    device->pci.uses_msix = true;
    apic_enable();
}

/* Let the device reach memory, and interrupt: by messages, else by a line that it may share. The
 * firmware has noted which one of the I/O APIC's that is. */
static bool connect(struct virtio *device, unsigned vector)
{
    pci_function function = device->pci.function;
    uint32_t command = pci_read(function, PCI_COMMAND) & 0xffff & ~(uint32_t)PCI_COMMAND_NO_LINE;
    uint32_t interrupt = pci_read(function, PCI_INTERRUPT);
    bool msix = vector && device->pci.msix.length;
    unsigned line = interrupt & 0xff, pin = interrupt >> 8 & 0xff;

    command |= PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    if (!vector || msix)
        command |= PCI_COMMAND_NO_LINE;
    pci_write(function, PCI_COMMAND, command);
    if (msix)
        use_msix(device, vector);
    if (!vector || msix)
        return true;
    if (!pin || line >= APIC_LINES)
        return false;
    apic_route(line, vector, APIC_LEVEL);
    return true;
}

/* 0: not virtio. */
static unsigned type_of(pci_function function)
{
    uint32_t id = pci_read(function, PCI_ID);
    unsigned number = id >> 16;

    if ((id & 0xffff) != VENDOR || number < FIRST_TRANSITIONAL || number > LAST_MODERN)
        return 0;
    return number < FIRST_MODERN ? pci_read(function, PCI_SUBSYSTEM) >> 16 : number - FIRST_MODERN;
}

/* The firmware may have placed them anywhere. */
static bool reach_windows(const struct virtio_pci *pci)
{
    const struct virtio_window *windows[] = {&pci->common, &pci->notify, &pci->status, &pci->config,
                                             &pci->msix};

    for (unsigned i = 0; i < sizeof windows / sizeof *windows; i++)
        if (windows[i]->length &&
            !paging_reach(physical((const void *)(uintptr_t)windows[i]->base), windows[i]->length))
            return false;
    return true;
}

struct wanted {
    unsigned type, vector;
    struct virtio *device;
};

static bool visit(pci_function function, void *context)
{
    const struct wanted *wanted = context;
    struct virtio *device = wanted->device;

    if (type_of(function) != wanted->type)
        return false;
    *device = (struct virtio){.transport = &modern};
    virtio_pci_layout(function, PAGING_LIMIT, &device->pci);
    if (!reach_windows(&device->pci)) {
        complain(function, "for whose registers no memory is left");
        return false;
    }
    if (!device->pci.common.length) {
        device->transport = &virtio_pci_legacy;
        device->legacy = true;
        if (!device->pci.port) {
            complain(function, "whose registers cannot be reached");
            return false;
        }
    }
    if (connect(device, wanted->vector))
        return true;
    complain(function, "that has no way to interrupt");
    return false;
}

bool virtio_pci_find(unsigned type, unsigned vector, struct virtio *device)
{
    struct wanted wanted = {type, vector, device};

    return pci_find(visit, &wanted);
}
