/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lwIP ends itself where something that it takes for certain is not so (LWIP_ASSERT). A packet may
 * be what brings that about, and must not end the machine: all work in lwIP is done below a guard,
 * which an assertion returns to. The packet is then dropped, and the connection with it.
 *
 * What was under way stays undone, and what it held is lost: memory, but never safety, as nothing
 * is given back of which it is not known who else holds it. The console says so, since each is a
 * mistake of ours or of lwIP's.
 */
#ifndef PITH_NET_GUARD_H
#define PITH_NET_GUARD_H

#include <stdbool.h>

struct tcp_pcb;

/* Do work(argument), which may not wait. False when an assertion ended it. */
bool guard(void (*work)(void *argument), void *argument);

/* Whose affair the work is from now on: who is dropped if an assertion ends it. */
extern struct tcp_pcb *guard_blames;

/* `pcb` ends, if it is still there, as if it had been reset. */
void guard_drop(struct tcp_pcb *pcb);

/* For lwIP: an assertion failed. Does not return. */
_Noreturn void guard_assertion(const char *message, const char *file, int line);

#endif
