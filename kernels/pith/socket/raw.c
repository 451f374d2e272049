/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Raw IP sockets (raw(7)), as ping uses them. */
#include "lib/errno.h"
#include "memory/copy.h"
#include "memory/heap.h"
#include "net/net.h"
#include "net/shortcut.h"
#include "socket/binding.h"
#include "socket/datagram.h"
#include <lwip/ip.h>
#include <lwip/prot/icmp6.h>
#include <lwip/raw.h>

#define MOST 65515 /* bytes after a header of IP */
#define ICMP6_CHECKSUM 2

enum { ICMP_FILTER = 1 }; /* of the levels IPPROTO_RAW and IPPROTO_ICMPV6 */

/* Whether it is a message of ICMP of a kind that was filtered out. */
static bool is_filtered(const struct datagram *datagram, const struct pbuf *pbuf)
{
    unsigned protocol = datagram->socket.protocol;
    uint8_t type;

    if ((protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6) ||
        pbuf_copy_partial(pbuf, &type, 1, ip_current_header_tot_len()) != 1)
        return false;
    return datagram->filtered[type / 32] >> type % 32 & 1;
}

/* A copy: the packet goes on its way. Of IPv4 the header comes with it, of IPv6 not. */
static u8_t received(void *arg, struct raw_pcb *pcb, struct pbuf *pbuf, const ip_addr_t *from)
{
    struct pbuf *copy = is_filtered(arg, pbuf) ? NULL : pbuf_clone(PBUF_RAW, PBUF_RAM, pbuf);

    (void)pcb;
    if (!copy)
        return 0;
    if (ip_current_is_v6())
        pbuf_remove_header(copy, ip_current_header_tot_len());
    datagram_arrived(arg, copy, from, 0);
    return 0;
}

static void apply_options(struct datagram *datagram)
{
    const int *options = datagram->socket.options;
    bool six = datagram->socket.family == AF_INET6;
    struct raw_pcb *pcb = datagram->pcb.raw;

    pcb->ttl = (u8_t)options[six ? OPTION_V6_HOPS : OPTION_TTL];
    pcb->tos = (u8_t)options[six ? OPTION_V6_CLASS : OPTION_TOS];
    raw_clear_flags(pcb, RAW_FLAGS_HDRINCL);
    if (options[OPTION_HEADER_INCLUDED] || datagram->socket.protocol == IPPROTO_RAW)
        raw_set_flags(pcb, RAW_FLAGS_HDRINCL);
}

/* It hears from its first call on; Linux's does so from its making on, which nobody can tell apart
 * who has not yet asked for anything. */
static long need_pcb(struct datagram *datagram)
{
    const struct socket *socket = &datagram->socket;
    struct raw_pcb *pcb = datagram->pcb.raw;

    if (pcb)
        return 0;
    pcb = raw_new_ip_type(socket->family == AF_INET6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4,
                          (u8_t)socket->protocol);
    if (!pcb)
        return -ENOBUFS;
    datagram->pcb.raw = pcb;
    shortcut_listeners++;
    if (socket->protocol == IP6_NEXTH_ICMP6) {
        pcb->chksum_reqd = 1;
        pcb->chksum_offset = ICMP6_CHECKSUM;
    }
    raw_recv(pcb, received, datagram);
    apply_options(datagram);
    return 0;
}

static void begin(struct socket *socket)
{
    need_pcb(datagram_of(socket)); /* or later */
}

static long bind_raw(struct socket *socket, const struct endpoint *to)
{
    struct datagram *datagram = datagram_of(socket);
    long status = binding_local(socket, to);

    if (status == 0)
        status = need_pcb(datagram);
    if (status == 0)
        raw_bind(datagram->pcb.raw, &to->ip);
    return status;
}

static long connect_raw(struct socket *socket, const struct address_bytes *bytes, bool wait)
{
    struct datagram *datagram = datagram_of(socket);
    struct endpoint to;
    long status = need_pcb(datagram);

    (void)wait;
    if (status < 0)
        return status;
    if (address_is_none(bytes)) {
        raw_disconnect(datagram->pcb.raw);
        socket->connection = UNCONNECTED;
        return 0;
    }
    status = address_decode(socket, bytes, false, &to);
    if (status == 0)
        status = binding_remote(socket, &to);
    if (status < 0)
        return status;
    if (!ip_route(&datagram->pcb.raw->local_ip, &to.ip))
        return -ENETUNREACH;
    raw_connect(datagram->pcb.raw, &to.ip);
    datagram->peer = to;
    socket->connection = CONNECTED;
    return 0;
}

static err_t submit(struct datagram *datagram, struct pbuf *pbuf, const struct endpoint *to)
{
    return raw_sendto(datagram->pcb.raw, pbuf, &to->ip);
}

static long send_raw(struct socket *socket, struct message *message)
{
    struct datagram *datagram = datagram_of(socket);
    size_t size = message->data.total;
    struct endpoint to;
    struct pbuf *pbuf;
    long status = size > MOST ? -EMSGSIZE : datagram_target(datagram, message, &to);

    if (status == 0)
        status = need_pcb(datagram);
    if (status == 0 && datagram->pcb.raw->chksum_reqd && size < ICMP6_CHECKSUM + 2)
        status = -EINVAL;
    if (status < 0)
        return status;
    pbuf = datagram_fill(message, size, &status);
    if (!pbuf)
        return status;
    status = datagram_submit(datagram, message, pbuf, &to, submit);
    pbuf_free(pbuf);
    net_flush();
    return status < 0 ? status : (long)size;
}

static long name_raw(struct socket *socket, enum whose whose, struct endpoint *out)
{
    const struct datagram *datagram = datagram_of(socket);

    *out = (struct endpoint){0};
    if (whose != OWN) {
        *out = datagram->peer;
        return socket->connection == CONNECTED ? 0 : -ENOTCONN;
    }
    if (datagram->pcb.raw)
        out->ip = datagram->pcb.raw->local_ip;
    out->port = socket->protocol;
    return 0;
}

static long option_changed(struct socket *socket, enum option option, int value)
{
    struct datagram *datagram = datagram_of(socket);

    socket->options[option] = value;
    if (datagram->pcb.raw)
        apply_options(datagram);
    return 0;
}

static long set_option(struct socket *socket, int level, int name, uint64_t at, int size)
{
    struct datagram *datagram = datagram_of(socket);
    size_t most = socket->protocol == IPPROTO_ICMP ? 4 : sizeof datagram->filtered;

    if (name != ICMP_FILTER ||
        level != (socket->protocol == IPPROTO_ICMP ? IPPROTO_RAW : IPPROTO_ICMPV6))
        return -ENOPROTOOPT;
    return copy_from(datagram->filtered, at, LWIP_MIN((size_t)size, most));
}

static void release(struct socket *socket)
{
    struct datagram *datagram = datagram_of(socket);

    if (datagram->pcb.raw) {
        raw_remove(datagram->pcb.raw);
        shortcut_listeners--;
    }
    datagram_drop(datagram);
    heap_give(datagram, sizeof *datagram);
}

const struct socket_ops raw_ops = {
    .size = sizeof(struct datagram),
    .begin = begin,
    .bind = bind_raw,
    .connect = connect_raw,
    .send = send_raw,
    .receive = datagram_receive,
    .shutdown = datagram_shutdown,
    .name = name_raw,
    .poll = datagram_poll,
    .held = datagram_held,
    .unsent = datagram_unsent,
    .changed = option_changed,
    .set = set_option,
    .release = release,
};
