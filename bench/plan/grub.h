/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk from which the firmware starts GRUB, and GRUB a multiboot kernel: for kernels that QEMU
 * itself does not load. GRUB comes from the distribution (grub-common, grub-pc-bin).
 */
#ifndef TARE_GRUB_H
#define TARE_GRUB_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/file.h"

#define GRUB_RULE "GRUB passes no quotes or backslashes on"

/* Whether GRUB passes the words of a command line on as they are. */
bool grub_passes(const char *cmdline);

/* Make what stands on such a disk before its partition. -ENOENT without a message where GRUB is not
 * installed. */
int grub_make(struct file *loader, struct error *error);

/* Write the disk: `loader`, then an archive with `kernel`, loaded by multiboot `version` with
 * `cmdline`, and `initrd` as its module, the path of a file or NULL. *size is the disk's. */
int grub_write(const char *path, const struct file *loader, const struct file *kernel,
               unsigned version, const char *initrd, const char *cmdline, uint64_t *size,
               struct error *error);

#endif
