/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What vhost-net's workers have used, which move a guest's packets in the host's kernel, in QEMU's
 * place. Since Linux 6.4 a worker is a thread of QEMU, and counted with it. Before, it is a thread
 * of the kernel, named after QEMU's PID as the host has it, and outside of every PID namespace.
 */
#ifndef TARE_VHOST_H
#define TARE_VHOST_H

#include <sys/types.h>

#include "bench/base/error.h"

#define VHOST_NAME "vhost-" /* what the names of workers begin with */

/* The CPU time so far of the kernel's workers for process `pid`, which is of the PID namespace that
 * the link `space` names ("pid:[4026531836]"), by `proc`, a /proc of the host. How many there are,
 * or -errno with `error` filled. */
int vhost_seconds(int proc, const char *space, pid_t pid, double *seconds, struct error *error);

#endif
