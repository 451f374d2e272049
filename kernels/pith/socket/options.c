/* SPDX-License-Identifier: GPL-3.0-or-later */
/* setsockopt and getsockopt (socket(7), tcp(7), ip(7), ipv6(7)). Most options are a number with
 * limits: a table says which. */
#include "lib/errno.h"
#include "linux/calls.h"
#include "memory/copy.h"
#include "socket/socket.h"

#define SECOND 1000000000ll
#define BUFFER_LIMIT 212992 /* net.core.wmem_max, rmem_max, and what UDP begins with */
#define LEAST_SEND_BUFFER 4608
#define LEAST_RECEIVE_BUFFER 2304
#define ANY INT32_MIN, INT32_MAX

enum kind {
    FLAG,    /* 0 or 1 */
    NUMBER,  /* within its limits, else -EINVAL */
    DEFAULT, /* the same, or -1 for what it was at first */
};

static const struct row {
    int level, name;
    enum option option;
    enum kind kind;
    int least, most, initial;
} rows[] = {
    {SOL_SOCKET, 1, OPTION_DEBUG, FLAG, ANY, 0},
    {SOL_SOCKET, 2, OPTION_REUSE_ADDRESS, FLAG, ANY, 0},
    {SOL_SOCKET, 5, OPTION_DONT_ROUTE, FLAG, ANY, 0},
    {SOL_SOCKET, 6, OPTION_BROADCAST, FLAG, ANY, 0},
    {SOL_SOCKET, 7, OPTION_SEND_BUFFER, NUMBER, ANY, BUFFER_LIMIT},
    {SOL_SOCKET, 8, OPTION_RECEIVE_BUFFER, NUMBER, ANY, BUFFER_LIMIT},
    {SOL_SOCKET, 9, OPTION_KEEP_ALIVE, FLAG, ANY, 0},
    {SOL_SOCKET, 10, OPTION_OOB_INLINE, FLAG, ANY, 0},
    {SOL_SOCKET, 11, OPTION_NO_CHECK, FLAG, ANY, 0},
    {SOL_SOCKET, 12, OPTION_PRIORITY, NUMBER, ANY, 0},
    {SOL_SOCKET, 15, OPTION_REUSE_PORT, FLAG, ANY, 0},
    {SOL_SOCKET, 16, OPTION_PASS_CREDENTIALS, FLAG, ANY, 0},
    {SOL_SOCKET, 18, OPTION_RECEIVE_LOW, NUMBER, ANY, 1},
    {SOL_SOCKET, 29, OPTION_TIMESTAMP, FLAG, ANY, 0},
    {SOL_SOCKET, 35, OPTION_TIMESTAMP_NS, FLAG, ANY, 0},
    {SOL_SOCKET, 36, OPTION_MARK, NUMBER, ANY, 0},
    {SOL_SOCKET, 40, OPTION_RXQ_OVERFLOW, FLAG, ANY, 0},
    {SOL_SOCKET, 46, OPTION_BUSY_POLL, NUMBER, 0, INT32_MAX, 0},
    {SOL_SOCKET, 49, OPTION_INCOMING_CPU, NUMBER, ANY, 0},
    {SOL_SOCKET, 60, OPTION_ZERO_COPY, NUMBER, 0, 1, 0},
    {IPPROTO_TCP, 1, OPTION_NO_DELAY, FLAG, ANY, 0},
    {IPPROTO_TCP, 2, OPTION_MAX_SEGMENT, NUMBER, 0, 32767, 0},
    {IPPROTO_TCP, 3, OPTION_CORK, FLAG, ANY, 0},
    {IPPROTO_TCP, 4, OPTION_KEEP_IDLE, NUMBER, 1, 32767, 7200},
    {IPPROTO_TCP, 5, OPTION_KEEP_INTERVAL, NUMBER, 1, 32767, 75},
    {IPPROTO_TCP, 6, OPTION_KEEP_COUNT, NUMBER, 1, 127, 9},
    {IPPROTO_TCP, 7, OPTION_SYN_COUNT, NUMBER, 1, 127, 6},
    {IPPROTO_TCP, 8, OPTION_LINGER2, NUMBER, ANY, 60},
    {IPPROTO_TCP, 9, OPTION_DEFER_ACCEPT, NUMBER, ANY, 0},
    {IPPROTO_TCP, 10, OPTION_WINDOW_CLAMP, NUMBER, 0, INT32_MAX, 0},
    {IPPROTO_TCP, 12, OPTION_QUICK_ACK, FLAG, ANY, 1},
    {IPPROTO_TCP, 18, OPTION_USER_TIMEOUT, NUMBER, 0, INT32_MAX, 0},
    {IPPROTO_TCP, 23, OPTION_FAST_OPEN, NUMBER, 0, INT32_MAX, 0},
    {IPPROTO_TCP, 25, OPTION_NOT_SENT_LOW, NUMBER, ANY, 0},
    {IPPROTO_IP, 1, OPTION_TOS, NUMBER, ANY, 0},
    {IPPROTO_IP, 2, OPTION_TTL, DEFAULT, 1, 255, 64},
    {IPPROTO_IP, 3, OPTION_HEADER_INCLUDED, FLAG, ANY, 0},
    {IPPROTO_IP, 8, OPTION_PACKET_INFO, FLAG, ANY, 0},
    {IPPROTO_IP, 10, OPTION_MTU_DISCOVER, NUMBER, 0, 5, 1},
    {IPPROTO_IP, 11, OPTION_RECEIVE_ERROR, FLAG, ANY, 0},
    {IPPROTO_IP, 12, OPTION_RECEIVE_TTL, FLAG, ANY, 0},
    {IPPROTO_IP, 13, OPTION_RECEIVE_TOS, FLAG, ANY, 0},
    {IPPROTO_IP, 15, OPTION_FREE_BIND, FLAG, ANY, 0},
    {IPPROTO_IP, 19, OPTION_TRANSPARENT, FLAG, ANY, 0},
    {IPPROTO_IP, 24, OPTION_BIND_NO_PORT, FLAG, ANY, 0},
    {IPPROTO_IP, 33, OPTION_MULTICAST_TTL, DEFAULT, 0, 255, 1},
    {IPPROTO_IP, 34, OPTION_MULTICAST_LOOP, FLAG, ANY, 1},
    {IPPROTO_IPV6, 16, OPTION_V6_HOPS, DEFAULT, 0, 255, 64},
    {IPPROTO_IPV6, 18, OPTION_V6_MULTICAST_HOPS, DEFAULT, 0, 255, 1},
    {IPPROTO_IPV6, 19, OPTION_V6_MULTICAST_LOOP, NUMBER, 0, 1, 1},
    {IPPROTO_IPV6, 23, OPTION_V6_MTU_DISCOVER, NUMBER, 0, 5, 1},
    {IPPROTO_IPV6, 25, OPTION_V6_RECEIVE_ERROR, FLAG, ANY, 0},
    {IPPROTO_IPV6, 26, OPTION_V6_ONLY, FLAG, ANY, 0},
    {IPPROTO_IPV6, 49, OPTION_V6_PACKET_INFO, FLAG, ANY, 0},
    {IPPROTO_IPV6, 51, OPTION_V6_RECEIVE_HOPS, FLAG, ANY, 0},
    {IPPROTO_IPV6, 66, OPTION_V6_RECEIVE_CLASS, FLAG, ANY, 0},
    {IPPROTO_IPV6, 67, OPTION_V6_CLASS, DEFAULT, 0, 255, 0},
};

