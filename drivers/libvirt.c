/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guests as libvirt domains, run by libvirt's embedded QEMU driver. There is no daemon, and all of
 * its state is in one private directory, which dies with the sandbox.
 */
#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "driver.h"
#include "machine.h"
#include "sockets.h"
#include "started.h"

#define STOPPED_MS 30000

struct context {
    virConnectPtr connection;
    pthread_t loop;
    bool loop_runs;
    int quit_timer;
    bool quit;
    int execs; /* inotify descriptor: somebody opened QEMU's program; -1: none */
    int execs_watch;
    int64_t execed; /* when that was the last time, in ns of CLOCK_MONOTONIC; atomic */
    pthread_mutex_t lock;
    unsigned creating; /* calls of create that have not returned */
    bool crowded;      /* since there was none there were several at once */
};

/* A guest's. */
struct state {
    virDomainPtr domain;
    int callback;
    int stopped_fd; /* eventfd: libvirt has released the domain */
};

static void ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error; /* libvirt would print; the caller reports virGetLastErrorMessage() instead */
}

static void ignore_timer(int timer, void *data)
{
    (void)timer;
    (void)data;
}

static void *run_loop(void *data)
{
    struct context *context = data;

    while (!__atomic_load_n(&context->quit, __ATOMIC_ACQUIRE))
        if (virEventRunDefaultImpl() < 0)
            break;
    return NULL;
}

static void on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
                         void *data)
{
    struct state *state = data;

    (void)connection;
    (void)domain;
    (void)detail;
    if (event == VIR_DOMAIN_EVENT_STOPPED)
        eventfd_write(state->stopped_fd, 1);
}

/* The kernel opens QEMU's program when a process becomes QEMU. */
static void on_exec(int watch, int fd, int events, void *data)
{
    struct context *context = data;
    char buffer[4096];

    (void)watch;
    (void)events;
    __atomic_store_n(&context->execed, clock_now(), __ATOMIC_RELEASE);
    while (read(fd, buffer, sizeof buffer) > 0)
        ;
}

static int watch_execs(struct context *context, struct error *error)
{
    context->execs = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (context->execs < 0 || inotify_add_watch(context->execs, MACHINE_QEMU, IN_OPEN) < 0)
        return fail(error, errno, "%s: cannot be watched: %s", MACHINE_QEMU, strerror(errno));
    context->execs_watch =
        virEventAddHandle(context->execs, VIR_EVENT_HANDLE_READABLE, on_exec, context, NULL);
    return 0;
}

/* The event loop's thread calls this when no callback can run any more. */
static void free_state(void *data)
{
    struct state *state = data;

    if (state->stopped_fd >= 0)
        close(state->stopped_fd);
    free(state);
}

/* What differs from libvirt's defaults. There is no virtlogd in the sandbox. Without that
 * capability libvirt asks QEMU about the CPU's features twice and not some 400 times
 * (docs/decisions/0001-capability-filter.md). */
static const char config[] = "stdio_handler = \"file\"\n"
                             "capability_filters = [ \"cpu-unavailable-features\" ]\n";

static int write_config(const char *root, struct error *error)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/etc", root);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    snprintf(path, sizeof path, "%s/etc/qemu.conf", root);
    file = fopen(path, "we");
    if (!file)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    fputs(config, file);
    if (fclose(file) != 0)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    return 0;
}

static void driver_close(void *data)
{
    struct context *context = data;

    if (!context)
        return;
    if (context->connection)
        virConnectClose(context->connection);
    if (context->loop_runs) {
        __atomic_store_n(&context->quit, true, __ATOMIC_RELEASE);
        virEventUpdateTimeout(context->quit_timer, 0); /* wakes the loop */
        pthread_join(context->loop, NULL);
        virEventRemoveTimeout(context->quit_timer);
    }
    if (context->execs >= 0) {
        virEventRemoveHandle(context->execs_watch);
        close(context->execs);
    }
    pthread_mutex_destroy(&context->lock);
    free(context);
}

static int driver_open(const char *workdir, void **out, struct error *error)
{
    struct context *context = calloc(1, sizeof *context);
    char uri[256];
    int status;

    if (!context)
        return fail(error, ENOMEM, "out of memory");
    *context = (struct context){.execs = -1, .execs_watch = -1, .execed = -1};
    pthread_mutex_init(&context->lock, NULL);
    status = write_config(workdir, error);
    if (status < 0)
        goto undo;
    setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 1); /* what matters, its calls return */
    setenv("HOME", workdir, 1); /* libvirt and QEMU look for their files there */
    setenv("XDG_RUNTIME_DIR", workdir, 1);
    setenv("XDG_CACHE_HOME", workdir, 1);
    setenv("XDG_CONFIG_HOME", workdir, 1);
    virSetErrorFunc(NULL, ignore_error);
    if (virEventRegisterDefaultImpl() < 0) {
        status = fail(error, EIO, "libvirt's event loop cannot be set up");
        goto undo;
    }
    status = watch_execs(context, error);
    if (status < 0)
        goto undo;
    context->quit_timer = virEventAddTimeout(-1, ignore_timer, NULL, NULL);
    if (pthread_create(&context->loop, NULL, run_loop, context) != 0) {
        status = fail(error, EAGAIN, "a thread for libvirt's event loop cannot be started");
        goto undo;
    }
    context->loop_runs = true;
    snprintf(uri, sizeof uri, "qemu:///embed?root=%s", workdir);
    context->connection = virConnectOpen(uri);
    if (!context->connection) {
        status = fail(error, EIO, "libvirt: %s: %s (is libvirt-daemon-driver-qemu installed?)", uri,
                      virGetLastErrorMessage());
        goto undo;
    }
    *out = context;
    return 0;
