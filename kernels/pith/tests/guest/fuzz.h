/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PITH_GUEST_FUZZ_H
#define PITH_GUEST_FUZZ_H

#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

enum { ECHO = 7, SERVER = 900, CONSOLE = 901, KEPT_FROM = 890, KEPT_TO = 910 }; /* descriptors */
enum { WORKERS = 48, GIVEN_UP = 50 };

/* Where there is nothing of the program's own: what may be mapped, unmapped and written to. */
#define ARENA 0x10000000ul
#define ARENA_SIZE 0x400000ul
#define FREE_END 0x400000000000ul

struct worker {
    volatile pid_t tid;
    volatile uint64_t steps;
    uint64_t seen, random;
    unsigned stuck;
};

extern struct worker workers[WORKERS];
extern volatile int worker_count;
extern volatile uint64_t done; /* steps of all */

uint64_t draw(uint64_t *state);

/* fuzz_calls.c */
void calls_begin(uint64_t seed);
void calls_start(void); /* one worker more */

/* fuzz_code.c: on the calling thread, for ever. */
_Noreturn void code_run(uint64_t seed);

#endif
