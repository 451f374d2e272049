/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TCP sockets over lwIP's pcbs. A pcb comes when it is first needed, may end before its socket (the
 * peer resets it) or long after it (data that is still to be acknowledged, TIME_WAIT); the stream
 * is there as long as either.
 */
#ifndef PITH_STREAM_H
#define PITH_STREAM_H

#include "socket/socket.h"
#include "virtio/nic.h"
#include <lwip/priv/tcp_priv.h>

/* Bytes that were sent and are not yet acknowledged, or are to be sent. */
struct chunk {
    struct chunk *next;
    char *bytes;
    uint32_t capacity, filled;
    uint32_t written;      /* of these, given to lwIP */
    uint32_t acknowledged; /* of those */
    unsigned pages;        /* a power of two, unless they are the program's */
    bool lent;             /* they are: memory/lend.h */
    struct nic_lease lease;
};

struct stream {
    struct socket socket;
    struct tcp_pcb *pcb; /* NULL: none yet, or gone */
    bool closed;         /* no descriptor any more: ends with its pcb */
    bool established;    /* it was once */
    bool ended;          /* the peer sends no more */
    bool finishing;      /* what is to be sent is all, and then the end */
    bool finished;       /* lwIP knows that */
    bool no_space;       /* somebody was told so, and is to be told when there is some */
    bool bound;          /* by bind(), so that the port stays with the socket */
    struct endpoint local, remote;
    uint16_t mss; /* that the peer agreed to; the pcb's may be larger: see segments.h */

    /* Received: a list of single pbufs by their `next`, without regard to packets. The chains of
     * lwIP could not be as long: their length has 16 bits. */
    struct pbuf *first, *last;
    uint32_t consumed; /* bytes of the first */
    uint32_t held;     /* bytes in all */
    uint32_t received; /* bytes ever */
    uint32_t owed;     /* received since the last ACK that was asked for */
    uint32_t credit;   /* read, but not yet said to lwIP, who then opens the window */

    struct chunk *oldest, *newest;
    uint32_t queued;    /* bytes in all chunks that are not acknowledged */
    uint32_t unwritten; /* of these, not given to lwIP */
    uint32_t send_limit;
    uint32_t sent_again; /* packets, for TCP_INFO */

    /* A listener's: connections to accept. */
    struct list waiting;
    unsigned waiting_count, backlog;
    struct list link; /* in that list */
};

static inline struct stream *stream_of(struct socket *socket)
{
    return (struct stream *)socket;
}

/* TIME_WAIT is the pcb's affair only. */
static inline enum tcp_state stream_state(const struct stream *stream)
{
    return !stream->pcb || stream->pcb->state == TIME_WAIT ? CLOSED : stream->pcb->state;
}

static inline bool stream_open(const struct stream *stream)
{
    enum tcp_state state = stream_state(stream);

    return state == ESTABLISHED || state == CLOSE_WAIT;
}

/* -errno for what lwIP says. */
long stream_status(err_t error);

/* Have lwIP say when the pcb goes, however it ends: stream_gone() is its callback for that. */
void stream_watch(struct stream *stream, struct tcp_pcb *pcb,
                  const struct tcp_ext_arg_callbacks *callbacks);
void stream_gone(uint8_t id, void *stream);
/* A stream of its own for `pcb`, which has its callbacks afterwards. */
void stream_adopt(struct stream *stream, struct tcp_pcb *pcb);
/* A pcb that is bound as the socket is. 0, -EADDRINUSE, -ENOBUFS. */
long stream_need_pcb(struct stream *stream);
/* Its pcb ends now: with a reset where there is a peer. */
void stream_abort(struct stream *stream);

/* stream_receive.c */
long stream_receive(struct socket *socket, struct message *message);
/* lwIP's callback: data, or the end. */
err_t stream_received(void *arg, struct tcp_pcb *pcb, struct pbuf *pbuf, err_t error);
void stream_drop_received(struct stream *stream);
/* For the NIC (nic.place): where in a page a frame begins, if all goes on as it did, when its data
 * are to lie in their pages as they will in the program's. */
unsigned stream_place(unsigned ahead);

/* stream_send.c */
long stream_send(struct socket *socket, struct message *message);
err_t stream_sent(void *arg, struct tcp_pcb *pcb, u16_t size);
err_t stream_tick(void *arg, struct tcp_pcb *pcb);
/* Give lwIP what may go: all of it, all as Nagle's algorithm has it, or, as more follows, whole
 * segments. */
enum urge { NOW, AS_NAGLE_SAYS, WITH_MORE };
void stream_push(struct stream *stream, enum urge urge);
/* Send what there is, and then the end. */
void stream_finish(struct stream *stream);
void stream_drop_unsent(struct stream *stream);
bool stream_writable(const struct stream *stream);

/* stream_listen.c */
long stream_listen(struct socket *socket, int backlog);
long stream_accept(struct socket *socket, bool wait, struct socket **out);
void stream_stop_listening(struct stream *stream);

/* stream_options.c */
void stream_begin(struct socket *socket);
long stream_option_changed(struct socket *socket, enum option option, int value);
long stream_set_option(struct socket *socket, int level, int name, uint64_t at, int size);
long stream_get_option(struct socket *socket, int level, int name, void *out);
void stream_apply_options(struct stream *stream);

#endif
