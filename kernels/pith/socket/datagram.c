/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "socket/datagram.h"
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/time.h"
#include "memory/heap.h"
#include "net/net.h"
#include "socket/binding.h"
#include <lwip/ip.h>
#include <lwip/netif.h>

#define OVERHEAD 512 /* of a packet: what stands for it, and rounding up */
#define SECOND 1000000000ll
#define RETRY 10000000ll /* ns */
#define POLLWRBAND 0x200

enum { SO_TIMESTAMP = 29, SO_TIMESTAMPNS = 35 };
enum { IP_TOS = 1, IP_TTL = 2, IP_PKTINFO = 8 };
enum { IPV6_PKTINFO = 50, IPV6_HOPLIMIT = 52, IPV6_TCLASS = 67 };

/* There is little room left: leave other datagrams with the device, if the program reads. One that
 * does not must not hold up the rest, so every millisecond it has to have read much; a new
 * millisecond begins with what the last has shown, since the next datagram may come before the
 * program does. */
static void hold(struct datagram *datagram, uint32_t limit)
{
    if (net_is_late()) {
        datagram->idle = datagram->taken <= limit / 8;
        datagram->taken = 0;
    }
    if (datagram->taken || !datagram->idle)
        net_hold();
}

void datagram_arrived(struct datagram *datagram, struct pbuf *pbuf, const ip_addr_t *from,
                      uint16_t port)
{
    uint32_t size = pbuf->tot_len + OVERHEAD;
    uint32_t limit = (uint32_t)datagram->socket.options[OPTION_RECEIVE_BUFFER];
    struct arrival *arrival = NULL;

    if (datagram->occupied + size > limit - limit / 8)
        hold(datagram, limit);
    if ((datagram->occupied + size <= limit && datagram->occupied <= net_may_hold()) ||
        !datagram->occupied)
        arrival = heap_take_uncleared(sizeof *arrival);
    if (!arrival) {
        pbuf_free(pbuf);
        return;
    }
    *arrival = (struct arrival){
        .pbuf = pbuf,
        .from = {*from, port},
        .to = *ip_current_dest_addr(),
        .interface = netif_get_index(ip_current_input_netif()),
    };
    if (ip_current_is_v6()) {
        arrival->ttl = IP6H_HOPLIM(ip6_current_header());
        arrival->tos = (uint8_t)IP6H_TC(ip6_current_header());
    } else {
        arrival->ttl = IPH_TTL(ip4_current_header());
        arrival->tos = IPH_TOS(ip4_current_header());
    }
    if (datagram->socket.options[OPTION_TIMESTAMP] || datagram->socket.options[OPTION_TIMESTAMP_NS])
        time_clock(CLOCK_REALTIME, &arrival->time);
    if (datagram->last)
        datagram->last->next = arrival;
    else
        datagram->first = arrival;
    datagram->last = arrival;
    datagram->occupied += size;
    socket_readable(&datagram->socket);
}

static void drop_first(struct datagram *datagram)
{
    struct arrival *arrival = datagram->first;

    datagram->first = arrival->next;
    if (!datagram->first)
        datagram->last = NULL;
    datagram->occupied -= arrival->pbuf->tot_len + OVERHEAD;
    datagram->taken += arrival->pbuf->tot_len + OVERHEAD;
    pbuf_free(arrival->pbuf);
    heap_give(arrival, sizeof *arrival);
}

void datagram_drop(struct datagram *datagram)
{
    while (datagram->first)
        drop_first(datagram);
    if (datagram->kept)
        pbuf_free(datagram->kept);
    datagram->kept = NULL;
}

