/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDP sockets. */
#include "lib/errno.h"
#include "memory/heap.h"
#include "net/net.h"
#include "socket/binding.h"
#include "socket/datagram.h"
#include <lwip/udp.h>

#define MOST 65507 /* bytes in a datagram */

enum { IP_MTU = 14 };

static void received(void *arg, struct udp_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from,
                     u16_t port)
{
    (void)pcb;
    datagram_arrived(arg, pbuf, from, port);
}

struct socket *udp_socket_of(const struct udp_pcb *pcb)
{
    return pcb->recv == received ? pcb->recv_arg : NULL;
}

static void apply_options(struct datagram *datagram)
{
    const int *options = datagram->socket.options;
    bool six = datagram->socket.family == AF_INET6;
    struct udp_pcb *pcb = datagram->pcb.udp;

    pcb->so_options = (u8_t)((options[OPTION_REUSE_ADDRESS] ? SOF_REUSEADDR : 0) |
                             (options[OPTION_REUSE_PORT] ? SOF_REUSEPORT : 0));
    pcb->ttl = (u8_t)options[six ? OPTION_V6_HOPS : OPTION_TTL];
    pcb->tos = (u8_t)options[six ? OPTION_V6_CLASS : OPTION_TOS];
}

static long need_pcb(struct datagram *datagram)
{
    if (datagram->pcb.udp)
        return 0;
    datagram->pcb.udp = udp_new_ip_type(binding_type(&datagram->socket));
    if (!datagram->pcb.udp)
        return -ENOBUFS;
    udp_recv(datagram->pcb.udp, received, datagram);
    apply_options(datagram);
    return 0;
}

static long bind_udp(struct socket *socket, const struct endpoint *to)
{
    struct datagram *datagram = datagram_of(socket);
    long status = binding_local(socket, to);

    if (status == 0)
        status = need_pcb(datagram);
    if (status == 0 && datagram->pcb.udp->local_port)
        status = -EINVAL;
    if (status == 0)
        status = binding_udp(socket, datagram->pcb.udp, to);
    if (status < 0)
        return status;
    binding_done(socket, to);
    datagram->bound = true;
    datagram->address = datagram->pcb.udp->local_ip;
    return 0;
}

static long bind_any(struct datagram *datagram)
{
    struct endpoint any = {.ip.type = binding_type(&datagram->socket)};
    long status = need_pcb(datagram);

    return status < 0 || datagram->pcb.udp->local_port
               ? status
               : binding_udp(&datagram->socket, datagram->pcb.udp, &any);
}

static void disconnect(struct datagram *datagram)
{
    struct udp_pcb *pcb = datagram->pcb.udp;

    if (datagram->socket.connection != CONNECTED)
        return;
    udp_disconnect(pcb);
    pcb->local_ip =
        datagram->bound ? datagram->address : (ip_addr_t){.type = binding_type(&datagram->socket)};
    datagram->socket.connection = UNCONNECTED;
}

/* The address that packets to `to` come from; NULL without a way there. */
static const ip_addr_t *own_address(const struct udp_pcb *pcb, const ip_addr_t *to)
{
    struct netif *netif = ip_route(&pcb->local_ip, to);

    if (!ip_addr_isany(&pcb->local_ip))
        return netif ? &pcb->local_ip : NULL;
    return netif ? ip_netif_get_local_ip(netif, to) : NULL;
}

static long connect_udp(struct socket *socket, const struct address_bytes *bytes, bool wait)
{
    struct datagram *datagram = datagram_of(socket);
    const ip_addr_t *from;
    struct endpoint to;
    long status;

    (void)wait;
    disconnect(datagram);
    if (address_is_none(bytes))
        return 0;
    status = bind_any(datagram);
    if (status == 0)
        status = address_decode(socket, bytes, true, &to);
    if (status == 0)
        status = binding_remote(socket, &to);
    if (status < 0)
        return status;
    from = own_address(datagram->pcb.udp, &to.ip);
    if (!from)
        return -ENETUNREACH;
    datagram->pcb.udp->local_ip = *from;
    udp_connect(datagram->pcb.udp, &to.ip, to.port);
    datagram->peer = to;
    socket->connection = CONNECTED;
    unreachable_watch();
    return 0;
}

/* A socket for both versions that is connected, and so bound, by one of them may send by the other
 * all the same. */
