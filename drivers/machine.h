/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine: ONE libvirt domain template for every VM target.
 */
#ifndef TARE_MACHINE_H
#define TARE_MACHINE_H

#include "driver.h"

#define MACHINE_TB_SIZE_MIB 128 /* TCG translation buffer, fixed so that memory compares */

/* The domain XML of `launch` (libvirt "domain" format, docs: formatdomain). Two launches on one
 * machine differ in name, kernel, initrd, command line, tap and MAC address, nothing else.
 * The caller frees it; NULL when out of memory. */
char *machine_xml(const struct launch *launch);

/* The same with the target's own parts blanked. The text is equal for every target of a comparison,
 * so its hash proves that they ran on the same machine. */
char *machine_signature(const struct machine *machine);

/* What the command line must say for a kernel to find the NIC; "" if it finds it by itself. */
const char *machine_nic(const struct machine *machine);

#endif
