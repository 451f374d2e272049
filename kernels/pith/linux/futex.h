/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PITH_FUTEX_H
#define PITH_FUTEX_H

#include "sched/thread.h"

/* Wake one waiter at `address`: for the end of a thread that is being joined. */
void futex_wake(uint64_t address);

/* Release the robust futexes of a thread that ends. */
void futex_release_robust(struct thread *thread);

#endif
