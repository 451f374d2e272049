/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of connected sockets of AF_UNIX (unix(7)). There is one process, so that nobody else could
 * be met under a name: names cannot be bound. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/path.h"
#include "memory/copy.h"
#include "memory/heap.h"
#include "socket/socket.h"

#define PIECE_MOST 32768 /* bytes of a stream in one packet */
#define PACKETS_MOST 11  /* of datagrams: net.unix.max_dgram_qlen and one */
#define OVERHEAD 64

/* What was sent and is not yet received. */
struct packet {
    struct packet *next;
    uint32_t size, consumed;
    char bytes[];
};

struct pair {
    struct socket socket;
    struct pair *peer; /* NULL: not there, or gone */
    bool was_connected;
    struct packet *first, *last;
    uint32_t held, occupied, packets; /* bytes, with what they need beside, and how many */
};

static struct pair *pair_of(struct socket *socket)
{
    return (struct pair *)socket;
}

static bool has_end(const struct pair *pair)
{
    return pair->socket.type != SOCK_DGRAM;
}

static bool is_stream(const struct pair *pair)
{
    return pair->socket.type == SOCK_STREAM;
}

/* Room for what `pair` sends, in its peer. */
static uint32_t room(const struct pair *pair)
{
    uint32_t most = (uint32_t)pair->socket.options[OPTION_SEND_BUFFER];
    const struct pair *peer = pair->peer;

    if (!has_end(pair) && peer->packets >= PACKETS_MOST)
        return 0;
    return peer->occupied + OVERHEAD < most ? most - peer->occupied - OVERHEAD : 0;
}

static bool writable(const struct pair *pair)
{
    return pair->peer && room(pair) >= (uint32_t)pair->socket.options[OPTION_SEND_BUFFER] / 4;
}

static struct packet *make_packet(struct message *message, uint32_t size, long *status)
{
    struct packet *packet = heap_take(sizeof *packet + size);

    *status = packet ? 0 : -ENOBUFS;
    if (!packet)
        return NULL;
    packet->size = size;
    *status = cursor_read(&message->data, packet->bytes, size);
    if (*status == 0)
        return packet;
    heap_give(packet, sizeof *packet + size);
    return NULL;
}

static void deliver(struct pair *to, struct packet *packet)
{
    if (to->last)
        to->last->next = packet;
    else
        to->first = packet;
    to->last = packet;
    to->held += packet->size;
    to->occupied += packet->size + OVERHEAD;
    to->packets++;
    socket_readable(&to->socket);
}

static void drop_first(struct pair *pair)
{
    struct packet *packet = pair->first;

    pair->first = packet->next;
    if (!pair->first)
        pair->last = NULL;
    pair->held -= packet->size - packet->consumed;
    pair->occupied -= packet->size + OVERHEAD;
    pair->packets--;
    heap_give(packet, sizeof *packet + packet->size);
    if (pair->peer)
        socket_writable(&pair->peer->socket);
}

/* Why nothing can be sent; 0 when it can. */
static long why_not(struct pair *pair, int flags)
{
    struct pair *peer = pair->peer;

    if (pair->socket.shut & SHUT_WR || (peer && peer->socket.shut & SHUT_RD))
        return socket_broken(&pair->socket, flags);
    if (peer)
        return pair->socket.error ? socket_error(&pair->socket) : 0;
    if (!pair->was_connected)
        return -ENOTCONN;
    return has_end(pair) ? socket_broken(&pair->socket, flags) : -ECONNREFUSED;
}

/* One packet of a stream, or a whole datagram. Bytes, -EAGAIN without room, -errno. */
static long send_packet(struct pair *pair, struct message *message)
{
    uint64_t size = message->data.total;
    struct packet *packet;
    long status;

    if (is_stream(pair)) {
        size = size < PIECE_MOST ? size : PIECE_MOST;
        size = size < room(pair) ? size : room(pair);
        if (!size)
            return -EAGAIN;
    } else {
        if (size > (uint32_t)pair->socket.options[OPTION_SEND_BUFFER] - OVERHEAD)
            return -EMSGSIZE;
        if (room(pair) < size || !room(pair))
            return -EAGAIN;
    }
    packet = make_packet(message, (uint32_t)size, &status);
    if (!packet)
        return status;
    deliver(pair->peer, packet);
    return (long)size;
}

