/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guests as processes of QEMU that we start ourselves: the machine of libvirt.c without libvirt.
 * QEMU stands below this process and dies with it; nothing else is made, nothing stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "driver.h"
#include "machine.h"
#include "qmp.h"
#include "sockets.h"

/* What the new process needs; all of it is made before. */
struct start {
    char **argv;
    struct machine_fds fds;
    int input;      /* /dev/null */
    int log;        /* what QEMU says */
    bool is_pinned; /* to these CPUs: */
    cpu_set_t cpus;
};

/* "0,2-3" */
static int parse_cpus(const char *list, cpu_set_t *cpus, struct error *error)
{
    const char *rest = list;

    CPU_ZERO(cpus);
    for (;;) {
        char *end;
        unsigned long first = strtoul(rest, &end, 10), last = first;

        if (end != rest && *end == '-') {
            rest = end + 1;
            last = strtoul(rest, &end, 10);
        }
        if (end == rest || last < first || last >= CPU_SETSIZE || (*end && *end != ','))
            return fail(error, EINVAL, "--pin: \"%s\" is not a list of CPUs as 0,2-3", list);
        for (; first <= last; first++)
            CPU_SET(first, cpus);
        if (!*end)
            return 0;
        rest = end + 1;
    }
}

/* As libvirt opens it: packets with a virtio header, so that offloads reach the guest. */
static int open_tap(const char *name, struct error *error)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
        int code = errno;

        if (fd >= 0)
            close(fd);
        return fail(error, code, "tap %s: %s", name, strerror(code));
    }
    return fd;
}

static int open_log(const char *workdir, struct error *error)
{
    char path[256];
    int fd;

    snprintf(path, sizeof path, "%s/qemu.log", workdir);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    return fd < 0 ? fail(error, errno, "%s: %s", path, strerror(errno)) : fd;
}

/* Fill `start` but for the monitor, which is `monitor`. */
static int prepare(const struct launch *launch, int monitor, struct start *start,
                   struct error *error)
{
    const struct machine *machine = launch->machine;
    int status = 0;

    start->fds.monitor = monitor;
    start->is_pinned = machine->pin != NULL;
    if (start->is_pinned)
        status = parse_cpus(machine->pin, &start->cpus, error);
    if (status == 0)
        status = start->log = open_log(launch->workdir, error);
    if (status >= 0 && launch->tap)
        status = start->fds.tap = open_tap(launch->instance.interface, error);
    if (status < 0)
        return status;
    if (launch->tap && machine->vhost) {
        start->fds.vhost = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
        if (start->fds.vhost < 0)
            return fail(error, errno, "--net-backend vhost: /dev/vhost-net: %s", strerror(errno));
    }
    start->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    start->argv = machine_argv(launch, &start->fds);
    if (start->input < 0 || !start->argv)
        return fail(error, ENOMEM, "out of memory or of descriptors");
    return 0;
}

static void clean_up(struct start *start)
{
    int fds[] = {start->input, start->log, start->fds.tap, start->fds.vhost};

    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    machine_argv_free(start->argv);
}

