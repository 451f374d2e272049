/* SPDX-License-Identifier: GPL-3.0-or-later */
/* KVM's clock (Linux's Documentation/virt/kvm/x86/msr.rst): what the host knows about time. */
#ifndef PITH_KVMCLOCK_H
#define PITH_KVMCLOCK_H

#include <stdint.h>

/* How fast the TSC runs, in kHz; 0 where there is no such clock. */
uint64_t kvmclock_khz(void);

/* ns since 1970; 0 where there is no such clock. */
int64_t kvmclock_date(void);

#endif
