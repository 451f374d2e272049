/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP sockets: from the first call to the end of the pcb. */
#include "socket/stream.h"
#include "lib/errno.h"
#include "linux/time.h"
#include "memory/heap.h"
#include "net/connections.h"
#include "net/net.h"
#include "net/segments.h"
#include "socket/binding.h"

#define TICK 2 /* of lwIP's slow timer: 200 ms */

static void dispose(struct stream *stream)
{
    stream_drop_received(stream);
    stream_drop_unsent(stream);
    heap_give(stream, sizeof *stream);
}

void stream_gone(uint8_t id, void *data)
{
    struct stream *stream = data;

    (void)id;
    if (!stream->pcb) /* another took its place */
        return;
    stream->pcb = NULL;
    stream_drop_unsent(stream);
    if (stream->closed) {
        dispose(stream);
        return;
    }
    if (stream->established)
        stream->socket.shut = SHUT_RDWR;
    socket_changed(&stream->socket);
}

void stream_watch(struct stream *stream, struct tcp_pcb *pcb,
                  const struct tcp_ext_arg_callbacks *callbacks)
{
    static uint8_t slot;
    static bool ready;

    if (!ready)
        slot = tcp_ext_arg_alloc_id();
    ready = true;
    stream->pcb = pcb;
    tcp_ext_arg_set(pcb, slot, stream);
    tcp_ext_arg_set_callbacks(pcb, slot, callbacks);
}

/* Reset, timed out, or ended in order; the pcb is gone, or is about to be. */
static void failed(void *arg, err_t error)
{
    struct stream *stream = arg;

    if (stream->closed || error == ERR_CLSD)
        return;
    stream->socket.shut = SHUT_RDWR;
    if (error != ERR_RST)
        socket_fail(&stream->socket, ETIMEDOUT);
    else if (!stream->established)
        socket_fail(&stream->socket, ECONNREFUSED);
    else
        socket_fail(&stream->socket, stream->ended ? EPIPE : ECONNRESET);
}

static void remember_names(struct stream *stream)
{
    stream->local = (struct endpoint){stream->pcb->local_ip, stream->pcb->local_port};
    stream->remote = (struct endpoint){stream->pcb->remote_ip, stream->pcb->remote_port};
}

static void attach(struct stream *stream, struct tcp_pcb *pcb)
{
    static const struct tcp_ext_arg_callbacks callbacks = {.destroy = stream_gone};

    stream_watch(stream, pcb, &callbacks);
    tcp_arg(pcb, stream);
    tcp_recv(pcb, stream_received);
    tcp_sent(pcb, stream_sent);
    tcp_err(pcb, failed);
    tcp_poll(pcb, stream_tick, TICK);
    stream_apply_options(stream);
}

static void begin_transfer(struct stream *stream)
{
    stream->established = true;
    stream->mss = segments_begin(stream->pcb);
    remember_names(stream);
}

void stream_adopt(struct stream *stream, struct tcp_pcb *pcb)
{
    attach(stream, pcb);
    stream->socket.connection = CONNECTED;
    begin_transfer(stream);
}

static err_t connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct stream *stream = arg;

    (void)pcb, (void)error;
    begin_transfer(stream);
    socket_writable(&stream->socket);
    return ERR_OK;
}

long stream_need_pcb(struct stream *stream)
{
    struct tcp_pcb *pcb;
    long status;

    if (stream->pcb)
        return 0;
    pcb = tcp_new_ip_type(binding_type(&stream->socket));
    if (!pcb)
        return -ENOBUFS;
    attach(stream, pcb);
    if (!stream->bound)
        return 0;
    status = binding_tcp(stream, &stream->local);
    if (status < 0)
        stream_abort(stream);
    return status;
}

void stream_abort(struct stream *stream)
{
    struct tcp_pcb *pcb = stream->pcb;

    if (!pcb)
        return;
    tcp_err(pcb, NULL);
    if (pcb->state == CLOSED || pcb->state == SYN_SENT)
        tcp_close(pcb); /* without a word to the peer */
    else
        tcp_abort(pcb);
}

