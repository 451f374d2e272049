/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP sockets: receiving. */
#include "lib/errno.h"
#include "memory/parcel.h"
#include "net/guard.h"
#include "net/net.h"
#include "socket/stream.h"

#define MUCH 16384 /* bytes: a call that got as many looks whether more has come meanwhile */
#define SMALL 512  /* bytes: worth copying to where others of the kind are */
#define BUCKET 4000
#define OWED 131072 /* bytes */

/*
 * Data that lie in their pages as the program wants them need not be copied (memory/parcel.h). So
 * they should begin at the right place, which is to be foreseen when the NIC gets the buffer: a
 * connection that moves much has segments of one size, and its program reads into one buffer again
 * and again. Of the last such connection:
 */
static struct {
    const struct stream *stream;
    uint32_t next;    /* where in the stream the next frame's data begin, */
    uint32_t skew;    /* how much further that is in the program's pages, */
    uint32_t size;    /* how much there is in a frame, as a rule; 0: none was seen */
    uint32_t last;    /* and in the last one */
    unsigned headers; /* before it */
} foreseen;

unsigned stream_place(unsigned ahead)
{
    uint32_t data = foreseen.next + foreseen.skew + ahead * foreseen.size;

    return foreseen.size ? (data - foreseen.headers) % PAGE : 0;
}

/* A large frame of `size` bytes has come. */
static void foresee(const struct stream *stream, const struct pbuf *pbuf, u16_t size)
{
    if (size < MUCH || !nic_parcel(pbuf, &foreseen.headers))
        return;
    if (stream != foreseen.stream)
        foreseen.size = 0;
    foreseen.stream = stream;
    if (size == foreseen.last)
        foreseen.size = size;
    foreseen.last = size;
    foreseen.next = stream->received;
}

static void append(struct stream *stream, struct pbuf *pbuf)
{
    if (stream->last)
        stream->last->next = pbuf;
    else
        stream->first = pbuf;
    while (pbuf->next)
        pbuf = pbuf->next;
    stream->last = pbuf;
}

/*
 * Small packets that nobody reads are put together, since each takes up a block of memory many
 * times its size, and the window counts but the bytes. A lone one stays as it is. They go to a
 * bucket: a pbuf with a `tot_len` of what it can hold.
 */
static bool put_together(struct stream *stream, struct pbuf *pbuf)
{
    struct pbuf *bucket = stream->last;

    if (!bucket || pbuf->tot_len > SMALL)
        return false;
    if (pbuf->tot_len > bucket->tot_len - bucket->len) {
        if (bucket->len > SMALL)
            return false;
        bucket = pbuf_alloc(PBUF_RAW, BUCKET, PBUF_RAM);
        if (!bucket)
            return false;
        bucket->len = 0;
        append(stream, bucket);
    }
    pbuf_copy_partial(pbuf, (char *)bucket->payload + bucket->len, pbuf->tot_len, 0);
    bucket->len = (u16_t)(bucket->len + pbuf->tot_len);
    pbuf_free(pbuf);
    return true;
}

/*
 * lwIP acknowledges every other packet at once, however many of the peer's each one was. What
 * counts are bytes: while the program is busy reading, one ACK for OWED of them is enough, and each
 * is work for three parties. net_owe() sees to it that none is late for that.
 */
static void acknowledge(struct stream *stream, struct tcp_pcb *pcb, u16_t size)
{
    if (size <= 2 * TCP_MSS)
        return;
    stream->owed += size;
    if (stream->owed >= OWED) {
        stream->owed = 0;
        tcp_ack_now(pcb);
    } else {
        tcp_clear_flags(pcb, TF_ACK_NOW);
        tcp_set_flags(pcb, TF_ACK_DELAY);
        net_owe();
    }
}

