/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending and receiving on sockets. */
#include "cpu/timer.h"
#include "lib/errno.h"
#include "linux/calls.h"
#include "linux/time.h"
#include "memory/copy.h"
#include "net/net.h"
#include "socket/socket.h"

/* struct msghdr and struct mmsghdr. */
struct header {
    uint64_t name;
    int32_t name_size, padding;
    uint64_t vectors, count;
    uint64_t control, control_size;
    int32_t flags, padding2;
};

struct many {
    struct header header;
    uint32_t length, padding;
};

static long send(struct socket *socket, struct message *message)
{
    message->wait = socket_waits(socket, message->flags);
    return socket->ops->send(socket, message);
}

static long receive(struct socket *socket, struct message *message)
{
    message->wait = socket_waits(socket, message->flags);
    if (message->flags & MSG_ERRQUEUE)
        return -EAGAIN; /* errors are told once, by SO_ERROR or a call */
    return socket->ops->receive(socket, message);
}

/* The one buffer of send() and recv(); Linux looks at it before the descriptor. */
static long one_buffer(struct cursor *cursor, uint64_t buffer, uint64_t size)
{
    if (!in_program(buffer, size))
        return -EFAULT;
    cursor_at(cursor, buffer, size < TRANSFER_MAX ? size : TRANSFER_MAX);
    return 0;
}

long sys_sendto(int fd, uint64_t buffer, uint64_t size, int flags, uint64_t address,
                int address_size)
{
    struct message message = {.flags = flags};
    long status = one_buffer(&message.data, buffer, size);
    struct address_bytes to;
    struct socket *socket;

    if (status < 0)
        return status;
    socket = socket_hold(fd, &status);
    if (!socket)
        return status;
    if (address) {
        status = address_read(&to, address, address_size);
        message.to = &to;
    }
    return socket_let_go(socket, status < 0 ? status : send(socket, &message));
}

