/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a VM's serial ports end, for every driver that starts QEMU: console and markers are unix
 * sockets in the guest's folder. We listen and QEMU connects, so nothing polls for a socket to
 * appear, and the kernel tells us QEMU's pid (SO_PEERCRED).
 */
#ifndef TARE_SOCKETS_H
#define TARE_SOCKETS_H

#include "driver.h"

/* Listening; -1 where there is none. */
struct sockets {
    int console;
    int marker;
};

/* Listen at `workdir`/console and `workdir`/marker (machine.c names the same). Close with
 * sockets_close(), also after a failure. */
int sockets_listen(const char *workdir, struct sockets *sockets, struct error *error);
void sockets_close(struct sockets *sockets);

/* Take the connections of a QEMU that has opened its serial ports, and adopt it. */
int sockets_accept(const struct sockets *sockets, struct guest *guest, struct error *error);

#endif