undo:
    driver_close(context);
    return status;
}

/* Create the domain, not yet running, and listen for its end. */
static int create_domain(struct context *context, const char *xml, struct guest *guest,
                         struct error *error)
{
    struct state *state = malloc(sizeof *state);

    if (!state)
        return fail(error, ENOMEM, "out of memory");
    *state = (struct state){.callback = -1, .stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (state->stopped_fd >= 0)
        state->domain = virDomainCreateXML(context->connection, xml, VIR_DOMAIN_START_PAUSED);
    if (!state->domain) {
        free_state(state);
        return fail(error, EIO, "libvirt cannot create the VM: %s", virGetLastErrorMessage());
    }
    guest->state = state;
    state->callback = virConnectDomainEventRegisterAny(
        context->connection, state->domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), state, free_state);
    return state->callback < 0
               ? fail(error, EIO, "libvirt tells no events: %s", virGetLastErrorMessage())
               : 0;
}

static void driver_destroy(void *data, struct guest *guest)
{
    struct context *context = data;
    struct state *state = guest->state;
    struct pollfd stopped = {.events = POLLIN};

    if (state) {
        /* An error here means that the guest ended by itself. In both cases the event says that
         * libvirt has released it. */
        virDomainDestroy(state->domain);
        stopped.fd = state->stopped_fd;
        if (state->callback >= 0)
            poll(&stopped, 1, STOPPED_MS);
        virDomainFree(state->domain);
        if (state->callback < 0 ||
            virConnectDomainEventDeregisterAny(context->connection, state->callback) < 0)
            free_state(state);
        virResetLastError();
    }
    guest_release(guest);
}

static void begin_create(struct context *context)
{
    pthread_mutex_lock(&context->lock);
    context->crowded = ++context->creating > 1;
    pthread_mutex_unlock(&context->lock);
}

static bool is_crowded(struct context *context)
{
    bool crowded;

    pthread_mutex_lock(&context->lock);
    crowded = context->crowded;
    pthread_mutex_unlock(&context->lock);
    return crowded;
}

static void end_create(struct context *context)
{
    pthread_mutex_lock(&context->lock);
    context->creating--;
    pthread_mutex_unlock(&context->lock);
}

static int driver_create(void *data, const struct launch *launch, struct guest *guest,
                         struct error *error)
{
    struct context *context = data;
    struct sockets sockets;
    char *xml = machine_xml(launch);
    int status;

    if (!xml)
        return fail(error, ENOMEM, "out of memory");
    begin_create(context);
    __atomic_store_n(&guest->since, started_now(), __ATOMIC_RELEASE);
    __atomic_store_n(&context->execed, -1, __ATOMIC_RELEASE);
    status = sockets_listen(launch->workdir, &sockets, error);
    if (status == 0)
        status = create_domain(context, xml, guest, error);
    if (status == 0)
        status = sockets_accept(&sockets, guest, error);
    if (status < 0)
        goto done;
    /* The last one: before it, libvirt may have asked other QEMUs what they can do. Of several that
     * are created at once nobody can tell whose it was. */
    if (!is_crowded(context))
        guest->execed = __atomic_load_n(&context->execed, __ATOMIC_ACQUIRE);
    guest->xml = virDomainGetXMLDesc(((struct state *)guest->state)->domain, 0);
    if (launch->machine->icount && asprintf(&guest->halts, "%s/halts", launch->workdir) < 0)
        status = fail(error, ENOMEM, "out of memory");
done:
    end_create(context);
    free(xml);
    sockets_close(&sockets);
    if (status < 0)
        driver_destroy(data, guest);
    return status;
}

/* QEMU does not answer: not that of the guest, nor one that libvirt asks what QEMU can do. Which of
 * those that were started since, nobody can tell: guests that are created beside fail with it. */
static void driver_give_up(void *context, const struct guest *guest)
{
    int64_t since = __atomic_load_n(&guest->since, __ATOMIC_ACQUIRE);

    (void)context;
    if (since > 0)
        started_kill(since);
}

static int driver_resume(void *data, struct guest *guest, struct error *error)
{
    struct state *state = guest->state;

    (void)data;
    if (virDomainResume(state->domain) < 0)
        return fail(error, EIO, "libvirt cannot start the VM's CPU: %s", virGetLastErrorMessage());
    return 0;
}

const struct driver driver_libvirt = {
    .name = "libvirt",
    .summary = "a QEMU virtual machine, through libvirt's embedded driver",
    .uses_machine = true,
    .needs_accel = true,
    .has_tap = true,
    .open = driver_open,
    .create = driver_create,
    .give_up = driver_give_up,
    .resume = driver_resume,
    .destroy = driver_destroy,
    .close = driver_close,
};