err_t stream_received(void *arg, struct tcp_pcb *pcb, struct pbuf *pbuf, err_t error)
{
    struct stream *stream = arg;
    u16_t size = pbuf ? pbuf->tot_len : 0;

    (void)error;
    if (!pbuf) {
        stream->ended = true;
    } else if (stream->closed || (stream->finishing && stream->socket.shut == SHUT_RDWR)) {
        pbuf_free(pbuf);
        stream_abort(stream); /* nobody will ever read it, and the peer is to know */
        return ERR_ABRT;
    } else {
        stream->held += size;
        stream->received += size;
        foresee(stream, pbuf, size);
        if (!put_together(stream, pbuf))
            append(stream, pbuf);
    }
    acknowledge(stream, pcb, size);
    if (pbuf)
        socket_readable(&stream->socket);
    else
        socket_changed(&stream->socket);
    return ERR_OK;
}

static void drop_first(struct stream *stream)
{
    struct pbuf *first = stream->first;

    stream->first = first->next;
    if (!stream->first)
        stream->last = NULL;
    stream->consumed = 0;
    first->next = NULL;
    pbuf_free(first);
}

void stream_drop_received(struct stream *stream)
{
    while (stream->first)
        drop_first(stream);
    stream->held = 0;
}

static long copy_out(struct cursor *data, const char *from, size_t size, int flags)
{
    return flags & MSG_TRUNC ? cursor_skip(data, size) : cursor_write(data, from, size);
}

/* Move `size` bytes of the first pbuf, from `from` on, to where `data` is: the pages themselves
 * where they fit, of what is around them a copy. */
static long move_out(struct stream *stream, struct cursor *data, char *from, size_t size)
{
    size_t before = -(size_t)from % PAGE, flipped;
    struct parcel *parcel;
    unsigned begins;
    uint64_t at;

    if (size < MUCH || cursor_piece(data, &at) < (long)size)
        return cursor_write(data, from, size);
    parcel = nic_parcel(stream->first, &begins);
    foreseen.skew = (uint32_t)at - (stream->received - stream->held);
    if (!parcel || (at - (uint64_t)from) % PAGE)
        return cursor_write(data, from, size);
    if (cursor_write(data, from, before) < 0)
        return -EFAULT;
    flipped = parcel_flip(parcel, at + before, from + before, size - before);
    cursor_skip(data, flipped);
    return cursor_write(data, from + before + flipped, size - before - flipped);
}

/* Without taking: what lies from `skip` on. Bytes or -EFAULT. */
static long peek(struct stream *stream, struct message *message, size_t skip)
{
    size_t offset = stream->consumed + skip, done = 0;

    for (struct pbuf *pbuf = stream->first; pbuf && message->data.total; pbuf = pbuf->next) {
        size_t size;

        if (offset >= pbuf->len) {
            offset -= pbuf->len;
            continue;
        }
        size = pbuf->len - offset;
        if (size > message->data.total)
            size = message->data.total;
        if (copy_out(&message->data, (char *)pbuf->payload + offset, size, message->flags) < 0)
            return done ? (long)done : -EFAULT;
        done += size;
        offset = 0;
    }
    return (long)done;
}

static long take(struct stream *stream, struct message *message)
{
    size_t done = 0;

    while (stream->first && message->data.total) {
        struct pbuf *pbuf = stream->first;
        size_t size = pbuf->len - stream->consumed;
        char *from;

        if (size > message->data.total)
            size = message->data.total;
        from = (char *)pbuf->payload + stream->consumed;
        if ((message->flags & MSG_TRUNC ? cursor_skip(&message->data, size)
                                        : move_out(stream, &message->data, from, size)) < 0)
            return done ? (long)done : -EFAULT;
        done += size;
        stream->consumed += (uint32_t)size;
        stream->held -= (uint32_t)size;
        stream->credit += (uint32_t)size;
        if (stream->consumed == pbuf->len)
            drop_first(stream);
    }
    return (long)done;
}

