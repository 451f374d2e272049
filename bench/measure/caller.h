/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls that block, in a thread of their own: those into drivers. Starting a VM's CPU outlasts the
 * boot of a fast guest, so what guests do meanwhile is stamped by the thread that always does it.
 * And a QEMU that stands still would hold a call for ever, so every call has a deadline, and Ctrl-C
 * ends it.
 */
#ifndef TARE_CALLER_H
#define TARE_CALLER_H

#include "bench/measure/watch.h"

struct caller;

struct call {
    const char *name; /* as messages have it */
    int (*work)(void *data, struct error *error);
    void (*cut)(void *data); /* in another thread: make `work` return, soon; NULL: nothing can */
    void *data;
    double seconds; /* on a host as fast as expected */
};

/* Start the thread, and end it. It lives through many calls: a driver may ask the kernel to kill
 * its children when their parent ends, and by that the kernel means the thread. */
int caller_open(struct caller **out, struct error *error);
void caller_close(struct caller *caller); /* NULL is allowed */

/* Let the thread do `call`, and watch `count` guests until it has returned. What its work returned;
 * or, if it had to be cut, what watch_step() said: -ETIMEDOUT, -ECANCELED. Its work may
 * nevertheless have succeeded. A call that cannot be cut ends the sandbox. */
int caller_do(struct caller *caller, const struct call *call, struct watch *const *watches,
              unsigned count, struct error *error);

/* The parts of that, for who waits for several callers at once. Begin; when caller_fd() is readable
 * the call has returned, and caller_end() tells what. To call caller_cut() before is how to make it
 * return. `call` must live until then. */
void caller_begin(struct caller *caller, const struct call *call);
int caller_fd(const struct caller *caller);
void caller_cut(struct caller *caller);
int caller_end(struct caller *caller, struct error *error);

#endif