static long stream_bind(struct socket *socket, const struct endpoint *to)
{
    struct stream *stream = stream_of(socket);
    long status = binding_local(socket, to);

    if (status < 0)
        return status;
    if (stream_state(stream) != CLOSED || stream->bound || socket->connection != UNCONNECTED)
        return -EINVAL;
    status = stream_need_pcb(stream);
    if (status == 0)
        status = binding_tcp(stream, to);
    if (status < 0)
        return status;
    binding_done(socket, to);
    stream->bound = true;
    stream->local = (struct endpoint){stream->pcb->local_ip, stream->pcb->local_port};
    return 0;
}

/* As it was before it connected. */
static void forget_peer(struct stream *stream)
{
    stream_abort(stream);
    stream_drop_received(stream);
    if (!stream->bound)
        stream->local = (struct endpoint){0};
    stream->remote = (struct endpoint){0};
    stream->established = stream->ended = stream->finishing = stream->finished = false;
    stream->socket.shut = 0;
    stream->socket.connection = UNCONNECTED;
}

static long begin_connecting(struct stream *stream, const struct address_bytes *bytes)
{
    struct endpoint to;
    long status = address_decode(&stream->socket, bytes, false, &to);

    if (status == 0)
        status = binding_remote(&stream->socket, &to);
    if (status == 0)
        status = stream_need_pcb(stream);
    if (status < 0)
        return status;
    if (ip_addr_ismulticast(&to.ip))
        return -ENETUNREACH;
    net_wake();
    status = stream_status(tcp_connect(stream->pcb, &to.ip, to.port, connected));
    if (status == 0)
        remember_names(stream);
    else
        forget_peer(stream);
    return status;
}

static long stream_connect(struct socket *socket, const struct address_bytes *to, bool wait)
{
    struct stream *stream = stream_of(socket);
    int64_t deadline = socket_deadline(socket->send_timeout);
    long status = -EALREADY;

    if (address_is_none(to)) {
        if (stream_state(stream) == LISTEN)
            stream_stop_listening(stream);
        forget_peer(stream);
        return 0;
    }
    if (socket->connection == CONNECTED || stream_state(stream) == LISTEN)
        return -EISCONN;
    if (socket->connection == UNCONNECTED) {
        status = begin_connecting(stream, to);
        if (status < 0)
            return status;
        socket->connection = CONNECTING;
        status = -EINPROGRESS;
    }
    /* Whoever does not wait is told that it takes a while, even where the peer is so near that it
     * has answered when the call returns. */
    if (!wait && status == -EINPROGRESS) {
        net_flush();
        return status;
    }
    while (net_poll(), stream_state(stream) == SYN_SENT) {
        long waited = wait ? socket_wait(&socket->writing, deadline) : -EAGAIN;

        if (waited < 0)
            return waited == -EAGAIN ? status : waited;
    }
    if (stream_state(stream) == CLOSED) {
        status = socket_error(socket);
        forget_peer(stream);
        return status ? status : -ECONNABORTED;
    }
    socket->connection = CONNECTED;
    return 0;
}

static long stream_name(struct socket *socket, enum whose whose, struct endpoint *out)
{
    const struct stream *stream = stream_of(socket);
    enum tcp_state state = stream_state(stream);

    if (whose == OWN && stream->pcb)
        *out = (struct endpoint){stream->pcb->local_ip, stream->pcb->local_port};
    else
        *out = whose == OWN ? stream->local : stream->remote;
    if (whose == PEER && (state == CLOSED || state == LISTEN || state == SYN_SENT))
        return -ENOTCONN;
    return 0;
}