/*
 * How much of the credit to give. A sender that reaches the end of the window cuts its segment
 * there, and all that come after it lie otherwise than was foreseen. So the window ends where a
 * segment would, and less than one MSS behind that, since it is told in units of 2^scale.
 */
static uint32_t whole_segments(const struct stream *stream)
{
    uint32_t edge = stream->received + stream->pcb->rcv_wnd + stream->credit;
    uint32_t over = edge - ((1u << TCP_RCV_SCALE) - 1) - foreseen.next;

    if (stream != foreseen.stream || !foreseen.size || net_tcp_window < 8 * foreseen.size)
        return stream->credit;
    over %= foreseen.size;
    return stream->credit > over ? stream->credit - over : 0;
}

/* Tell lwIP what was read, and so the peer when it is enough. */
static void give_credit(void *argument)
{
    struct stream *stream = argument;
    uint32_t rest = stream->credit - whole_segments(stream);

    guard_blames = stream->pcb;
    while (stream->credit > rest) {
        u16_t part = (u16_t)LWIP_MIN(stream->credit - rest, UINT16_MAX);

        tcp_recved(stream->pcb, part);
        stream->credit -= part;
    }
}

static void open_window(struct stream *stream)
{
    uint32_t edge;

    if (!stream->credit)
        return;
    if (stream_state(stream) < ESTABLISHED) {
        stream->credit = 0;
        return;
    }
    edge = stream->pcb->rcv_ann_right_edge;
    if (guard(give_credit, stream) && stream->pcb->rcv_ann_right_edge != edge)
        net_flush();
}

/* Why there will be nothing to receive: 1 when there may be, 0 at the end, -errno. */
static long why_nothing(struct stream *stream)
{
    struct socket *socket = &stream->socket;

    if (stream->ended)
        return 0;
    if (socket->error)
        return socket_error(socket);
    if (socket->shut & SHUT_RD)
        return 0;
    return stream_state(stream) == CLOSED ? -ENOTCONN : 1;
}

/* Wait for more than `there` bytes. Less than 0 when it gave up. */
static long await(struct stream *stream, bool wait, size_t there, int64_t deadline)
{
    const struct socket *socket = &stream->socket;

    open_window(stream);
    net_poll();
    if (stream->held > there || stream->ended || socket->shut & SHUT_RD || socket->error)
        return 0;
    return wait ? socket_wait(&stream->socket.reading, deadline) : -EAGAIN;
}

/* Whether a call that has received `done` bytes, which are enough, takes a look at what has come
 * meanwhile. */
static bool goes_on(struct stream *stream, const struct message *message, size_t done)
{
    if (done < MUCH || !message->data.total || message->flags & MSG_PEEK)
        return false;
    open_window(stream);
    net_poll();
    return stream->held;
}

long stream_receive(struct socket *socket, struct message *message)
{
    struct stream *stream = stream_of(socket);
    int64_t deadline = socket_deadline(socket->receive_timeout);
    size_t least = (size_t)socket->options[OPTION_RECEIVE_LOW], done = 0;
    bool peeking = message->flags & MSG_PEEK;
    long status = 0, part;

    if (stream_state(stream) == LISTEN)
        return -ENOTCONN;
    if (message->flags & MSG_OOB)
        return -EINVAL;
    if (message->flags & MSG_WAITALL || least > message->data.total)
        least = message->data.total;
    while (status == 0) {
        part = peeking ? peek(stream, message, done) : take(stream, message);
        if (part < 0) {
            status = part;
            break;
        }
        done += (size_t)part;
        if (!message->data.total && (done || stream->held))
            break;
        if (done && done >= least) {
            if (!goes_on(stream, message, done))
                break;
            continue;
        }
        if (done && (stream->ended || socket->error || socket->shut & SHUT_RD))
            break;
        status = why_nothing(stream);
        if (status <= 0)
            break;
        status = await(stream, message->wait, peeking ? done : 0, deadline);
    }
    open_window(stream);
    return done ? (long)done : status;
}