static err_t submit(struct datagram *datagram, struct pbuf *pbuf, const struct endpoint *to)
{
    struct udp_pcb *pcb = datagram->pcb.udp;
    ip_addr_t own = pcb->local_ip;
    err_t error;

    if (IP_GET_TYPE(&own) != IP_GET_TYPE(&to->ip))
        pcb->local_ip = (ip_addr_t){.type = IPADDR_TYPE_ANY};
    error = udp_sendto(pcb, pbuf, &to->ip, to->port);
    pcb->local_ip = own;
    return error;
}

/* One datagram of several calls with MSG_MORE: what there was and what is new. */
static struct pbuf *join(struct datagram *datagram, struct message *message, long *status)
{
    struct pbuf *kept = datagram->kept, *pbuf;
    size_t before = kept ? kept->tot_len : 0, size = message->data.total;

    *status = -EMSGSIZE;
    if (size > MOST - before)
        return NULL;
    if (!kept)
        return datagram_fill(message, size, status);
    *status = -ENOBUFS;
    pbuf = pbuf_alloc(PBUF_TRANSPORT, (u16_t)(before + size), PBUF_RAM);
    if (!pbuf)
        return NULL;
    memcpy(pbuf->payload, kept->payload, before);
    *status = cursor_read(&message->data, (char *)pbuf->payload + before, size);
    if (*status < 0) {
        pbuf_free(pbuf);
        return NULL;
    }
    pbuf_free(kept);
    datagram->kept = NULL;
    return pbuf;
}

static long send_udp(struct socket *socket, struct message *message)
{
    struct datagram *datagram = datagram_of(socket);
    size_t size = message->data.total;
    struct endpoint to;
    struct pbuf *pbuf;
    long status;

    if (size > UINT16_MAX)
        return -EMSGSIZE;
    if (datagram->kept)
        to = datagram->kept_for;
    status = datagram->kept ? 0 : datagram_target(datagram, message, &to);
    if (status == 0 && !to.port)
        status = -EINVAL;
    if (status == 0)
        status = bind_any(datagram);
    if (status < 0)
        return status;
    pbuf = join(datagram, message, &status);
    if (!pbuf)
        return status;
    if (message->flags & MSG_MORE) {
        datagram->kept = pbuf;
        datagram->kept_for = to;
        return (long)size;
    }
    status = datagram_submit(datagram, message, pbuf, &to, submit);
    pbuf_free(pbuf);
    if (!(message->flags & MSG_BATCH))
        net_flush();
    return status < 0 ? status : (long)size;
}

static long name_udp(struct socket *socket, enum whose whose, struct endpoint *out)
{
    const struct datagram *datagram = datagram_of(socket);

    *out = (struct endpoint){0};
    if (whose != OWN) {
        *out = datagram->peer;
        return socket->connection == CONNECTED ? 0 : -ENOTCONN;
    }
    if (datagram->pcb.udp)
        *out = (struct endpoint){datagram->pcb.udp->local_ip, datagram->pcb.udp->local_port};
    return 0;
}

static long option_changed(struct socket *socket, enum option option, int value)
{
    struct datagram *datagram = datagram_of(socket);

    if (option == OPTION_V6_ONLY) {
        if (datagram->pcb.udp && datagram->pcb.udp->local_port)
            return -EINVAL;
        if (datagram->pcb.udp)
            udp_remove(datagram->pcb.udp);
        datagram->pcb.udp = NULL;
    }
    socket->options[option] = value;
    if (datagram->pcb.udp)
        apply_options(datagram);
    return 0;
}

static long get_option(struct socket *socket, int level, int name, void *out)
{
    const struct datagram *datagram = datagram_of(socket);
    struct netif *netif;
    int value;

    if (level != IPPROTO_IP || name != IP_MTU)
        return -ENOPROTOOPT;
    if (socket->connection != CONNECTED)
        return -ENOTCONN;
    netif = ip_route(&datagram->pcb.udp->local_ip, &datagram->peer.ip);
    value = netif && netif->mtu ? netif->mtu : 65536;
    memcpy(out, &value, sizeof value);
    return sizeof value;
}

static void release(struct socket *socket)
{
    struct datagram *datagram = datagram_of(socket);

    if (datagram->pcb.udp)
        udp_remove(datagram->pcb.udp);
    datagram_drop(datagram);
    heap_give(datagram, sizeof *datagram);
}

const struct socket_ops datagram_ops = {
    .size = sizeof(struct datagram),
    .bind = bind_udp,
    .connect = connect_udp,
    .send = send_udp,
    .receive = datagram_receive,
    .shutdown = datagram_shutdown,
    .name = name_udp,
    .poll = datagram_poll,
    .held = datagram_held,
    .unsent = datagram_unsent,
    .changed = option_changed,
    .get = get_option,
    .release = release,
};