/* Who sent it, where there is somebody to name: a stream names nobody. */
static long write_from(struct socket *socket, const struct message *message, uint64_t at,
                       uint64_t size_at)
{
    int room;

    if (message->has_from)
        return address_write(socket, &message->from, at, size_at);
    if (copy_from(&room, size_at, sizeof room) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    return copy_to(size_at, &(int){0}, sizeof room);
}

long sys_recvfrom(int fd, uint64_t buffer, uint64_t size, int flags, uint64_t address,
                  uint64_t size_at)
{
    struct message message = {.flags = flags};
    long status = one_buffer(&message.data, buffer, size), done;
    struct socket *socket;

    if (status < 0)
        return status;
    socket = socket_hold(fd, &status);
    if (!socket)
        return status;
    done = receive(socket, &message);
    if (done >= 0 && address)
        status = write_from(socket, &message, address, size_at);
    return socket_let_go(socket, status < 0 ? status : done);
}

static long read_header(struct header *header, uint64_t at)
{
    if (copy_from(header, at, sizeof *header) < 0)
        return -EFAULT;
    if (!header->name)
        header->name_size = 0;
    if (header->name_size < 0)
        return -EINVAL;
    if (header->name_size > ADDRESS_SIZE)
        header->name_size = ADDRESS_SIZE;
    if (header->count > VECTORS_MAX)
        return -EMSGSIZE;
    return 0;
}

static long send_one(struct socket *socket, uint64_t at, int flags)
{
    struct message message = {.flags = flags};
    struct header header;
    struct address_bytes to;
    long status = read_header(&header, at);

    if (status == 0 && header.name_size) {
        status = address_read(&to, header.name, header.name_size);
        message.to = &to;
    }
    if (status == 0)
        status = cursor_over(&message.data, header.vectors, header.count);
    if (status < 0)
        return status;
    message.control = header.control;
    message.control_room = header.control ? header.control_size : 0;
    return send(socket, &message);
}

long sys_sendmsg(int fd, uint64_t at, int flags)
{
    long status;
    struct socket *socket = socket_hold(fd, &status);

    return socket ? socket_let_go(socket, send_one(socket, at, flags)) : status;
}

long sys_sendmmsg(int fd, uint64_t at, unsigned count, int flags)
{
    long status = 0;
    struct socket *socket = socket_hold(fd, &status);
    unsigned sent = 0;

    if (!socket)
        return status;
    if (count > VECTORS_MAX)
        count = VECTORS_MAX;
    for (; sent < count && status >= 0; at += sizeof(struct many)) {
        status = send_one(socket, at, flags | MSG_BATCH);
        if (status >= 0 && copy_to(at + offsetof(struct many, length), &status, 4) < 0)
            status = -EFAULT;
        sent += status >= 0;
    }
    net_flush();
    return socket_let_go(socket, sent ? sent : status);
}

/* What came with it, into the program's struct msghdr. */
static long write_header(struct socket *socket, const struct message *message,
                         const struct header *header, uint64_t at)
{
    if (header->name &&
        write_from(socket, message, header->name, at + offsetof(struct header, name_size)) < 0)
        return -EFAULT;
    if (copy_to(at + offsetof(struct header, flags), &message->outcome, 4) < 0)
        return -EFAULT;
    return copy_to(at + offsetof(struct header, control_size), &message->control_used, 8);
}

static long receive_one(struct socket *socket, uint64_t at, int flags)
{
    struct message message = {.flags = flags};
    struct header header;
    long status = read_header(&header, at), done;

    if (status == 0)
        status = cursor_over(&message.data, header.vectors, header.count);
    if (status < 0)
        return status;
    message.control = header.control;
    message.control_room = header.control ? header.control_size : 0;
    done = receive(socket, &message);
    if (done < 0)
        return done;
    status = write_header(socket, &message, &header, at);
    return status < 0 ? status : done;
}

long sys_recvmsg(int fd, uint64_t at, int flags)
{
    long status;
    struct socket *socket = socket_hold(fd, &status);

    return socket ? socket_let_go(socket, receive_one(socket, at, flags)) : status;
}

/* As Linux does it, the time limit is looked at after each message only. */
static long receive_many(struct socket *socket, uint64_t at, unsigned count, int flags,
                         int64_t deadline)
{
    unsigned got = 0;
    long status = socket_error(socket);

    while (got < count && status >= 0) {
        status = receive_one(socket, at, flags & ~MSG_WAITFORONE);
        if (status >= 0 && copy_to(at + offsetof(struct many, length), &status, 4) < 0)
            status = -EFAULT;
        if (status < 0)
            break;
        got++;
        at += sizeof(struct many);
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (deadline != FOREVER && timer_now() >= deadline)
            break;
    }
    if (got && status < 0 && status != -EAGAIN && status != -ERESTARTSYS)
        socket->error = (int)-status; /* for the next call */
    return got ? got : status;
}

long sys_recvmmsg(int fd, uint64_t at, unsigned count, int flags, uint64_t timeout)
{
    int64_t deadline = FOREVER, left;
    struct socket *socket;
    struct timespec rest;
    long status = 0, got;

    if (timeout) {
        status = time_from(timeout, &left);
        if (status < 0)
            return status;
        deadline = time_after(left);
    }
    socket = socket_hold(fd, &status);
    if (!socket)
        return status;
    got = socket_let_go(socket, receive_many(socket, at, count, flags, deadline));
    if (!timeout || got <= 0)
        return got;
    left = deadline - timer_now();
    rest = time_of(left > 0 ? left : 0);
    return copy_to(timeout, &rest, sizeof rest) < 0 ? -EFAULT : got;
}

struct control {
    uint64_t size;
    int32_t level, type;
};

void message_control(struct message *message, int level, int type, const void *data, size_t size)
{
    struct control control = {sizeof control + size, level, type};
    uint64_t room = message->control_room - message->control_used;
    uint64_t at = message->control + message->control_used;

    if (room < sizeof control) {
        message->outcome |= MSG_CTRUNC;
        return;
    }
    if (room < control.size) {
        message->outcome |= MSG_CTRUNC;
        control.size = room;
    }
    if (copy_to(at, &control, sizeof control) < 0 ||
        copy_to(at + sizeof control, data, control.size - sizeof control) < 0)
        return;
    size = (control.size + 7) & ~7ul;
    message->control_used += size < room ? size : room;
}

/* From a file to a socket. To anything else: -EINVAL, as Linux says of some of its files, after
 * which callers copy by themselves. */
static long send_from(struct socket *socket, struct inode *inode, int64_t *offset, uint64_t size)
{
    struct message message = {.wait = socket_waits(socket, 0)};
    uint64_t there = (uint64_t)*offset < inode->size ? inode->size - (uint64_t)*offset : 0;
    long done;

    if (size > there)
        size = there;
    if (!size)
        return 0;
    cursor_in(&message.data, inode, (uint64_t)*offset, size < TRANSFER_MAX ? size : TRANSFER_MAX);
    done = socket->ops->send(socket, &message);
    if (done > 0)
        *offset += done;
    return done;
}

long sys_sendfile(int out, int in, uint64_t offset_at, uint64_t size)
{
    struct file *source = file_at(in), *target = file_at(out);
    struct socket *socket;
    int64_t offset;
    long status, done;

    if (!source || (source->flags & O_ACCMODE) == O_WRONLY || source->flags & O_PATH || !target ||
        !(target->flags & O_ACCMODE))
        return -EBADF;
    if (offset_at && !source->ops->seekable)
        return -ESPIPE;
    offset = (int64_t)source->offset;
    if (offset_at && copy_from(&offset, offset_at, sizeof offset) < 0)
        return -EFAULT;
    socket = socket_of(target, &status);
    if (!socket || source->ops != &regular_ops || offset < 0 || (int64_t)size < 0)
        return -EINVAL;
    file_hold(source);
    file_hold(target);
    done = send_from(socket, source->inode, &offset, size);
    if (!offset_at)
        source->offset = (uint64_t)offset;
    file_release(target);
    file_release(source);
    if (offset_at && copy_to(offset_at, &offset, sizeof offset) < 0)
        return -EFAULT;
    return done;
}
