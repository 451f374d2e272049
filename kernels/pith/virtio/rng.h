/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PITH_VIRTIO_RNG_H
#define PITH_VIRTIO_RNG_H

#include <stdbool.h>
#include <stdint.h>

/* A random word from the CPU's RDSEED or RDRAND, or, where it has neither, from a virtio-rng
 * (virtio 1.2, 5.4), which is looked for when first needed. False where there is no such device, or
 * it does not answer within a second. */
bool entropy(uint64_t *word);

#endif
