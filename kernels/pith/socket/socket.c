/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets as files, and the calls that make, name and connect them. */
#include "socket/socket.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/signal.h"
#include "linux/time.h"
#include "memory/heap.h"
#include "net/net.h"

enum { TYPE_MASK = 15 };

static long transfer(struct file *file, bool out, struct cursor data)
{
    struct socket *socket = file->object;
    struct message message = {.data = data, .wait = !(file->flags & O_NONBLOCK)};

    if (!out && !data.total)
        return 0; /* does not even wait, as recv() would */
    return out ? socket->ops->send(socket, &message) : socket->ops->receive(socket, &message);
}

static long read_socket(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    struct cursor data;

    (void)offset;
    cursor_at(&data, buffer, size);
    return transfer(file, false, data);
}

static long write_socket(struct file *file, uint64_t buffer, uint64_t size, uint64_t *offset)
{
    struct cursor data;

    (void)offset;
    cursor_at(&data, buffer, size);
    return transfer(file, true, data);
}

static long vectored(struct file *file, bool out, uint64_t vectors, uint64_t count)
{
    struct cursor data;
    long status = cursor_over(&data, vectors, count);

    return status < 0 ? status : transfer(file, out, data);
}

static unsigned poll_socket(struct file *file)
{
    struct socket *socket = file->object;

    return socket->ops->poll(socket);
}

static void release(struct file *file)
{
    struct socket *socket = file->object;

    socket->file = NULL;
    socket->ops->release(socket);
}

static const struct file_ops socket_file_ops = {
    .mode = 0140777,
    .read = read_socket,
    .write = write_socket,
    .vectored = vectored,
    .poll = poll_socket,
    .ioctl = socket_ioctl,
    .release = release,
};

struct socket *socket_make(const struct socket_ops *ops, int family, int type, int protocol)
{
    struct socket *socket = heap_take(ops->size);

    if (!socket)
        return NULL;
    socket->ops = ops;
    socket->family = (uint16_t)family;
    socket->type = (uint16_t)type;
    socket->protocol = (uint16_t)protocol;
    socket->receive_timeout = socket->send_timeout = FOREVER;
    list_init(&socket->reading);
    list_init(&socket->writing);
    options_begin(socket);
    if (ops->begin)
        ops->begin(socket);
    return socket;
}

long socket_install(struct socket *socket, int flags)
{
    struct file *file = file_make(&socket_file_ops, O_RDWR | (flags & O_NONBLOCK), NULL, socket);

    if (!file) {
        socket->ops->release(socket);
        return -ENFILE;
    }
    socket->file = file;
    return file_install(file, flags & O_CLOEXEC);
}

struct socket *socket_of(struct file *file, long *status)
{
    *status = !file || file->flags & O_PATH   ? -EBADF
              : file->ops != &socket_file_ops ? -ENOTSOCK
                                              : 0;
    return *status < 0 ? NULL : file->object;
}

struct socket *socket_hold(int fd, long *status)
{
    struct socket *socket = socket_of(file_at(fd), status);

    if (socket)
        file_hold(socket->file);
    return socket;
}

long socket_let_go(struct socket *socket, long result)
{
    file_release(socket->file);
    return result;
}

bool socket_waits(const struct socket *socket, int flags)
{
    return !(socket->file->flags & O_NONBLOCK || flags & MSG_DONTWAIT);
}

int64_t socket_deadline(int64_t timeout)
{
    return timeout == FOREVER ? FOREVER : time_after(timeout);
}

long socket_wait(struct list *queue, int64_t deadline)
{
    long status = queue_wait(queue, deadline);

    if (status == -ETIMEDOUT)
        return -EAGAIN;
    /* With a time limit a call is not made again: it would get all of the time once more. */
    return status == -ERESTARTSYS && deadline != FOREVER ? -EINTR : status;
}

void socket_readable(struct socket *socket)
{
    queue_wake(&socket->reading, UINT32_MAX);
    poll_changed(socket->file, POLLIN | POLLRDNORM);
}

void socket_writable(struct socket *socket)
{
    queue_wake(&socket->writing, UINT32_MAX);
    poll_changed(socket->file, POLLOUT | POLLWRNORM);
}

void socket_changed(struct socket *socket)
{
    queue_wake(&socket->reading, UINT32_MAX);
    queue_wake(&socket->writing, UINT32_MAX);
    poll_changed(socket->file, POLL_ANY);
}

void socket_fail(struct socket *socket, int error)
{
    socket->error = error;
    socket_changed(socket);
}

long socket_error(struct socket *socket)
{
    int error = socket->error;

    socket->error = 0;
    return -error;
}

long socket_broken(struct socket *socket, int flags)
{
    struct siginfo info = {.signal = SIGPIPE, .code = SI_USER, .sender.pid = 1};
    long status = socket_error(socket);

    if (status && status != -EPIPE)
        return status;
    if (!(flags & MSG_NOSIGNAL))
        signal_send(current, &info);
    return -EPIPE;
}

