/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc, /dev and /sys, as far as C libraries and common programs read them. */
#ifndef PITH_PROCFS_H
#define PITH_PROCFS_H

#include "linux/ramfs.h"

/* Add them to the root. False: no memory. */
bool proc_mount(struct inode *root);

#endif
