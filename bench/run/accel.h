/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * KVM or TCG. KVM is chosen only where it is proven (bench/measure/kvm.h) and boots the targets.
 */
#ifndef TARE_ACCEL_H
#define TARE_ACCEL_H

#include <stddef.h>

#include "bench/run/run.h"

/* Decide run->machine.accel and say why in `reason`, in the sandbox with all files staged, by
 * booting every target whose driver needs an accelerator (scenarios/kvm). A target that KVM refuses
 * is dropped, and the journal told, under --accel kvm; otherwise one refusal of a built-in target
 * means TCG for all. -ENOTSUP when --accel kvm cannot be had, -ECANCELED, or what the journal
 * says. */
int accel_decide(struct run *run, char *reason, size_t size, struct error *error);

#endif
