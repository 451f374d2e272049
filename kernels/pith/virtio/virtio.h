/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * virtio (OASIS Virtual I/O Device, version 1.2): devices over MMIO or PCI, and split virtqueues.
 * Nothing that a device writes is believed: indices and lengths are checked, and a device that
 * breaks the rules is no longer listened to.
 */
#ifndef PITH_VIRTIO_H
#define PITH_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VIRTIO_NET = 1, VIRTIO_RNG = 4 };

#define VIRTIO_F_ANY_LAYOUT (1ull << 27)
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

struct virtio;
struct virtqueue;

/* How a device is reached. Registers of the legacy interfaces have 32 feature bits. */
struct virtio_transport {
    uint64_t (*features)(struct virtio *device); /* that it offers */
    void (*accept)(struct virtio *device, uint64_t features);
    uint8_t (*status)(struct virtio *device);
    void (*set_status)(struct virtio *device, uint8_t status); /* 0 resets */
    /* How large queue `index` is to be: at most `most`, where there is a choice; 0: no queue. */
    uint16_t (*queue_size)(struct virtio *device, unsigned index, uint16_t most);
    /* Where it is; false when the device does not take it. */
    bool (*set_queue)(struct virtio *device, struct virtqueue *queue);
    void (*notify)(struct virtio *device, const struct virtqueue *queue);
    uint8_t (*config)(struct virtio *device, unsigned offset); /* a byte of the device's own */
    void (*acknowledge)(struct virtio *device);                /* its interrupt */
};

/* Registers of a device; without any, the length is 0. */
struct virtio_window {
    volatile uint8_t *base;
    uint32_t length;
};

/* Where a device on PCI has what (4.1.4). */
struct virtio_pci {
    uint32_t function;                           /* as pci.h has it */
    struct virtio_window common, notify, status; /* of the modern interface */
    struct virtio_window config, msix;
    uint32_t notify_step;
    uint16_t port, port_count; /* of the legacy interface */
    uint8_t msix_control;      /* the capability's offset */
    bool uses_msix;
};

struct virtio {
    const struct virtio_transport *transport;
    uint64_t accepted; /* features */
    bool legacy;
    volatile uint8_t *base; /* of its registers, over MMIO */
    struct virtio_pci pci;
};

/* Find the first device of `type`: among those that the command line names by virtio_mmio.device=,
 * or, where it names none, on PCI. Interrupts will come at `vector`; 0: they are not wanted. False
 * when there is none that can be used. */
bool virtio_find(unsigned type, unsigned vector, struct virtio *device);

/* Take the value of a command line word virtio_mmio.device=SIZE@BASE:IRQ[:ID] (Linux's
 * admin-guide/kernel-parameters). False when it cannot be read or used. */
bool virtio_mmio_word(const char *word);

/* Reset it and agree on those of `wanted` that it offers: device->accepted. False, with the device
 * marked as failed, when it does not agree. */
bool virtio_negotiate(struct virtio *device, uint64_t wanted);

/* After the queues are set up: let it run. */
void virtio_go(struct virtio *device);

struct virtqueue_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

struct virtqueue_used {
    uint32_t id, length;
};

/* What the driver knows of a descriptor, where the device cannot write. */
struct virtqueue_slot {
    void *token;          /* of the chain that begins here */
    uint16_t next;        /* in the chain, or among the free ones */
    uint16_t last, count; /* of the chain */
};

/* One split virtqueue (2.7). */
struct virtqueue {
    struct virtio *device;
    unsigned index;
    uint16_t size;
    uint16_t free, free_count; /* the first free descriptor */
    uint16_t next_available;   /* what the driver has offered, as the ring counts */
    uint16_t kicked;           /* up to which of those the device was told */
    uint16_t next_used;        /* what the driver has taken back */
    bool broken;               /* the device broke the rules */
    struct virtqueue_descriptor *descriptors;
    volatile uint16_t *available, *used; /* flags, index, ring... */
    volatile uint16_t *bell;             /* where the device is told, for the transport */
    struct virtqueue_slot *slots;
};

/* A piece of memory, by its address in the kernel. */
struct piece {
    void *data;
    uint32_t length;
};

/* Set up queue `index` with at most `most` entries, a power of two. */
bool virtqueue_init(struct virtqueue *queue, struct virtio *device, unsigned index, uint16_t most);

/* Offer a chain of pieces, all to be read or all to be written by the device; `token` comes back
 * with it. False when there is no room. The device is not told before virtqueue_kick(). */
bool virtqueue_add(struct virtqueue *queue, const struct piece *pieces, unsigned count, bool writes,
                   void *token);

/* The token of the next chain that the device is done with, and how much it wrote; NULL: none. */
void *virtqueue_take(struct virtqueue *queue, uint32_t *length);

/* Whether there is one. */
bool virtqueue_has(const struct virtqueue *queue);

/* The device broke the rules: say so, and take nothing from it any more. */
void virtqueue_distrust(struct virtqueue *queue);

/* Tell the device of new chains, unless it said that it needs no telling. `force`: in any case. */
void virtqueue_kick(struct virtqueue *queue, bool force);

/* Ask for an interrupt once `after` more chains are used, or for none. Enabling says whether some
 * are used already. */
bool virtqueue_enable(struct virtqueue *queue, uint16_t after);
void virtqueue_disable(struct virtqueue *queue);

#endif