static void inherit(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

/* Why the new process did not become QEMU. */
struct failure {
    int code; /* errno; 0: it did */
    const char *what;
};

static _Noreturn void say(volatile struct failure *failure, const char *what)
{
    failure->code = errno;
    failure->what = what;
    _exit(127);
}

/* The new process until it is QEMU. It shares our memory, and nothing else that it changes. */
static _Noreturn void become_qemu(const struct start *start, volatile struct failure *failure)
{
    static char *const environment[] = {"LC_ALL=C", "PATH=/usr/bin:/bin", NULL};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (start->is_pinned && sched_setaffinity(0, sizeof start->cpus, &start->cpus) < 0)
        say(failure, "--pin");
    dup2(start->input, STDIN_FILENO);
    dup2(start->log, STDOUT_FILENO);
    dup2(start->log, STDERR_FILENO);
    inherit(start->fds.monitor);
    inherit(start->fds.tap);
    inherit(start->fds.vhost);
    execve(start->argv[0], start->argv, environment);
    say(failure, start->argv[0]);
}

/* vfork returns when the new process has become QEMU. */
static int start_process(const struct start *start, struct guest *guest, struct error *error)
{
    volatile struct failure failure = {0};
    pid_t pid = vfork(); /* fork would copy the page tables of all that tare has read */

    if (pid == 0)
        become_qemu(start, &failure);
    if (pid < 0)
        return fail(error, errno, "QEMU: vfork: %s", strerror(errno));
    __atomic_store_n(&guest->pid, pid, __ATOMIC_RELEASE);
    guest->execed = clock_now();
    return failure.code ? fail(error, failure.code, "%s: %s", failure.what, strerror(failure.code))
                        : 0;
}

/* Put what QEMU said last before what we noticed. */
static void quote(int log, struct error *error)
{
    char text[4096], *line;
    ssize_t size = pread(log, text, sizeof text - 1, 0);

    while (size > 0 && text[size - 1] == '\n')
        size--;
    if (size <= 0)
        return;
    text[size] = '\0';
    line = strrchr(text, '\n');
    error_prefix(error, "%s", line ? line + 1 : text);
}

/* QEMU is all that create waits for. */
static void qemu_give_up(void *context, const struct guest *guest)
{
    pid_t pid = __atomic_load_n(&guest->pid, __ATOMIC_ACQUIRE);

    (void)context;
    if (pid > 0)
        kill(pid, SIGKILL);
}

static void qemu_destroy(void *context, struct guest *guest)
{
    struct qmp *qmp = guest->state;
    pid_t pid = guest->pid;

    (void)context;
    __atomic_store_n(&guest->pid, 0, __ATOMIC_RELEASE); /* its number will be another's */
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (qmp)
        qmp_close(qmp);
    free(qmp);
    guest_release(guest);
}

/* Our end of the monitor, which becomes the guest's state, and QEMU's. */
static int make_monitor(struct guest *guest, int *theirs, struct error *error)
{
    struct qmp *qmp = calloc(1, sizeof *qmp);
    int ends[2];

    if (!qmp || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        free(qmp);
        return fail(error, errno, "QEMU's monitor: %s", strerror(errno));
    }
    qmp->fd = ends[0];
    guest->state = qmp;
    *theirs = ends[1];
    return 0;
}

static int qemu_create(void *context, const struct launch *launch, struct guest *guest,
                       struct error *error)
{
    struct start start = {.fds = {.monitor = -1, .tap = -1, .vhost = -1}, .input = -1, .log = -1};
    struct sockets sockets;
    int monitor = -1, status;

    (void)context;
    status = sockets_listen(launch->workdir, &sockets, error);
    if (status == 0)
        status = make_monitor(guest, &monitor, error);
    if (status == 0)
        status = prepare(launch, monitor, &start, error);
    if (status == 0)
        status = start_process(&start, guest, error);
    if (monitor >= 0)
        close(monitor); /* when QEMU ends, we see the monitor's end */
    if (status == 0) {
        /* QEMU answers when the machine is there. */
        status = qmp_execute(guest->state, "{\"execute\":\"qmp_capabilities\"}", NULL, error);
        if (status < 0)
            quote(start.log, error);
    }
    if (status == 0)
        status = sockets_accept(&sockets, guest, error);
    if (status == 0 && launch->machine->icount &&
        asprintf(&guest->halts, "%s/halts", launch->workdir) < 0)
        status = fail(error, ENOMEM, "out of memory");
    clean_up(&start);
    sockets_close(&sockets);
    if (status < 0)
        qemu_destroy(context, guest);
    return status;
}

static int qemu_resume(void *context, struct guest *guest, struct error *error)
{
    (void)context;
    return qmp_execute(guest->state, "{\"execute\":\"cont\"}", NULL, error);
}

const struct driver driver_qemu = {
    .name = "qemu",
    .summary = "the same QEMU virtual machine, started without libvirt",
    .uses_machine = true,
    .needs_accel = true,
    .has_tap = true,
    .create = qemu_create,
    .give_up = qemu_give_up,
    .resume = qemu_resume,
    .destroy = qemu_destroy,
};
