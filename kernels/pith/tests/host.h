/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the device drivers call, for tests of them on the host: memory, PCI functions made of bytes,
 * and a device whose side of a virtqueue the test plays. */
#ifndef PITH_TESTS_HOST_H
#define PITH_TESTS_HOST_H

#include "cpu/pci.h"
#include "virtio/virtio.h"

/* Begin anew: all memory is free, no PCI, nothing printed. */
void host_reset(void);

extern unsigned host_lines; /* what print() was called */

/* --- PCI --- */

struct host_function {
    pci_function where;
    uint8_t bytes[PCI_CONFIGURATION];
    uint32_t fixed[6]; /* bits of the BARs that cannot be set */
};

extern struct host_function host_functions[8];
extern unsigned host_function_count;

/* Put a number of `size` bytes at `offset` of its configuration space. */
void host_put(struct host_function *function, unsigned offset, uint32_t value, unsigned size);

/* --- a virtio device --- */

struct host_device {
    struct virtio virtio;    /* first, so that it is found again */
    uint16_t queue_size;     /* what it says */
    bool takes_queue;        /* what set_queue() answers */
    struct virtqueue *queue; /* where it is, after virtqueue_init() */
    uint16_t next;           /* what the device has taken from the available ring */
    uint16_t used;           /* what it has put into the used ring */
    unsigned notified;
};

/* A device with queues of `size` and the features `accepted`. */
void host_device(struct host_device *device, uint16_t size, uint64_t accepted);

/* Take the next chain: its head, or -1. */
int host_take(struct host_device *device);

/* Say that a chain is done with. */
void host_use(struct host_device *device, uint32_t head, uint32_t length);

/* Write the used ring: what a device may do, and what it may not. */
void host_write_used(struct host_device *device, uint16_t at, uint32_t id, uint32_t length);
void host_write_used_index(struct host_device *device, uint16_t index);
void host_write_used_flags(struct host_device *device, uint16_t flags);
void host_write_event(struct host_device *device, uint16_t event);

/* What the driver wants to be told. */
uint16_t host_available_flags(const struct host_device *device);
uint16_t host_used_event(const struct host_device *device);

#endif
