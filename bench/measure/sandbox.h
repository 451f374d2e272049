/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sandbox: user, mount, network, PID and IPC namespaces in which all guests
 * live. Its PID namespace makes the end clean by construction: whichever way
 * tare dies, the kernel kills every process in it and drops its interfaces
 * and its file systems.
 *
 *   tare        stays outside: waits, passes signals on, then writes the results
 *    └─ reaper      PID 1 inside: reaps orphans, so that libvirt sees dead QEMUs die
 *        └─ worker      runs the trials, appends to the journal
 */
#ifndef TARE_SANDBOX_H
#define TARE_SANDBOX_H

#include <signal.h>

#include "bench/base/error.h"

#define SANDBOX_DIR "/tmp" /* inside: an empty private tmpfs; nothing of it reaches the disk */
#define SANDBOX_UID 1000   /* non-zero inside, so that libvirt takes its unprivileged path */

/* The signals that end tare. sandbox_run() takes them from when they can be passed on; its caller
 * may block them until then. */
void sandbox_signals(sigset_t *set);

/* Run work(data, error) in a sandbox and wait for its end. What it returns (a negative errno or 0)
 * and its message come back here; memory does not, but open files are shared. -EPERM or -ENOSYS
 * with the remedy when the host forbids the sandbox; -ECHILD when the worker was killed. */
int sandbox_run(int (*work)(void *data, struct error *error), void *data, struct error *error);

/* In the worker: a detached mount of the file at `path`, an absolute one as it was outside, also
 * below SANDBOX_DIR, which can be written to by nobody; move_mount() puts it somewhere. A
 * descriptor, or a negative errno with `error` filled. */
int sandbox_borrow(const char *path, struct error *error);

/* In the worker: the wait status of process `pid`, an orphan that has ended, once the reaper has
 * seen that. 0, or -ESRCH if it has not within a second. */
int sandbox_reaped(pid_t pid, int *status);

/* In the worker: end the sandbox at once, without regard to threads that hang, as if `work` had
 * failed with `code` and this message. */
_Noreturn void sandbox_abandon(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* /proc as it was outside, in the worker: what the host's kernel does for a guest is not in a PID
 * namespace. -1 where it cannot be had. */
int sandbox_host_proc(void);

#endif
