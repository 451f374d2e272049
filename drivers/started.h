/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processes of the sandbox that were started since a moment. */
#ifndef TARE_STARTED_H
#define TARE_STARTED_H

#include <stdint.h>
#include <sys/types.h>

/* Now, in ticks since the host's boot, as the kernel notes the start of processes. */
int64_t started_now(void);

/* When process `pid` was started; -1 if it is gone. */
int64_t started_of(pid_t pid);

/* Kill every process that /proc shows and that was started at `since` or later, but for our own.
 * Only in the sandbox, whose /proc shows nobody else's. */
void started_kill(int64_t since);

#endif
