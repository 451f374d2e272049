/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP sockets: listening. lwIP bounds the half-open connections of a listener, this the ones that
 * wait to be accepted. */
#include "lib/errno.h"
#include "net/net.h"
#include "socket/binding.h"
#include "socket/stream.h"

#define BACKLOG_MOST 4096 /* net.core.somaxconn */
#define HALF_OPEN 255

/* Several listeners may share an address (SO_REUSEPORT): lwIP finds one of them, and connections
 * are dealt out by their port. */
static struct stream *whose_turn(struct stream *listener, uint16_t port)
{
    struct tcp_pcb_listen *own = (struct tcp_pcb_listen *)listener->pcb;
    unsigned count = 0, turn;

    if (!listener->socket.options[OPTION_REUSE_PORT])
        return listener;
    for (struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb; pcb = pcb->next)
        count += binding_same(pcb, own);
    turn = port % count;
    for (struct tcp_pcb_listen *pcb = tcp_listen_pcbs.listen_pcbs; pcb; pcb = pcb->next)
        if (binding_same(pcb, own) && turn-- == 0)
            return pcb->callback_arg;
    return listener;
}

/* A child is as its listener, but for what belongs to one connection. */
static struct stream *make_child(const struct stream *listener)
{
    const struct socket *parent = &listener->socket;
    struct socket *socket =
        socket_make(parent->ops, parent->family, parent->type, parent->protocol);
    struct stream *child;

    if (!socket)
        return NULL;
    child = stream_of(socket);
    memcpy(socket->options, parent->options, sizeof socket->options);
    socket->receive_timeout = parent->receive_timeout;
    socket->send_timeout = parent->send_timeout;
    child->send_limit = listener->send_limit;
    return child;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct stream *listener = arg, *child;

    if (error != ERR_OK)
        return ERR_VAL;
    listener = whose_turn(listener, pcb->remote_port);
    child = make_child(listener);
    if (!child)
        return ERR_MEM;
    stream_adopt(child, pcb);
    list_insert(&listener->waiting, &child->link);
    listener->waiting_count++;
    socket_readable(&listener->socket);
    return ERR_OK;
}

/* For each SYN: where nobody accepts, the peer is to try again later. */
static err_t asked(u8_t id, struct tcp_pcb_listen *pcb, struct tcp_pcb *child)
{
    const struct stream *listener = pcb->callback_arg;

    (void)id, (void)child;
    return listener->waiting_count > listener->backlog ? ERR_MEM : ERR_OK;
}

static const struct tcp_ext_arg_callbacks callbacks = {stream_gone, asked};

static long begin_listening(struct stream *stream)
{
    struct tcp_pcb *pcb, *before;
    u8_t options;
    long status = stream_need_pcb(stream);

    if (status == 0)
        status = stream->pcb->local_port ? binding_listen(stream) : binding_any(stream);
    if (status < 0)
        return status;
    /* lwIP lets nobody share an address with SOF_REUSEADDR; whether one may was seen to. */
    before = stream->pcb;
    options = before->so_options;
    before->so_options = 0;
    stream->pcb = NULL;
    pcb = tcp_listen_with_backlog(before, HALF_OPEN);
    if (!pcb) {
        before->so_options = options;
        stream->pcb = before;
        return -ENOBUFS;
    }
    pcb->so_options = options;
    tcp_accept(pcb, accepted);
    stream_watch(stream, pcb, &callbacks);
    return 0;
}

long stream_listen(struct socket *socket, int backlog)
{
    struct stream *stream = stream_of(socket);
    long status = 0;

    if (socket->connection != UNCONNECTED)
        return -EINVAL;
    if (stream_state(stream) != LISTEN)
        status = begin_listening(stream);
    if (status == 0)
        stream->backlog = (unsigned)backlog > BACKLOG_MOST ? BACKLOG_MOST : (unsigned)backlog;
    return status;
}

static struct stream *take_waiting(struct stream *stream)
{
    struct stream *child;

    if (list_empty(&stream->waiting))
        return NULL;
    child = LIST_OF(stream->waiting.next, struct stream, link);
    list_remove(&child->link);
    stream->waiting_count--;
    return child;
}

long stream_accept(struct socket *socket, bool wait, struct socket **out)
{
    struct stream *stream = stream_of(socket), *child = NULL;
    int64_t deadline = socket_deadline(socket->receive_timeout);
    long status = 0;

    while (status == 0) {
        if (stream_state(stream) != LISTEN)
            return -EINVAL;
        if (list_empty(&stream->waiting))
            net_poll();
        child = take_waiting(stream);
        if (child)
            break;
        status = wait ? socket_wait(&socket->reading, deadline) : -EAGAIN;
    }
    *out = child ? &child->socket : NULL;
    return status;
}

void stream_stop_listening(struct stream *stream)
{
    struct stream *child;

    tcp_close(stream->pcb);
    while ((child = take_waiting(stream))) {
        stream_abort(child);
        child->socket.ops->release(&child->socket);
    }
    queue_wake(&stream->socket.reading, UINT32_MAX);
}