static unsigned stream_poll(struct socket *socket)
{
    struct stream *stream = stream_of(socket);
    enum tcp_state state = stream_state(stream);
    bool no_input = stream->ended || socket->shut & SHUT_RD;
    bool no_output = stream->finishing || socket->shut & SHUT_WR;
    unsigned ready = socket->error ? POLLERR : 0;

    if (state == LISTEN)
        return list_empty(&stream->waiting) ? 0 : POLLIN | POLLRDNORM;
    if (state == CLOSED || (no_input && no_output))
        ready |= POLLHUP;
    if (no_input)
        ready |= POLLIN | POLLRDNORM | POLLRDHUP;
    if (state == SYN_SENT)
        return ready;
    if (stream->held && stream->held >= (uint32_t)socket->options[OPTION_RECEIVE_LOW])
        ready |= POLLIN | POLLRDNORM;
    if (no_output || stream_writable(stream))
        ready |= POLLOUT | POLLWRNORM;
    else
        stream->no_space = true;
    return ready;
}

static long stream_shutdown(struct socket *socket, int how)
{
    struct stream *stream = stream_of(socket);
    enum tcp_state state = stream_state(stream);

    if (state == CLOSED)
        return -ENOTCONN;
    if (state == LISTEN) {
        if (how & SHUT_RD)
            stream_stop_listening(stream);
        return 0;
    }
    if (state == SYN_SENT) {
        forget_peer(stream);
    } else {
        socket->shut |= (uint8_t)how;
        if (how & SHUT_WR)
            stream_finish(stream);
        net_flush();
    }
    socket_changed(socket);
    return 0;
}

/* Until the peer has everything, or the time that SO_LINGER gives is over. */
static void linger(struct stream *stream)
{
    int64_t deadline = time_after(stream->socket.options[OPTION_LINGER_TIME] * 1000000000ll);

    while (net_poll(),
           stream->pcb && (stream->queued || stream->pcb->state == FIN_WAIT_1 ||
                           stream->pcb->state == CLOSING || stream->pcb->state == LAST_ACK))
        if (socket_wait(&stream->socket.writing, deadline) < 0)
            break;
}

static void stream_release(struct socket *socket)
{
    struct stream *stream = stream_of(socket);
    bool lingers = socket->options[OPTION_LINGER];

    if (stream_state(stream) == LISTEN)
        stream_stop_listening(stream);
    /* The peer is to know when what it sent was not read, or is not wanted. */
    if (stream->held || (lingers && !socket->options[OPTION_LINGER_TIME]))
        stream_abort(stream);
    if (stream->pcb && (stream->pcb->state == CLOSED || stream->pcb->state == SYN_SENT))
        stream_abort(stream);
    if (stream->pcb && lingers) {
        socket->shut = SHUT_RDWR;
        stream_finish(stream);
        linger(stream);
    }
    stream->closed = true;
    if (stream->pcb) {
        tcp_err(stream->pcb, NULL);
        stream_finish(stream); /* from now on lwIP's alone */
    } else {
        dispose(stream);
    }
    connections_limit();
    net_flush();
}

static long stream_held(struct socket *socket)
{
    const struct stream *stream = stream_of(socket);

    return stream_state(stream) == LISTEN ? -EINVAL : (long)stream->held;
}

static long stream_unsent(struct socket *socket)
{
    const struct stream *stream = stream_of(socket);

    return stream_state(stream) == LISTEN ? -EINVAL : (long)stream->queued;
}

long stream_status(err_t error)
{
    switch (error) {
    case ERR_OK:
        return 0;
    case ERR_MEM:
        return -ENOBUFS;
    case ERR_BUF: /* no port */
    case ERR_USE: /* these two are connected already */
        return -EADDRNOTAVAIL;
    case ERR_RTE:
        return -ENETUNREACH;
    default:
        return -EINVAL;
    }
}

const struct socket_ops stream_ops = {
    .size = sizeof(struct stream),
    .begin = stream_begin,
    .bind = stream_bind,
    .connect = stream_connect,
    .listen = stream_listen,
    .accept = stream_accept,
    .send = stream_send,
    .receive = stream_receive,
    .shutdown = stream_shutdown,
    .name = stream_name,
    .poll = stream_poll,
    .held = stream_held,
    .unsent = stream_unsent,
    .changed = stream_option_changed,
    .set = stream_set_option,
    .get = stream_get_option,
    .release = stream_release,
};