static long pair_send(struct socket *socket, struct message *message)
{
    struct pair *pair = pair_of(socket);
    int64_t deadline = socket_deadline(socket->send_timeout);
    long done = 0, status;

    if (message->flags & MSG_OOB || message->control_room)
        return -EOPNOTSUPP;
    if (message->to && has_end(pair))
        return pair->peer ? -EISCONN : -EOPNOTSUPP;
    for (;;) {
        status = why_not(pair, done ? MSG_NOSIGNAL : message->flags);
        if (status < 0 || (is_stream(pair) && !message->data.total))
            break;
        status = send_packet(pair, message);
        if (status >= 0) {
            done += status;
            if (!is_stream(pair))
                return done;
            continue;
        }
        if (status == -EAGAIN && message->wait)
            status = socket_wait(&socket->writing, deadline);
        if (status < 0)
            break;
    }
    return done ? done : status;
}

/* What lies there now, into the caller's buffer. Bytes or -EFAULT. */
static long take(struct pair *pair, struct message *message)
{
    bool peek = message->flags & MSG_PEEK;
    long done = 0;

    for (struct packet *packet = pair->first, *next; packet && message->data.total; packet = next) {
        uint32_t size = packet->size - packet->consumed;

        next = packet->next;
        if (size > message->data.total)
            size = (uint32_t)message->data.total;
        if (cursor_write(&message->data, packet->bytes + packet->consumed, size) < 0)
            return done ? done : -EFAULT;
        done += size;
        if (peek)
            continue;
        packet->consumed += size;
        pair->held -= size;
        if (packet->consumed == packet->size)
            drop_first(pair);
    }
    return done;
}

static long take_datagram(struct pair *pair, struct message *message)
{
    struct packet *packet = pair->first;
    uint32_t size = packet->size;

    if (size > message->data.total) {
        size = (uint32_t)message->data.total;
        message->outcome |= MSG_TRUNC;
    }
    if (cursor_write(&message->data, packet->bytes, size) < 0)
        return -EFAULT;
    if (message->flags & MSG_TRUNC)
        size = packet->size;
    if (!(message->flags & MSG_PEEK))
        drop_first(pair);
    return size;
}

/* Why there will be nothing: 1 when there may be, 0 at the end, -errno. */
static long why_nothing(struct pair *pair)
{
    if (pair->socket.error)
        return socket_error(&pair->socket);
    if (pair->socket.shut & SHUT_RD)
        return 0;
    if (!has_end(pair))
        return 1;
    if (!pair->peer)
        return pair->was_connected ? 0 : is_stream(pair) ? -EINVAL : -ENOTCONN;
    return pair->peer->socket.shut & SHUT_WR ? 0 : 1;
}

static long pair_receive(struct socket *socket, struct message *message)
{
    struct pair *pair = pair_of(socket);
    int64_t deadline = socket_deadline(socket->receive_timeout);
    uint64_t wanted = message->data.total;
    long done = 0, status = 0;

    if (message->flags & MSG_OOB)
        return is_stream(pair) ? -EINVAL : -EOPNOTSUPP;
    while (status >= 0) {
        if (pair->first && !is_stream(pair))
            return take_datagram(pair, message);
        if (pair->first) {
            status = take(pair, message);
            if (status < 0)
                break;
            done += status;
            if ((uint64_t)done == wanted || !(message->flags & MSG_WAITALL) ||
                message->flags & MSG_PEEK)
                return done;
        }
        status = why_nothing(pair);
        if (status <= 0)
            break;
        status = message->wait ? socket_wait(&socket->reading, deadline) : -EAGAIN;
    }
    return done ? done : status;
}

static unsigned pair_poll(struct socket *socket)
{
    struct pair *pair = pair_of(socket);
    bool gone = has_end(pair) && !pair->peer;
    bool no_input =
        socket->shut & SHUT_RD || gone || (has_end(pair) && pair->peer->socket.shut & SHUT_WR);
    bool no_output =
        socket->shut & SHUT_WR || gone || (pair->peer && pair->peer->socket.shut & SHUT_RD);
    unsigned ready = socket->error ? POLLERR : 0;

    if (no_input && no_output)
        ready |= POLLHUP;
    if (no_input && (pair->was_connected || socket->shut & SHUT_RD))
        ready |= POLLRDHUP | POLLIN | POLLRDNORM;
    if (pair->first)
        ready |= POLLIN | POLLRDNORM;
    if (!pair->peer || writable(pair))
        ready |= POLLOUT | POLLWRNORM;
    return ready;
}

static long pair_shutdown(struct socket *socket, int how)
{
    struct pair *pair = pair_of(socket), *peer = pair->peer;

    socket->shut |= (uint8_t)how;
    socket_changed(socket);
    if (peer)
        socket_changed(&peer->socket);
    return 0;
}

