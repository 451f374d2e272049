/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if.h>
#include <netinet/ip_icmp.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/measure/capture.h"
#include "bench/measure/network.h"
#include "bench/measure/probe.h"

/* A SYN that was not taken for so long is given up for lost. */
#define LOST_MS 1000

struct probe {
    struct capture *capture;
    struct sockaddr_in address;
    int timer;             /* its periods are the ticks of asking */
    struct nl_sock *route; /* to read the interface's counters */
    char interface[16];
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

/* One echo request, over the socket of the last one. */
static int ping(const struct probe *probe, int last)
{
    struct icmphdr echo = {.type = ICMP_ECHO, .un.echo = {htons(1), htons(1)}};
    int fd = last >= 0 ? last : socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);

    echo.checksum = (uint16_t)~htons((ICMP_ECHO << 8) + 1 + 1); /* of the words above */
    if (fd >= 0 &&
        sendto(fd, &echo, sizeof echo, MSG_DONTWAIT, (const void *)&probe->address,
               sizeof probe->address) < 0 &&
        errno != EAGAIN && errno != ENOBUFS) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* The guest's end of the interface. */
struct end {
    bool attached;  /* somebody has it; a tender attaches to its tap when it runs */
    uint64_t taken; /* packets: QEMU takes them for a tap, even if the guest is not yet ready */
};

/* Whether what is sent into the link gets through: it has a carrier, and the kernel has seen to all
 * that follows from that. */
static bool is_up(struct rtnl_link *link)
{
    return rtnl_link_get_carrier(link) && rtnl_link_get_operstate(link) == IF_OPER_UP;
}

static struct end look(const struct probe *probe)
{
    struct rtnl_link *link, *bridge;
    struct end end;

    if (rtnl_link_get_kernel(probe->route, 0, probe->interface, &link) < 0)
        return (struct end){true, 0};
    end.attached = is_up(link);
    end.taken = rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS);
    rtnl_link_put(link);
    /* A bridge without a port that is up drops packets, and some time later no more. */
    if (end.attached && rtnl_link_get_kernel(probe->route, 0, NETWORK_BRIDGE, &bridge) == 0) {
        end.attached = is_up(bridge);
        rtnl_link_put(bridge);
    }
    return end;
}

/* The first SYN at once, then as probe.h says, but none while the one before still waits to be
 * taken. A guest that comes late finds therefore two at most (QEMU holds one more), and not a queue
 * full of them, in which an answer to its ARP request could be lost; it would ask again only a
 * second later. */
static void *ask_all(void *data)
{
    struct probe *probe = data;
    uint64_t tick = 0, asked = 0, before = 0, periods;
    int attempt = -1;

    while (read(probe->timer, &periods, sizeof periods) == sizeof periods &&
           !__atomic_load_n(&probe->stop, __ATOMIC_ACQUIRE)) {
        struct end end;

        tick += periods;
        if (attempt >= 0 && tick - asked < tick / PROBE_PART)
            continue;
        end = look(probe);
        if (!end.attached && tick - asked < LOST_MS / PROBE_MS)
            continue; /* it would be lost */
        if (attempt >= 0 && end.taken == before && tick - asked < LOST_MS / PROBE_MS)
            continue;
        before = end.taken;
        asked = tick;
        attempt = probe->address.sin_port ? ask(probe, attempt) : ping(probe, attempt);
        if (attempt < 0) {
            __atomic_store_n(&probe->failure, errno, __ATOMIC_RELEASE);
            return NULL;
        }
    }
    if (attempt >= 0)
        close(attempt);
    return NULL;
}

void probe_start(struct probe *probe)
{
    static const struct itimerspec ticks = {.it_value.tv_nsec = 1,
                                            .it_interval.tv_nsec = PROBE_MS * 1000000};

    timerfd_settime(probe->timer, 0, &ticks, NULL);
}

static int prepare(struct probe *probe, const struct instance *instance, uint16_t port,
                   struct error *error)
{
    char filter[128];
    int status;

    snprintf(filter, sizeof filter, "src host %s and icmp[icmptype] = icmp-echoreply",
             instance->address);
    if (port)
        snprintf(filter, sizeof filter,
                 "src host %s and tcp src port %u and "
                 "tcp[tcpflags] & (tcp-syn|tcp-ack|tcp-rst) = (tcp-syn|tcp-ack)",
                 instance->address, port);
    snprintf(probe->interface, sizeof probe->interface, "%s", instance->interface);
    status = capture_open(instance->interface, filter, &probe->capture, error);
    if (status < 0)
        return status;
    probe->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, instance->address, &probe->address.sin_addr);
    probe->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (probe->timer < 0)
        return fail(error, errno, "timerfd: %s", strerror(errno));
    probe->route = nl_socket_alloc();
    status = probe->route ? nl_connect(probe->route, NETLINK_ROUTE) : -NLE_NOMEM;
    if (status < 0)
        return fail(error, EIO, "netlink: %s", nl_geterror(status));
    status = pthread_create(&probe->thread, NULL, ask_all, probe);
    probe->runs = status == 0;
    return status ? fail(error, status, "a thread for probes: %s", strerror(status)) : 0;
}

int probe_open(const struct instance *instance, uint16_t port, struct probe **out,
               struct error *error)
{
    struct probe *probe = calloc(1, sizeof *probe);
    int status;

    *out = NULL;
    if (!probe)
        return fail(error, ENOMEM, "out of memory");
    probe->timer = -1;
    status = prepare(probe, instance, port, error);
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
    probe_start(probe); /* wakes it */
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
    nl_socket_free(probe->route);
    capture_close(probe->capture);
    free(probe);
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
