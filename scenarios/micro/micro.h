/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The phases of the payload `micro` and the repetitions of each, by which the scenario divides. A
 * phase lies between the markers P with status 2 * phase and 2 * phase + 1. */
#ifndef TARE_MICRO_H
#define TARE_MICRO_H

enum micro {
    MICRO_SYSCALL,
    MICRO_COPY,
    MICRO_FAULT,
    MICRO_OPEN,
    MICRO_SWITCH,
    MICRO_FUTEX,
    MICRO_SIGNAL,
    MICRO_COUNT
};

#define MICRO_COPY_BYTES 32768

/* Enough for a millisecond or more each, few enough for a second in virtual time. */
static const unsigned micro_repeat[MICRO_COUNT] = {
    [MICRO_SYSCALL] = 20000, [MICRO_COPY] = 500,   [MICRO_FAULT] = 4096,  [MICRO_OPEN] = 2000,
    [MICRO_SWITCH] = 5000,   [MICRO_FUTEX] = 5000, [MICRO_SIGNAL] = 5000,
};

#endif
