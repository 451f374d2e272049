/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is /dev/kvm KVM? One that opens proves nothing: some are emulators that run a guest at a
 * hundredth of the CPU's speed, know a part of its instructions, or hang. So a guest of our own,
 * without QEMU, does a loop of known length with SSE, and has to be about as fast as this process
 * and as right.
 */
#ifndef TARE_KVM_H
#define TARE_KVM_H

#include <stddef.h>
#include <stdint.h>

#define KVM_DEVICE "/dev/kvm"

/* Prove it, in half a second at most where it is, and say what was seen in `text`, which holds the
 * reason where it is not: then -errno. */
int kvm_prove(char *text, size_t size);

/* The verdict on a guest that took `guest_ns` for what took this process `host_ns`. */
int kvm_judge(int64_t host_ns, int64_t guest_ns, char *text, size_t size);

#endif