static long pair_connect(struct socket *socket, const struct address_bytes *to, bool wait)
{
    struct place place;
    char path[ADDRESS_SIZE + 1] = "";
    long status;

    (void)wait;
    if (address_is_none(to) && socket->type == SOCK_DGRAM)
        return 0;
    if (to->bytes[0] != AF_UNIX || to->bytes[1])
        return -EINVAL;
    memcpy(path, to->bytes + 2, ADDRESS_SIZE - 2);
    if (!*path)
        return -ECONNREFUSED;
    status = path_find_text(AT_FDCWD, path, true, &place);
    if (status < 0)
        return status;
    status = place.inode ? -ECONNREFUSED : -ENOENT;
    place_release(&place);
    return status;
}

static long pair_listen(struct socket *socket, int backlog)
{
    (void)backlog;
    return has_end(pair_of(socket)) ? -EINVAL : -EOPNOTSUPP; /* without a name */
}

static long pair_accept(struct socket *socket, bool wait, struct socket **out)
{
    (void)wait, (void)out;
    return has_end(pair_of(socket)) ? -EINVAL : -EOPNOTSUPP;
}

static long pair_name(struct socket *socket, enum whose whose, struct endpoint *out)
{
    *out = (struct endpoint){0};
    return whose == OWN || pair_of(socket)->peer ? 0 : -ENOTCONN;
}

static long pair_held(struct socket *socket)
{
    struct pair *pair = pair_of(socket);

    if (is_stream(pair) || !pair->first)
        return pair->held;
    return pair->first->size;
}

static long pair_unsent(struct socket *socket)
{
    struct pair *peer = pair_of(socket)->peer;

    return peer ? peer->occupied : 0;
}

static void pair_release(struct socket *socket)
{
    struct pair *pair = pair_of(socket), *peer = pair->peer;

    if (peer) {
        peer->peer = NULL;
        if (pair->first && has_end(pair))
            peer->socket.error = ECONNRESET; /* what it sent was not read */
        socket_changed(&peer->socket);
    }
    pair->peer = NULL;
    while (pair->first)
        drop_first(pair);
    heap_give(pair, sizeof *pair);
}

const struct socket_ops pair_ops = {
    .size = sizeof(struct pair),
    .connect = pair_connect,
    .listen = pair_listen,
    .accept = pair_accept,
    .send = pair_send,
    .receive = pair_receive,
    .shutdown = pair_shutdown,
    .name = pair_name,
    .poll = pair_poll,
    .held = pair_held,
    .unsent = pair_unsent,
    .release = pair_release,
};

long pair_kind(int *type, int protocol)
{
    if (protocol && protocol != AF_UNIX)
        return -EPROTONOSUPPORT;
    if (*type == SOCK_RAW)
        *type = SOCK_DGRAM;
    return *type == SOCK_STREAM || *type == SOCK_DGRAM || *type == SOCK_SEQPACKET
               ? 0
               : -ESOCKTNOSUPPORT;
}

static long install_both(struct socket *ends[2], int flags, uint64_t out)
{
    int32_t fds[2];

    for (int i = 0; i < 2; i++) {
        long fd = socket_install(ends[i], flags);

        if (fd >= 0) {
            fds[i] = (int32_t)fd;
            continue;
        }
        if (i == 0)
            ends[1]->ops->release(ends[1]);
        else
            sys_close(fds[0]);
        return fd;
    }
    if (copy_to(out, fds, sizeof fds) == 0)
        return 0;
    sys_close(fds[0]);
    sys_close(fds[1]);
    return -EFAULT;
}

long sys_socketpair(int family, int type, int protocol, uint64_t out)
{
    int flags = type & ~15;
    struct socket *ends[2];
    long status;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if (family == AF_INET || family == AF_INET6)
        return -EOPNOTSUPP;
    if (family != AF_UNIX)
        return -EAFNOSUPPORT;
    type &= 15;
    status = pair_kind(&type, protocol);
    if (status < 0)
        return status;
    ends[0] = socket_make(&pair_ops, family, type, protocol);
    ends[1] = ends[0] ? socket_make(&pair_ops, family, type, protocol) : NULL;
    if (!ends[1]) {
        if (ends[0])
            ends[0]->ops->release(ends[0]);
        return -ENOMEM;
    }
    for (int i = 0; i < 2; i++) {
        pair_of(ends[i])->peer = pair_of(ends[1 - i]);
        pair_of(ends[i])->was_connected = true;
        ends[i]->connection = CONNECTED;
    }
    return install_both(ends, flags, out);
}
