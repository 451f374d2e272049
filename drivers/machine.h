/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine: ONE for every VM target. It is told to libvirt as a domain and to QEMU as a command
 * line, the one that libvirt makes of that domain (docs/decisions/0032-two-vm-drivers.md;
 * tests/e2e/drivers.sh compares the machines).
 */
#ifndef TARE_MACHINE_H
#define TARE_MACHINE_H

#include "driver.h"

#define MACHINE_QEMU "/usr/bin/qemu-system-x86_64" /* the program that is the machine */
#define MACHINE_TB_SIZE_MIB 128 /* TCG translation buffer, fixed so that memory compares */

/* Under libvirt, the id of the memory backend of a guest whose memory is no whole number of MiB. */
#define MACHINE_EXACT_RAM "exact.ram"

/* The domain XML of `launch` (libvirt "domain" format, docs: formatdomain). Two launches on one
 * machine differ in name, kernel, initrd, command line, tap and MAC address, and in memory if
 * `memory_kib` says so; in nothing else. The caller frees it; NULL when out of memory. */
char *machine_xml(const struct launch *launch);

/* What QEMU inherits, by number; -1: none. */
struct machine_fds {
    int monitor; /* a connected socket, on which it speaks QMP */
    int tap;     /* opened for launch->instance.interface */
    int vhost;   /* /dev/vhost-net, with machine->vhost; or -1 */
};

/* QEMU's command line for the same machine, NULL-terminated. It ends when the guest does. Free with
 * machine_argv_free(); NULL when out of memory. */
char **machine_argv(const struct launch *launch, const struct machine_fds *fds);
void machine_argv_free(char **argv);

/* As XML, with the target's own parts blanked. The text is equal for every target of a comparison,
 * so its hash proves that they ran on the same machine. */
char *machine_signature(const struct machine *machine);

/* What the command line must say for a kernel to find the NIC; "" if it finds it by itself. */
const char *machine_nic(const struct machine *machine);

#endif
