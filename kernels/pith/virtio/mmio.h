/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PITH_VIRTIO_MMIO_H
#define PITH_VIRTIO_MMIO_H

#include "virtio/virtio.h"

/* The parser of virtio_mmio_word(): where the registers are, and which line of the I/O APIC the
 * device interrupts by. Pure. */
bool virtio_mmio_parse(const char *word, uint64_t *base, unsigned *line);

/* Whether the command line names devices. */
bool virtio_mmio_named(void);

/* virtio_find() among the devices that the command line names. */
bool virtio_mmio_find(unsigned type, unsigned vector, struct virtio *device);

#endif
