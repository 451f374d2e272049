/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The marker protocol: how a guest tells the harness that a phase has begun.
 *
 * A marker is a record of 20 bytes. A guest writes it to QEMU's debug console (I/O port 0xe9). A
 * plain host process, which cannot use the port, writes it to the file descriptor $TARE_MARKER_FD:
 *
 *     byte  0      kind, one letter, see enum marker
 *     bytes 1-16   time-stamp counter, 16 lower-case hex digits
 *     bytes 17-18  status, two lower-case hex digits ("00" where it has no meaning)
 *     byte  19     newline
 *
 * The harness stamps the arrival of byte 0 with the host's CLOCK_MONOTONIC: that is the
 * measurement. It uses the TSC only under `-icount shift=0`, where it counts virtual nanoseconds
 * since reset. Guest and host clocks are never subtracted from one another.
 *
 * This header is freestanding. Payloads, pith, the init of the Linux targets and the harness
 * include it, so there is one definition.
 */
#ifndef TARE_MARKER_H
#define TARE_MARKER_H

enum marker {
    MARKER_KERNEL = 'K', /* the kernel's first instructions (optional; kernels that can mark it) */
    MARKER_MAIN = 'M',   /* the payload's main() was entered */
    MARKER_READY = 'R',  /* the payload can serve (listening, or nothing left to set up) */
    MARKER_PHASE = 'P',  /* a phase of its work began or ended; `status` says which */
    MARKER_EXIT = 'X',   /* the payload is about to exit with `status` */
    MARKER_END =
        'E', /* the kernel or init saw the payload end with `status` (128+signal if killed) */
};

#define MARKER_PORT 0xe9
#define MARKER_SIZE 20
#define MARKER_FD_ENV "TARE_MARKER_FD"

static inline unsigned long long marker_tsc(void)
{
    unsigned low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long long)high << 32 | low;
}

static inline char marker_digit(unsigned long long value, int shift)
{
    return "0123456789abcdef"[value >> shift & 15];
}

/* Fill `record` (MARKER_SIZE bytes, not NUL-terminated) with a marker taken now. */
static inline void marker_format(char *record, enum marker kind, unsigned status)
{
    unsigned long long tsc = marker_tsc();

    record[0] = (char)kind;
    for (int i = 0; i < 16; i++)
        record[1 + i] = marker_digit(tsc, 60 - 4 * i);
    record[17] = marker_digit(status, 4);
    record[18] = marker_digit(status, 0);
    record[19] = '\n';
}

/* Write a marker to the debug console port. The caller needs the right to use the port
 * (a kernel's, or ioperm(2)'s: the Linux targets' init grants it before exec, pith at the start).
 */
static inline void marker_port(enum marker kind, unsigned status)
{
    char record[MARKER_SIZE];
    const char *next = record;
    unsigned long left = MARKER_SIZE;

    marker_format(record, kind, status);
    __asm__ volatile("rep outsb" : "+S"(next), "+c"(left) : "d"(MARKER_PORT) : "memory");
}

#endif