enum { /* of SOL_SOCKET, and no plain number or not to be set */
       SO_TYPE = 3,
       SO_ERROR = 4,
       SO_LINGER = 13,
       SO_PEERCRED = 17,
       SO_SNDLOWAT = 19,
       SO_RCVTIMEO = 20,
       SO_SNDTIMEO = 21,
       SO_BINDTODEVICE = 25,
       SO_ACCEPTCONN = 30,
       SO_SNDBUFFORCE = 32,
       SO_RCVBUFFORCE = 33,
       SO_PROTOCOL = 38,
       SO_DOMAIN = 39,
       SO_RCVTIMEO_NEW = 66,
       SO_SNDTIMEO_NEW = 67,
};

void options_begin(struct socket *socket)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        socket->options[rows[i].option] = rows[i].initial;
}

static const struct row *find(const struct socket *socket, int level, int name)
{
    bool internet = socket->family != AF_UNIX;

    if ((level == IPPROTO_TCP && socket->ops != &stream_ops) ||
        (level == IPPROTO_IP && !internet) || (level == IPPROTO_IPV6 && socket->family != AF_INET6))
        return NULL;
    if (level == SOL_SOCKET && (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE))
        name -= SO_SNDBUFFORCE - 7;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].level == level && rows[i].name == name)
            return &rows[i];
    return NULL;
}

