/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/measure/caller.h"
#include "bench/measure/patience.h"
#include "bench/measure/sandbox.h"

/* A call that was cut has this long to return. It is cut anew meanwhile: it may have begun
 * something else to wait for. */
#define CUTS 30
#define CUT_MS 1000

struct caller {
    pthread_t thread;
    int ask_fd, done_fd;     /* eventfds; they also hand over what is below */
    const struct call *call; /* NULL: the thread is to end */
    int status;
    struct error error;
};

static void *serve(void *data)
{
    struct caller *caller = data;
    eventfd_t asked;

    for (;;) {
        if (eventfd_read(caller->ask_fd, &asked) < 0 && errno == EINTR)
            continue;
        if (!caller->call)
            return NULL;
        caller->error = (struct error){0};
        caller->status = caller->call->work(caller->call->data, &caller->error);
        eventfd_write(caller->done_fd, 1);
    }
}

static void release(struct caller *caller)
{
    if (caller->ask_fd >= 0)
        close(caller->ask_fd);
    if (caller->done_fd >= 0)
        close(caller->done_fd);
    free(caller);
}

int caller_open(struct caller **out, struct error *error)
{
    struct caller *caller = calloc(1, sizeof *caller);
    int code;

    *out = NULL;
    if (!caller)
        return fail(error, ENOMEM, "out of memory");
    caller->ask_fd = eventfd(0, EFD_CLOEXEC);
    caller->done_fd = eventfd(0, EFD_CLOEXEC);
    code = caller->ask_fd < 0 || caller->done_fd < 0
               ? errno
               : pthread_create(&caller->thread, NULL, serve, caller);
    if (code != 0) {
        release(caller);
        return fail(error, code, "a thread for the driver's calls: %s", strerror(code));
    }
    *out = caller;
    return 0;
}

void caller_close(struct caller *caller)
{
    if (!caller)
        return;
    caller->call = NULL;
    eventfd_write(caller->ask_fd, 1);
    pthread_join(caller->thread, NULL);
    release(caller);
}

void caller_begin(struct caller *caller, const struct call *call)
{
    caller->call = call;
    eventfd_write(caller->ask_fd, 1);
}

int caller_fd(const struct caller *caller)
{
    return caller->done_fd;
}

void caller_cut(struct caller *caller)
{
    struct pollfd done = {.fd = caller->done_fd, .events = POLLIN};
    const struct call *call = caller->call;

    for (unsigned i = 0; i < CUTS; i++) {
        if (call->cut)
            call->cut(call->data);
        if (poll(&done, 1, CUT_MS) == 1)
            return;
    }
    sandbox_abandon(EDEADLK, "%s: the call does not return; go on with --resume", call->name);
}

int caller_end(struct caller *caller, struct error *error)
{
    eventfd_t returned;

    eventfd_read(caller->done_fd, &returned);
    if (caller->status < 0)
        fail(error, -caller->status, "%s", caller->error.text);
    return caller->status;
}

int caller_do(struct caller *caller, const struct call *call, struct watch *const *watches,
              unsigned count, struct error *error)
{
    struct pollfd done = {.fd = caller->done_fd, .events = POLLIN};
    struct error ignored = {0};
    struct patience patience;
    int status = 0;

    caller_begin(caller, call);
    patience_begin(&patience, call->seconds);
    while (!done.revents && status == 0) {
        status = watch_step(watches, count, patience.deadline, &done, error);
        if (status == -ETIMEDOUT && patience_extend(&patience))
            status = 0;
    }
    if (status == 0)
        return caller_end(caller, error);
    caller_cut(caller);
    caller_end(caller, &ignored);
    if (status == -ETIMEDOUT)
        return fail(error, ETIMEDOUT, "%s had not returned after %s, and was cut", call->name,
                    patience_text(&patience));
    return status;
}
