/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets: what all kinds have in common, and what a kind implements. The kinds are TCP
 * (stream*.c), UDP and raw IP (datagram.c, udp.c, raw.c) and pairs of AF_UNIX (pair.c).
 */
#ifndef PITH_SOCKET_H
#define PITH_SOCKET_H

#include "linux/cursor.h"
#include "linux/file.h"
#include <lwip/ip_addr.h>

enum { AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_MAX = 46 };
enum { SOCK_STREAM = 1, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_MAX = 11 };
enum { IPPROTO_IP = 0, IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_IPV6 = 41 };
enum { IPPROTO_ICMPV6 = 58, IPPROTO_RAW = 255, IPPROTO_MPTCP = 262, IPPROTO_MAX = 263 };
enum { SOL_SOCKET = 1 };
enum { SHUT_RD = 1, SHUT_WR = 2, SHUT_RDWR = 3 }; /* as bits: the program's number and one */
enum {
    MSG_OOB = 0x1,
    MSG_PEEK = 0x2,
    MSG_CTRUNC = 0x8,
    MSG_TRUNC = 0x20,
    MSG_DONTWAIT = 0x40,
    MSG_WAITALL = 0x100,
    MSG_ERRQUEUE = 0x2000,
    MSG_NOSIGNAL = 0x4000,
    MSG_MORE = 0x8000,
    MSG_WAITFORONE = 0x10000,
    MSG_BATCH = 0x40000, /* ours: more messages follow, and are to go together */
};

struct endpoint {
    ip_addr_t ip;
    uint16_t port; /* in the host's byte order */
};

struct address_bytes;

/* One send or receive. */
struct message {
    struct cursor data;
    int flags;                      /* MSG_* */
    bool wait;                      /* neither the file's flags nor these say not to */
    const struct address_bytes *to; /* of a send; NULL: not given */
    uint64_t control, control_room; /* control messages, or room for them */
    /* Of a receive: who sent it, MSG_* for the caller. */
    struct endpoint from;
    bool has_from;
    int outcome;
    uint64_t control_used;
};

/* Options that are a number. What setsockopt() sets is kept here even if it has no effect. */
enum option {
    NO_OPTION,
    OPTION_DEBUG,
    OPTION_REUSE_ADDRESS,
    OPTION_DONT_ROUTE,
    OPTION_BROADCAST,
    OPTION_SEND_BUFFER,
    OPTION_RECEIVE_BUFFER,
    OPTION_KEEP_ALIVE,
    OPTION_OOB_INLINE,
    OPTION_NO_CHECK,
    OPTION_PRIORITY,
    OPTION_REUSE_PORT,
    OPTION_PASS_CREDENTIALS,
    OPTION_RECEIVE_LOW,
    OPTION_TIMESTAMP,
    OPTION_TIMESTAMP_NS,
    OPTION_MARK,
    OPTION_RXQ_OVERFLOW,
    OPTION_BUSY_POLL,
    OPTION_INCOMING_CPU,
    OPTION_ZERO_COPY,
    OPTION_LINGER,      /* on */
    OPTION_LINGER_TIME, /* s */
    OPTION_NO_DELAY,
    OPTION_MAX_SEGMENT,
    OPTION_CORK,
    OPTION_KEEP_IDLE,
    OPTION_KEEP_INTERVAL,
    OPTION_KEEP_COUNT,
    OPTION_SYN_COUNT,
    OPTION_LINGER2,
    OPTION_DEFER_ACCEPT,
    OPTION_WINDOW_CLAMP,
    OPTION_QUICK_ACK,
    OPTION_USER_TIMEOUT,
    OPTION_FAST_OPEN,
    OPTION_NOT_SENT_LOW,
    OPTION_TOS,
    OPTION_TTL,
    OPTION_MTU_DISCOVER,
    OPTION_RECEIVE_ERROR,
    OPTION_FREE_BIND,
    OPTION_BIND_NO_PORT,
    OPTION_PACKET_INFO,
    OPTION_RECEIVE_TOS,
    OPTION_RECEIVE_TTL,
    OPTION_TRANSPARENT,
    OPTION_HEADER_INCLUDED,
    OPTION_MULTICAST_TTL,
    OPTION_MULTICAST_LOOP,
    OPTION_V6_ONLY,
    OPTION_V6_HOPS,
    OPTION_V6_CLASS,
    OPTION_V6_PACKET_INFO,
    OPTION_V6_RECEIVE_HOPS,
    OPTION_V6_RECEIVE_CLASS,
    OPTION_V6_RECEIVE_ERROR,
    OPTION_V6_MTU_DISCOVER,
    OPTION_V6_MULTICAST_HOPS,
    OPTION_V6_MULTICAST_LOOP,
    OPTIONS
};

enum whose { OWN, PEER, PEER_EVEN_GONE };
enum connection { UNCONNECTED, CONNECTING, CONNECTED };

struct socket {
    const struct socket_ops *ops;
    struct file *file; /* NULL before it is accepted and after its end */
    uint16_t family, type, protocol;
    uint8_t connection;                    /* enum connection: what the program was told of it */
    uint8_t shut;                          /* SHUT_*: what it must not do any more */
    int error;                             /* for SO_ERROR or the next call */
    struct list reading, writing;          /* who waits */
    int64_t receive_timeout, send_timeout; /* ns, or FOREVER */
    int options[OPTIONS];
};