/* The number that is given; options of IP may also be a byte. */
static long read_number(int level, uint64_t at, int size, int *value)
{
    uint8_t byte;

    *value = 0;
    if (size >= (int)sizeof *value)
        return copy_from(value, at, sizeof *value);
    if (level != IPPROTO_IP)
        return -EINVAL;
    if (size < 1)
        return 0;
    if (copy_from(&byte, at, 1) < 0)
        return -EFAULT;
    *value = byte;
    return 0;
}

/* As Linux counts a buffer: twice what is asked for, for the kernel's own needs. */
static int buffer_size(int value, int least)
{
    value = value < 0 || value > BUFFER_LIMIT ? BUFFER_LIMIT : value;
    return 2 * value < least ? least : 2 * value;
}

static int kept_value(const struct row *row, int value)
{
    switch (row->option) {
    case OPTION_SEND_BUFFER:
        return buffer_size(value, LEAST_SEND_BUFFER);
    case OPTION_RECEIVE_BUFFER:
        return buffer_size(value, LEAST_RECEIVE_BUFFER);
    case OPTION_RECEIVE_LOW:
        return value < 0 ? INT32_MAX : value ? value : 1;
    default:
        return row->kind == FLAG ? value != 0 : value;
    }
}

static long set_number(struct socket *socket, const struct row *row, uint64_t at, int size)
{
    int value;
    long status = read_number(row->level, at, size, &value);

    if (status < 0)
        return status;
    if (row->kind == DEFAULT && value == -1)
        value = row->initial;
    else if (row->kind != FLAG && (value < row->least || value > row->most))
        return -EINVAL;
    value = kept_value(row, value);
    if (socket->ops->changed)
        status = socket->ops->changed(socket, row->option, value);
    if (status == 0)
        socket->options[row->option] = value;
    return status;
}

struct linger {
    int32_t on, seconds;
};

struct timeval {
    int64_t seconds, microseconds;
};

static long set_timeout(int64_t *timeout, uint64_t at, int size)
{
    struct timeval time;

    if (size < (int)sizeof time)
        return -EINVAL;
    if (copy_from(&time, at, sizeof time) < 0)
        return -EFAULT;
    if (time.microseconds < 0 || time.microseconds >= 1000000)
        return -EDOM;
    if (time.seconds < 0)
        *timeout = 0;
    else if ((!time.seconds && !time.microseconds) || time.seconds > FOREVER / SECOND - 1)
        *timeout = FOREVER;
    else
        *timeout = time.seconds * SECOND + time.microseconds * 1000;
    return 0;
}

static long set_linger(struct socket *socket, uint64_t at, int size)
{
    struct linger linger;

    if (size < (int)sizeof linger)
        return -EINVAL;
    if (copy_from(&linger, at, sizeof linger) < 0)
        return -EFAULT;
    socket->options[OPTION_LINGER] = linger.on != 0;
    socket->options[OPTION_LINGER_TIME] = linger.on ? linger.seconds : 0;
    return 0;
}

static long set_socket(struct socket *socket, int name, uint64_t at, int size)
{
    if (name != SO_BINDTODEVICE && size < (int)sizeof(int))
        return -EINVAL;
    switch (name) {
    case SO_LINGER:
        return set_linger(socket, at, size);
    case SO_RCVTIMEO:
    case SO_RCVTIMEO_NEW:
        return set_timeout(&socket->receive_timeout, at, size);
    case SO_SNDTIMEO:
    case SO_SNDTIMEO_NEW:
        return set_timeout(&socket->send_timeout, at, size);
    case SO_BINDTODEVICE:
        return socket_bind_to_device(socket, at, size);
    default:
        return -ENOPROTOOPT;
    }
}

