/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Time: the TSC, its frequency found when time is first asked for, since a boot that never asks
 * must not pay for it; and the local APIC's timer to wake from sleep.
 */
#ifndef PITH_TIMER_H
#define PITH_TIMER_H

#include <stdint.h>

/* What the command line says of the TSC's frequency, a number of kHz, or NULL. It is looked at when
 * time is first asked for and the CPU does not tell, and spares the measuring. */
void timer_init(const char *khz);

/* ns since the first call. */
int64_t timer_now(void);

/* ns since 1970 when timer_now() was 0, by KVM's clock, else by the real-time clock, which has
 * whole seconds. */
int64_t timer_boot_time(void);

/* TSC ticks in ns. */
int64_t timer_ns(uint64_t ticks);

/* Interrupt with VECTOR_TIMER once the time is `at`, or before; only the last call counts. */
void timer_arm(int64_t at);

#endif