/* bind, listen and accept may be absent: EOPNOTSUPP. Results are 0 or more, or -errno. */
struct socket_ops {
    size_t size; /* of the kind's struct, which begins with struct socket */
    void (*begin)(struct socket *socket); /* after the common part; the rest is cleared */
    long (*bind)(struct socket *socket, const struct endpoint *to);
    long (*connect)(struct socket *socket, const struct address_bytes *to, bool wait);
    long (*listen)(struct socket *socket, int backlog);
    long (*accept)(struct socket *socket, bool wait, struct socket **out);
    long (*send)(struct socket *socket, struct message *message);
    long (*receive)(struct socket *socket, struct message *message);
    long (*shutdown)(struct socket *socket, int how);
    long (*name)(struct socket *socket, enum whose whose, struct endpoint *out);
    unsigned (*poll)(struct socket *socket);
    long (*held)(struct socket *socket);   /* FIONREAD */
    long (*unsent)(struct socket *socket); /* SIOCOUTQ; absent: ENOTTY's cousin EINVAL */
    /* An option has a new value, which may be refused; absent: nothing to do. */
    long (*changed)(struct socket *socket, enum option option, int value);
    /* Options that are no plain number, and those whose value the kind knows better: their size,
     * at most OPTION_SIZE, or -ENOPROTOOPT. Absent: none. */
    long (*set)(struct socket *socket, int level, int name, uint64_t at, int size);
    long (*get)(struct socket *socket, int level, int name, void *out);
    void (*release)(struct socket *socket); /* frees it, now or later */
};

extern const struct socket_ops stream_ops, datagram_ops, raw_ops, pair_ops;

extern const struct net_hooks socket_hooks; /* for net_init() */

/* A new one of the kind: cleared, with its options as Linux has them. NULL: no memory. */
struct socket *socket_make(const struct socket_ops *ops, int family, int type, int protocol);
/* A descriptor for it; `flags` are O_NONBLOCK and O_CLOEXEC. Where there is none, the socket is
 * released: -EMFILE, -ENFILE. */
long socket_install(struct socket *socket, int flags);
/* The socket that is this file; NULL with -EBADF or -ENOTSOCK in *status. */
struct socket *socket_of(struct file *file, long *status);
/* The same by descriptor. It stays, whatever other threads close, until socket_let_go(), which
 * returns `result`. */
struct socket *socket_hold(int fd, long *status);
long socket_let_go(struct socket *socket, long result);

/* Whether a call with these MSG_* waits. */
bool socket_waits(const struct socket *socket, int flags);
/* Wait in `queue` until it is woken: 0, -EAGAIN after `deadline`, -EINTR or -ERESTARTSYS. */
long socket_wait(struct list *queue, int64_t deadline);
int64_t socket_deadline(int64_t timeout);

/* There is something to receive, or room to send, or one of the many things that concern both. */
void socket_readable(struct socket *socket);
void socket_writable(struct socket *socket);
void socket_changed(struct socket *socket);
/* The same with an error. */
void socket_fail(struct socket *socket, int error);

/* -error, once; 0 when there is none. */
long socket_error(struct socket *socket);
/* What a send gives on a socket that must not: the error there is or -EPIPE, with SIGPIPE unless
 * the flags say not. */
long socket_broken(struct socket *socket, int flags);

/* sockaddr.c: struct sockaddr between the program and us. */
#define ADDRESS_SIZE 128
struct address_bytes {
    uint8_t bytes[ADDRESS_SIZE];
    int size;
};
/* 0, -EFAULT, or -EINVAL for a size that no address has. */
long address_read(struct address_bytes *out, uint64_t at, int size);
/* Whether its family is AF_UNSPEC. */
bool address_is_none(const struct address_bytes *bytes);
/* As the socket's family reads it; with `either`, one of IPv6 reads IPv4's too. 0, -EINVAL,
 * -EAFNOSUPPORT. */
long address_decode(const struct socket *socket, const struct address_bytes *bytes, bool either,
                    struct endpoint *out);
/* As the socket's family writes it; at `size_at` is how much room there is, then how long it is. */
long address_write(const struct socket *socket, const struct endpoint *from, uint64_t at,
                   uint64_t size_at);
/* Into `out`, of ADDRESS_SIZE bytes; its length. */
int address_encode(const struct socket *socket, const struct endpoint *from, uint8_t *out);

/* options.c */
#define OPTION_SIZE 256
void options_begin(struct socket *socket);

/* pair.c: whether AF_UNIX has this type and protocol; SOCK_RAW is another name of one. */
long pair_kind(int *type, int protocol);

/* ioctl.c */
long socket_bind_to_device(struct socket *socket, uint64_t at, int size);
long socket_ioctl(struct file *file, uint64_t request, uint64_t argument);

/* Append a control message where the caller has room for it, else note that it was cut. */
void message_control(struct message *message, int level, int type, const void *data, size_t size);

#endif
