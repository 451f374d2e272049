/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "capture.h"
#include "network.h"
#include "probe.h"

struct probe {
    struct capture *capture;
    struct sockaddr_in address;
    int timer; /* each of its periods asks for a SYN */
    pthread_t thread;
    bool runs;   /* the thread */
    bool stop;   /* it is to end; atomic */
    int failure; /* the errno by which it ended itself; atomic */
};

/* One SYN: a connection attempt that is given up before its second SYN, a second later. A SYN-ACK
 * to an attempt given up is as good, and the kernel answers it with a RST. */
static int ask(const struct probe *probe, int last)
{
    const struct sockaddr *address = (const struct sockaddr *)&probe->address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, address, sizeof probe->address) < 0 && errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    if (last >= 0)
        close(last); /* only now, or the next could get its port */
    return fd;
}

static void *ask_all(void *data)
{
    struct probe *probe = data;
    uint64_t periods;
    int attempt = -1;

    while (read(probe->timer, &periods, sizeof periods) == sizeof periods &&
           !__atomic_load_n(&probe->stop, __ATOMIC_ACQUIRE)) {
        attempt = ask(probe, attempt);
        if (attempt < 0) {
            __atomic_store_n(&probe->failure, errno, __ATOMIC_RELEASE);
            return NULL;
        }
    }
    if (attempt >= 0)
        close(attempt);
    return NULL;
}

static int set_timer(struct probe *probe, long first_ns)
{
    const struct itimerspec periods = {.it_value.tv_nsec = first_ns,
                                       .it_interval.tv_nsec = PROBE_MS * 1000000};

    return timerfd_settime(probe->timer, 0, &periods, NULL);
}

static int prepare(struct probe *probe, uint16_t port, struct error *error)
{
    char filter[128];
    int status;

    snprintf(filter, sizeof filter,
             "src host " NETWORK_GUEST " and tcp src port %u and "
             "tcp[tcpflags] & (tcp-syn|tcp-ack|tcp-rst) = (tcp-syn|tcp-ack)",
             port);
    status = capture_open(NETWORK_INTERFACE, filter, &probe->capture, error);
    if (status < 0)
        return status;
    probe->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, NETWORK_GUEST, &probe->address.sin_addr);
    probe->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (probe->timer < 0)
        return fail(error, errno, "timerfd: %s", strerror(errno));
    status = pthread_create(&probe->thread, NULL, ask_all, probe);
    probe->runs = status == 0;
    return status ? fail(error, status, "a thread for probes: %s", strerror(status)) : 0;
}

int probe_open(uint16_t port, struct probe **out, struct error *error)
{
    struct probe *probe = calloc(1, sizeof *probe);
    int status;

    *out = NULL;
    if (!probe)
        return fail(error, ENOMEM, "out of memory");
    probe->timer = -1;
    status = prepare(probe, port, error);
    if (status < 0)
        probe_close(probe);
    else
        *out = probe;
    return status;
}

static void stop(struct probe *probe)
{
    if (!probe->runs)
        return;
    __atomic_store_n(&probe->stop, true, __ATOMIC_RELEASE);
    set_timer(probe, 1);
    pthread_join(probe->thread, NULL);
    probe->runs = false;
}

void probe_close(struct probe *probe)
{
    if (!probe)
        return;
    stop(probe);
    if (probe->timer >= 0)
        close(probe->timer);
    capture_close(probe->capture);
    free(probe);
}

int probe_start(struct probe *probe, struct error *error)
{
    return set_timer(probe, 1) < 0 ? fail(error, errno, "timerfd: %s", strerror(errno)) : 0;
}

int probe_fd(const struct probe *probe)
{
    return capture_fd(probe->capture);
}

int probe_take(struct probe *probe, int64_t *stamp, struct error *error)
{
    int got = capture_next(probe->capture, stamp, error);

    if (got != 0)
        stop(probe);
    return got;
}

int probe_check(const struct probe *probe, struct error *error)
{
    int code = __atomic_load_n(&probe->failure, __ATOMIC_ACQUIRE);

    return code ? fail(error, code, "the guest cannot be probed: %s", strerror(code)) : 0;
}
