/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ioperm(2) and iopl(2): which I/O ports a thread may use. */
#ifndef PITH_PORTS_H
#define PITH_PORTS_H

#include "sched/thread.h"

/* A new thread may use what the current one may; an ended one lets go of it. */
void ports_share(struct thread *thread);
void ports_forget(struct thread *thread);

/* Since iopl(3) gives the ports and no more, Linux lets a program that has called it believe that
 * it can switch interrupts off and on: cli and sti, which faulted, are skipped. Whether it was
 * that. */
bool ports_pretend(struct trap_frame *frame);

#endif