static void tell_packet_info(const struct arrival *arrival, struct message *message)
{
    struct {
        int32_t interface;
        uint32_t local, address;
    } info = {arrival->interface, ip_addr_get_ip4_u32(&arrival->to),
              ip_addr_get_ip4_u32(&arrival->to)};

    if (IP_IS_V4(&arrival->to))
        message_control(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

static void tell_packet_info6(const struct arrival *arrival, struct message *message)
{
    struct {
        uint32_t address[4];
        int32_t interface;
    } info = {.interface = arrival->interface};

    if (IP_IS_V6(&arrival->to)) {
        memcpy(info.address, ip_2_ip6(&arrival->to)->addr, sizeof info.address);
    } else {
        info.address[2] = PP_HTONL(0xffff);
        info.address[3] = ip_addr_get_ip4_u32(&arrival->to);
    }
    message_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

/* What the program asked to be told beside the data. */
static void tell(const struct datagram *datagram, const struct arrival *arrival,
                 struct message *message)
{
    const int *options = datagram->socket.options;
    int64_t time[2] = {arrival->time / SECOND, arrival->time % SECOND};
    bool six = IP_IS_V6(&arrival->from.ip);
    int ttl = arrival->ttl, class = arrival->tos;

    if (options[OPTION_TIMESTAMP_NS]) {
        message_control(message, SOL_SOCKET, SO_TIMESTAMPNS, time, sizeof time);
    } else if (options[OPTION_TIMESTAMP]) {
        time[1] /= 1000;
        message_control(message, SOL_SOCKET, SO_TIMESTAMP, time, sizeof time);
    }
    if (options[OPTION_PACKET_INFO])
        tell_packet_info(arrival, message);
    if (options[OPTION_RECEIVE_TTL] && !six)
        message_control(message, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
    if (options[OPTION_RECEIVE_TOS] && !six)
        message_control(message, IPPROTO_IP, IP_TOS, &arrival->tos, 1);
    if (options[OPTION_V6_PACKET_INFO] && datagram->socket.family == AF_INET6)
        tell_packet_info6(arrival, message);
    if (options[OPTION_V6_RECEIVE_HOPS] && six)
        message_control(message, IPPROTO_IPV6, IPV6_HOPLIMIT, &ttl, sizeof ttl);
    if (options[OPTION_V6_RECEIVE_CLASS] && six)
        message_control(message, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class);
}

static long take(struct datagram *datagram, struct message *message)
{
    struct arrival *arrival = datagram->first;
    size_t size = arrival->pbuf->tot_len, there = LWIP_MIN(size, message->data.total), left = there;
    long status = 0;

    if (there < size)
        message->outcome |= MSG_TRUNC;
    for (struct pbuf *pbuf = arrival->pbuf; left && status == 0; pbuf = pbuf->next) {
        size_t part = LWIP_MIN(pbuf->len, left);

        status = cursor_write(&message->data, pbuf->payload, part);
        left -= part;
    }
    if (status == 0) {
        message->from = arrival->from;
        message->has_from = true;
        tell(datagram, arrival, message);
        status = (long)(message->flags & MSG_TRUNC ? size : there);
    }
    if (!(message->flags & MSG_PEEK))
        drop_first(datagram);
    return status;
}

long datagram_receive(struct socket *socket, struct message *message)
{
    struct datagram *datagram = datagram_of(socket);
    int64_t deadline = socket_deadline(socket->receive_timeout);
    long status = 0;

    while (status == 0) {
        if (socket->error)
            return socket_error(socket);
        if (!datagram->first)
            net_poll();
        if (datagram->first)
            return take(datagram, message);
        if (socket->error)
            continue;
        if (socket->shut & SHUT_RD)
            return 0;
        status = message->wait ? socket_wait(&socket->reading, deadline) : -EAGAIN;
    }
    return status;
}

unsigned datagram_poll(struct socket *socket)
{
    struct datagram *datagram = datagram_of(socket);
    unsigned ready = POLLOUT | POLLWRNORM | POLLWRBAND;

    if (socket->error)
        ready |= POLLERR;
    if (socket->shut & SHUT_RD)
        ready |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (socket->shut == SHUT_RDWR)
        ready |= POLLHUP;
    return datagram->first ? ready | POLLIN | POLLRDNORM : ready;
}

long datagram_shutdown(struct socket *socket, int how)
{
    socket->shut |= (uint8_t)how;
    socket_changed(socket);
    return socket->connection == CONNECTED ? 0 : -ENOTCONN;
}

long datagram_held(struct socket *socket)
{
    const struct datagram *datagram = datagram_of(socket);

    return datagram->first ? datagram->first->pbuf->tot_len : 0;
}

long datagram_unsent(struct socket *socket)
{
    (void)socket; /* what the NIC has is as good as sent */
    return 0;
}

long datagram_target(struct datagram *datagram, const struct message *message, struct endpoint *out)
{
    struct socket *socket = &datagram->socket;
    long status = 0;

    if (message->flags & MSG_OOB)
        return -EOPNOTSUPP;
    if (message->to) {
        status = address_decode(socket, message->to, true, out);
        if (status == 0)
            status = binding_remote(socket, out);
    } else if (socket->connection == CONNECTED) {
        *out = datagram->peer;
    } else {
        status = -EDESTADDRREQ;
    }
    if (status < 0)
        return status;
    if (socket->error)
        return socket_error(socket);
    if (socket->shut & SHUT_WR)
        return -EPIPE;
    return binding_is_broadcast(&out->ip) && !socket->options[OPTION_BROADCAST] ? -EACCES : 0;
}

struct pbuf *datagram_fill(struct message *message, size_t size, long *status)
{
    struct pbuf *pbuf = pbuf_alloc(PBUF_TRANSPORT, (u16_t)size, PBUF_RAM);

    *status = -ENOBUFS;
    if (!pbuf)
        return NULL;
    *status = cursor_read(&message->data, pbuf->payload, size);
    if (*status == 0)
        return pbuf;
    pbuf_free(pbuf);
    return NULL;
}

static long status_of(err_t error)
{
    switch (error) {
    case ERR_OK:
        return 0;
    case ERR_RTE:
        return -ENETUNREACH;
    case ERR_MEM:
    case ERR_BUF:
        return -EAGAIN;
    case ERR_USE:
        return -EAGAIN; /* no port */
    case ERR_VAL:
        return -EMSGSIZE;
    default:
        return -EINVAL;
    }
}

/* lwIP says ERR_MEM for a full queue of the NIC and for want of memory: of the latter nobody tells
 * when it is over. */
long datagram_submit(struct datagram *datagram, struct message *message, struct pbuf *pbuf,
                     const struct endpoint *to,
                     err_t (*send)(struct datagram *datagram, struct pbuf *pbuf,
                                   const struct endpoint *to))
{
    int64_t deadline = socket_deadline(datagram->socket.send_timeout);
    u16_t size = pbuf->tot_len;

    net_wake();
    for (;;) {
        long status = status_of(send(datagram, pbuf, to));

        if (status != -EAGAIN)
            return status;
        pbuf_remove_header(pbuf, (size_t)(pbuf->tot_len - size));
        net_poll();
        if (send(datagram, pbuf, to) == ERR_OK)
            return 0;
        pbuf_remove_header(pbuf, (size_t)(pbuf->tot_len - size));
        if (!message->wait)
            return -EAGAIN;
        status = socket_wait(&net_room, LWIP_MIN(deadline, timer_now() + RETRY));
        if ((status < 0 && status != -EAGAIN) || timer_now() >= deadline)
            return status ? status : -EAGAIN;
    }
}