long sys_setsockopt(int fd, int level, int name, uint64_t at, int size)
{
    const struct row *row;
    long status;
    struct socket *socket;

    if (size < 0)
        return -EINVAL;
    socket = socket_of(file_at(fd), &status);
    if (!socket)
        return status;
    row = find(socket, level, name);
    if (row)
        return set_number(socket, row, at, size);
    if (level == SOL_SOCKET)
        return set_socket(socket, name, at, size);
    return socket->ops->set ? socket->ops->set(socket, level, name, at, size) : -ENOPROTOOPT;
}

static struct timeval timeval_of(int64_t timeout)
{
    if (timeout == FOREVER)
        return (struct timeval){0, 0};
    return (struct timeval){timeout / SECOND, timeout % SECOND / 1000};
}

/* Into `out`, which has room for it; its size. */
static long get_socket(struct socket *socket, int name, void *out)
{
    struct linger linger = {socket->options[OPTION_LINGER], socket->options[OPTION_LINGER_TIME]};
    struct timeval time =
        timeval_of(name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW ? socket->receive_timeout
                                                                  : socket->send_timeout);
    static const int32_t root[3] = {1, 0, 0}; /* who the other end is: this one process */
    int value;

    switch (name) {
    case SO_TYPE:
        value = socket->type;
        break;
    case SO_ERROR:
        value = (int)-socket_error(socket);
        break;
    case SO_PROTOCOL:
        value = socket->protocol;
        break;
    case SO_DOMAIN:
        value = socket->family;
        break;
    case SO_SNDLOWAT:
        value = 1;
        break;
    case SO_ACCEPTCONN:
        value = 0;
        break;
    case SO_LINGER:
        memcpy(out, &linger, sizeof linger);
        return sizeof linger;
    case SO_PEERCRED:
        memcpy(out, root, sizeof root);
        return sizeof root;
    case SO_RCVTIMEO:
    case SO_SNDTIMEO:
    case SO_RCVTIMEO_NEW:
    case SO_SNDTIMEO_NEW:
        memcpy(out, &time, sizeof time);
        return sizeof time;
    default:
        return -ENOPROTOOPT;
    }
    memcpy(out, &value, sizeof value);
    return sizeof value;
}

/* Linux's IPv6 says ENOPROTOOPT of a level that is not its own, its IPv4 EOPNOTSUPP. */
static bool knows(const struct socket *socket, int level)
{
    return socket->family == AF_INET6 || level == IPPROTO_IP ||
           (level == IPPROTO_TCP && socket->ops == &stream_ops);
}

static long get(struct socket *socket, int level, int name, void *out)
{
    long size = socket->ops->get ? socket->ops->get(socket, level, name, out) : -ENOPROTOOPT;
    const struct row *row = size == -ENOPROTOOPT ? find(socket, level, name) : NULL;

    if (row) {
        memcpy(out, &socket->options[row->option], sizeof(int));
        return sizeof(int);
    }
    if (size != -ENOPROTOOPT)
        return size;
    if (level == SOL_SOCKET)
        return get_socket(socket, name, out);
    return knows(socket, level) ? size : -EOPNOTSUPP;
}

long sys_getsockopt(int fd, int level, int name, uint64_t at, uint64_t size_at)
{
    uint8_t value[OPTION_SIZE];
    long size;
    struct socket *socket = socket_of(file_at(fd), &size);
    int room, small;

    if (!socket)
        return size;
    if (copy_from(&room, size_at, sizeof room) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    size = get(socket, level, name, value);
    if (size < 0)
        return size;
    memcpy(&small, value, sizeof small);
    /* Where there is room for no number, IP gives it as a byte. */
    if (level == IPPROTO_IP && room > 0 && room < (int)sizeof small && small >= 0 && small < 256)
        room = 1;
    if (room > size)
        room = (int)size;
    return copy_to(at, value, (size_t)room) < 0 || copy_to(size_at, &room, sizeof room) < 0
               ? -EFAULT
               : 0;
}