/* Which kind it is; -errno as Linux's inet_create() has it. */
static long find_kind(int type, int *protocol, const struct socket_ops **ops)
{
    static const int usual[] = {[SOCK_STREAM] = IPPROTO_TCP, [SOCK_DGRAM] = IPPROTO_UDP};

    if (*protocol < 0 || *protocol >= IPPROTO_MAX)
        return -EINVAL;
    if (type == SOCK_RAW) {
        *ops = &raw_ops;
        return *protocol ? 0 : -EPROTONOSUPPORT;
    }
    if (type != SOCK_STREAM && type != SOCK_DGRAM)
        return -ESOCKTNOSUPPORT;
    if (!*protocol)
        *protocol = usual[type];
    *ops = type == SOCK_STREAM ? &stream_ops : &datagram_ops;
    if (type == SOCK_DGRAM && *protocol == IPPROTO_ICMP)
        return -EACCES; /* net.ipv4.ping_group_range lets nobody */
    return *protocol == usual[type] ? 0 : -EPROTONOSUPPORT;
}

long sys_socket(int family, int type, int protocol)
{
    const struct socket_ops *ops = &pair_ops;
    int flags = type & ~TYPE_MASK;
    struct socket *socket;
    long status = 0;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    type &= TYPE_MASK;
    if (family < 0 || family >= AF_MAX)
        return -EAFNOSUPPORT;
    if (type >= SOCK_MAX)
        return -EINVAL;
    if (family == AF_UNIX)
        status = pair_kind(&type, protocol);
    else if (family == AF_INET || family == AF_INET6)
        status = find_kind(type, &protocol, &ops);
    else
        status = -EAFNOSUPPORT;
    if (status < 0)
        return status;
    net_start();
    socket = socket_make(ops, family, type, protocol);
    return socket ? socket_install(socket, flags) : -ENOBUFS;
}

long sys_bind(int fd, uint64_t address, int size)
{
    struct address_bytes bytes;
    struct endpoint to;
    long status;
    struct socket *socket = socket_of(file_at(fd), &status);

    if (status == 0)
        status = address_read(&bytes, address, size);
    if (status < 0)
        return status;
    if (!socket->ops->bind)
        return -EOPNOTSUPP;
    status = address_decode(socket, &bytes, false, &to);
    return status < 0 ? status : socket->ops->bind(socket, &to);
}

long sys_connect(int fd, uint64_t address, int size)
{
    struct address_bytes bytes;
    long status;
    struct socket *socket = socket_hold(fd, &status);

    if (!socket)
        return status;
    status = address_read(&bytes, address, size);
    if (status == 0)
        status = bytes.size < 2 ? -EINVAL
                                : socket->ops->connect(socket, &bytes, socket_waits(socket, 0));
    return socket_let_go(socket, status);
}

long sys_listen(int fd, int backlog)
{
    long status;
    struct socket *socket = socket_of(file_at(fd), &status);

    if (!socket)
        return status;
    return socket->ops->listen ? socket->ops->listen(socket, backlog) : -EOPNOTSUPP;
}

/* Tell who connected. */
static long write_peer(struct socket *socket, uint64_t address, uint64_t size_at)
{
    struct endpoint peer;

    if (!address)
        return 0;
    if (socket->ops->name(socket, PEER_EVEN_GONE, &peer) < 0)
        return -ECONNABORTED; /* gone already */
    return address_write(socket, &peer, address, size_at);
}

long sys_accept4(int fd, uint64_t address, uint64_t size_at, int flags)
{
    struct socket *socket, *new = NULL;
    long status, made;

    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return file_at(fd) ? -EINVAL : -EBADF;
    socket = socket_hold(fd, &status);
    if (!socket)
        return status;
    /* Without a descriptor for it, the connection stays in the queue. */
    if (!file_room())
        status = -EMFILE;
    else
        status = socket->ops->accept ? socket->ops->accept(socket, socket_waits(socket, 0), &new)
                                     : -EOPNOTSUPP;
    socket_let_go(socket, 0);
    if (status < 0)
        return status;
    made = socket_install(new, flags);
    if (made < 0)
        return made;
    status = write_peer(new, address, size_at);
    if (status == 0)
        return made;
    sys_close((int)made);
    return status;
}

long sys_accept(int fd, uint64_t address, uint64_t size_at)
{
    return sys_accept4(fd, address, size_at, 0);
}

long sys_shutdown(int fd, int how)
{
    long status;
    struct socket *socket = socket_of(file_at(fd), &status);

    if (!socket)
        return status;
    return how < 0 || how > 2 ? -EINVAL : socket->ops->shutdown(socket, how + 1);
}

static long tell_name(int fd, enum whose whose, uint64_t address, uint64_t size_at)
{
    struct endpoint name;
    long status;
    struct socket *socket = socket_of(file_at(fd), &status);

    if (socket)
        status = socket->ops->name(socket, whose, &name);
    return status < 0 ? status : address_write(socket, &name, address, size_at);
}

long sys_getsockname(int fd, uint64_t address, uint64_t size_at)
{
    return tell_name(fd, OWN, address, size_at);
}

long sys_getpeername(int fd, uint64_t address, uint64_t size_at)
{
    return tell_name(fd, PEER, address, size_at);
}
