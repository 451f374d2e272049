/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An empty qcow2 image over another one: what a guest writes goes there and dies with it. */
#ifndef TARE_OVERLAY_H
#define TARE_OVERLAY_H

#include <stdint.h>

#include "bench/base/error.h"

#define OVERLAY_MAX ((uint64_t)1 << 42) /* bytes of the largest disk */

/* Write one at `path` over `base`, a disk of `size` bytes in `format` ("raw" or "qcow2"). */
int overlay_write(const char *path, const char *base, const char *format, uint64_t size,
                  struct error *error);

#endif
