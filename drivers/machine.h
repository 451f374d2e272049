/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine: ONE for every VM target, but for those whose target.json says that they cannot run
 * on it (docs/decisions/0046-a-machine-of-its-own.md). It is told to libvirt as a domain and to
 * QEMU as a command line, the one that libvirt makes of that domain
 * (docs/decisions/0032-two-vm-drivers.md; tests/e2e/drivers.sh compares the machines).
 */
#ifndef TARE_MACHINE_H
#define TARE_MACHINE_H

#include "driver.h"

#define MACHINE_QEMU "/usr/bin/qemu-system-x86_64" /* the program that is the machine */
#define MACHINE_TB_SIZE_MIB 128 /* TCG translation buffer, fixed so that memory compares */

/* Under libvirt, the id of the memory backend of a guest whose memory is no whole number of MiB. */
#define MACHINE_EXACT_RAM "exact.ram"

/* The device by which some unikernels end QEMU with a status. */
#define MACHINE_DEBUG_EXIT "isa-debug-exit,iobase=0x501,iosize=0x2"

/* Otherwise QEMU appends virtio_mmio.device=... to the command line. After `--` no kernel reads
 * that: it would become the program's last argument. And the machine has no real-time clock under
 * KVM, where it has one under TCG. */
#define MACHINE_MICROVM_OPTIONS "auto-kernel-cmdline=off,rtc=on"

/* The domain XML of `launch` (libvirt "domain" format, docs: formatdomain). Two launches on one
 * machine differ in name, kernel, initrd, disks, command line, tap and MAC address, and in memory
 * if `memory_kib` says so; in nothing else. The caller frees it; NULL when out of memory. */
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

/* What the command line must say for a kernel to find the NIC, and the disks; "" if it finds them
 * by itself. */
void machine_nic(const struct launch *launch, char *text, size_t size);
void machine_disks(const struct launch *launch, char *text, size_t size);

/* Whether the NIC is the one that every VM gets: on pc, transitional is what virtio is. */
bool machine_nic_is_plain(const struct machine *machine);

/* Of disk `index`: the how many'th of its bus it is, from 0. */
unsigned machine_disk_place(const struct launch *launch, unsigned index);

/* The guest's RAM. */
unsigned machine_memory_kib(const struct launch *launch);

#endif
