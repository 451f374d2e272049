/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TCP sockets: sending. The program's bytes are copied once, into chunks of pages from which lwIP
 * and the NIC then send; a chunk goes when all of it is acknowledged. Of large buffers the whole
 * pages become chunks themselves, without a copy, where that pays (memory/lend.h).
 *
 * Nagle's algorithm is done here, by keeping bytes back from lwIP, whose own counts segments by
 * pcb->mss: with large segments (segments.h) that is tens of KB, and what is smaller would wait for
 * an ACK though it fills many packets.
 */
#include "lib/errno.h"
#include "memory/copy.h"
#include "memory/heap.h"
#include "memory/lend.h"
#include "net/guard.h"
#include "net/net.h"
#include "net/segments.h"
#include "socket/stream.h"
#include "virtio/nic.h"

#define LARGEST_ORDER 4 /* 64 KB: one segment, or nearly */
#define SHARE 4         /* of all memory that chunks may take: one page in so many */
#define LEND_FROM 16384 /* bytes in one piece: fewer are copied */

static size_t pages_used;

static uint32_t room(const struct stream *stream)
{
    return stream->queued < stream->send_limit ? stream->send_limit - stream->queued : 0;
}

/* As with net_may_hold(). */
static bool may_use(const struct stream *stream, unsigned pages)
{
    size_t share = memory.total_pages / SHARE;

    return pages_used + (stream->queued / PAGE + pages) * NET_GREED <= share;
}

/* Whether there would be memory for another byte: whoever has nothing under way gets a page. */
static bool has_memory(const struct stream *stream)
{
    const struct chunk *newest = stream->newest;

    return !stream->queued || newest->filled < newest->capacity || may_use(stream, 1);
}

/* As Linux sees it: when a third is free. And when there is memory, or the program would be told
 * so, and then that it cannot send, time and again. */
bool stream_writable(const struct stream *stream)
{
    return room(stream) && room(stream) >= stream->queued / 2 && has_memory(stream);
}

/* Whoever has nothing under way gets a page though the others have taken their share. */
static void *take_pages(const struct stream *stream, unsigned order)
{
    bool first = !order && !stream->queued;

    return first || may_use(stream, 1u << order) ? pages_take(&memory, order) : NULL;
}

static void add_chunk(struct stream *stream, struct chunk *chunk)
{
    pages_used += chunk->pages;
    if (stream->newest)
        stream->newest->next = chunk;
    else
        stream->oldest = chunk;
    stream->newest = chunk;
}

/* As large as what is to be sent and what is under way suggest: a stream soon gets large ones, a
 * short answer takes one page. NULL: no memory. */
static struct chunk *make_chunk(struct stream *stream, size_t wanted)
{
    struct chunk *chunk = heap_take(sizeof *chunk);
    unsigned order = 0;

    if (wanted < stream->queued)
        wanted = stream->queued;
    while (order < LARGEST_ORDER && PAGE << order < wanted)
        order++;
    if (!chunk)
        return NULL;
    while (!(chunk->bytes = take_pages(stream, order)))
        if (!order--) {
            heap_give(chunk, sizeof *chunk);
            return NULL;
        }
    chunk->pages = 1u << order;
    chunk->capacity = (uint32_t)LWIP_MIN(PAGE << order, UINT16_MAX); /* what tcp_write() takes */
    if (chunk->capacity > stream->pcb->mss)
        chunk->capacity -= chunk->capacity % stream->pcb->mss; /* whole segments */
    add_chunk(stream, chunk);
    return chunk;
}

static void give_chunk(struct nic_lease *lease)
{
    struct chunk *chunk = LIST_OF(lease, struct chunk, lease);

    pages_used -= chunk->pages;
    if (chunk->lent)
        lend_return(chunk->bytes, chunk->pages);
    else
        pages_give(&memory, chunk->bytes, (unsigned)__builtin_ctz(chunk->pages));
    heap_give(chunk, sizeof *chunk);
}

static void drop_oldest(struct stream *stream)
{
    struct chunk *chunk = stream->oldest;

    stream->oldest = chunk->next;
    if (!stream->oldest)
        stream->newest = NULL;
    chunk->lease.done = give_chunk;
    nic_end_lease(&chunk->lease);
}

void stream_drop_unsent(struct stream *stream)
{
    while (stream->oldest)
        drop_oldest(stream);
    stream->queued = stream->unwritten = 0;
}

/* How many of the bytes that lwIP does not have it is to get. */
static uint32_t may_go(const struct stream *stream, enum urge urge)
{
    const int *options = stream->socket.options;
    uint32_t bytes = stream->unwritten;

    if (urge == NOW)
        return bytes;
    if (urge == WITH_MORE || options[OPTION_CORK])
        return bytes - bytes % stream->mss;
    if (options[OPTION_NO_DELAY] || bytes >= stream->mss || stream->queued == bytes)
        return bytes;
    return 0;
}

static void push(struct stream *stream, enum urge urge)
{
    struct chunk *chunk = stream->oldest;
    uint32_t bytes;

    if (!stream_open(stream) || stream->finished)
        return;
    guard_blames = stream->pcb;
    bytes = may_go(stream, urge);
    while (bytes) {
        uint32_t part;

        while (chunk->written == chunk->filled)
            chunk = chunk->next;
        part = LWIP_MIN(chunk->filled - chunk->written, bytes);
        if (segments_write(stream->pcb, chunk->bytes + chunk->written, (u16_t)part,
                           part < bytes ? TCP_WRITE_FLAG_MORE : 0) != ERR_OK)
            break; /* again with the next ACK, or tick */
        chunk->written += part;
        stream->unwritten -= part;
        bytes -= part;
    }
    tcp_output(stream->pcb);
}

struct pushing {
    struct stream *stream;
    enum urge urge;
};

static void push_guarded(void *argument)
{
    const struct pushing *pushing = argument;

    push(pushing->stream, pushing->urge);
}

void stream_push(struct stream *stream, enum urge urge)
{
    guard(push_guarded, &(struct pushing){stream, urge});
}

static void finish(void *argument)
{
    struct stream *stream = argument;
    struct tcp_pcb *pcb = stream->pcb;

    stream->finishing = true;
    push(stream, NOW);
    if (stream->unwritten)
        return;
    guard_blames = pcb;
    if (stream->closed) {
        /* lwIP resets where it has not been told that everything was read. All was, or the
         * connection would have been aborted. */
        pcb->rcv_wnd = TCP_WND_MAX(pcb);
        tcp_close(pcb);
    } else if (!stream->finished) {
        tcp_shutdown(pcb, 0, 1);
    }
    stream->finished = true;
}

void stream_finish(struct stream *stream)
{
    guard(finish, stream);
}

static void acknowledge(struct stream *stream, uint32_t size)
{
    while (size && stream->oldest) {
        struct chunk *chunk = stream->oldest;
        uint32_t part = LWIP_MIN(chunk->written - chunk->acknowledged, size);

        if (!part && chunk->written < chunk->filled)
            break;
        chunk->acknowledged += part;
        stream->queued -= part;
        size -= part;
        if (chunk->acknowledged == chunk->filled)
            drop_oldest(stream);
    }
}

/* There may be something to do that could not be done before. */
static void resume(struct stream *stream, enum urge urge)
{
    if (stream->finishing && !stream->finished)
        stream_finish(stream);
    else if (stream->unwritten)
        stream_push(stream, urge);
}

/* Whoever was told that there is none, once there is. */
static void tell_room(struct stream *stream)
{
    if (stream->closed || !stream->no_space || !stream_writable(stream))
        return;
    stream->no_space = false;
    socket_writable(&stream->socket);
}

err_t stream_sent(void *arg, struct tcp_pcb *pcb, u16_t size)
{
    struct stream *stream = arg;

    (void)pcb;
    acknowledge(stream, size);
    resume(stream, AS_NAGLE_SAYS);
    tell_room(stream);
    return ERR_OK;
}

/* Now and then: bytes that MSG_MORE or TCP_CORK kept back wait no longer, and what failed for want
 * of memory is tried again. */
err_t stream_tick(void *arg, struct tcp_pcb *pcb)
{
    struct stream *stream = arg;

    (void)pcb;
    resume(stream, NOW);
    tell_room(stream);
    if (!stream->closed)
        queue_wake(&stream->socket.writing, UINT32_MAX);
    return ERR_OK;
}

/* Until it is known whether there is a connection. */
static long await_connection(struct stream *stream, const struct message *message, int64_t deadline)
{
    long status = 0;

    while (status == 0 && stream_state(stream) == SYN_SENT)
        status = message->wait ? socket_wait(&stream->socket.writing, deadline) : -EAGAIN;
    return status;
}

static bool may_send(const struct stream *stream)
{
    return stream_open(stream) && !(stream->socket.shut & SHUT_WR) && !stream->socket.error;
}

/* Whole pages of the program's as one chunk. How many bytes; 0: none. */
static uint32_t lend_chunk(struct stream *stream, uint64_t at, size_t size)
{
    unsigned most = (unsigned)LWIP_MIN(size, UINT16_MAX) / PAGE;
    struct chunk *chunk = may_use(stream, most) ? heap_take(sizeof *chunk) : NULL;

    if (!chunk)
        return 0;
    chunk->pages = lend_pages(at, most, &chunk->bytes);
    if (!chunk->pages) {
        heap_give(chunk, sizeof *chunk);
        return 0;
    }
    chunk->lent = true;
    chunk->filled = chunk->capacity = (uint32_t)(chunk->pages * PAGE);
    add_chunk(stream, chunk);
    return chunk->filled;
}

/* Send from the program's own pages what there is room for, if the next piece is a large one and
 * begins with a page. Bytes, or -EFAULT. */
static long lend(struct stream *stream, struct message *message)
{
    uint64_t at;
    long size = cursor_piece(&message->data, &at), done = 0;

    if (size < LEND_FROM || at % PAGE || !in_program(at, (uint64_t)size))
        return size < 0 ? size : 0;
    size = LWIP_MIN(size, (long)room(stream));
    while (size - done >= (long)PAGE) {
        uint32_t part = lend_chunk(stream, at + (uint64_t)done, (size_t)(size - done));

        if (!part)
            break;
        done += part;
    }
    cursor_skip(&message->data, (size_t)done);
    stream->queued += (uint32_t)done;
    stream->unwritten += (uint32_t)done;
    return done;
}

/* A large piece that does not begin with a page is copied up to the next one, from which it is
 * lent. */
static size_t up_to_page(struct message *message, size_t size)
{
    uint64_t at;
    long piece = cursor_piece(&message->data, &at);

    if (!lend_pays() || piece < LEND_FROM + (long)PAGE || at % PAGE == 0)
        return size;
    return LWIP_MIN(size, PAGE - at % PAGE);
}

/* Copy what there is room for. Bytes, 0 without room, -errno. */
static long copy(struct stream *stream, struct message *message)
{
    struct chunk *chunk = stream->newest;
    size_t size = LWIP_MIN(message->data.total, room(stream));

    if (!size)
        return 0;
    if (!chunk || chunk->filled == chunk->capacity)
        chunk = make_chunk(stream, size);
    if (!chunk)
        return -ENOBUFS;
    size = up_to_page(message, LWIP_MIN(size, chunk->capacity - chunk->filled));
    if (cursor_read(&message->data, chunk->bytes + chunk->filled, size) < 0)
        return -EFAULT;
    chunk->filled += (uint32_t)size;
    stream->queued += (uint32_t)size;
    stream->unwritten += (uint32_t)size;
    return (long)size;
}

/* Take what there is room for, or a good part. Bytes, 0 without room, -errno. */
static long fill(struct stream *stream, struct message *message)
{
    long lent = lend(stream, message), copied;

    if (lent)
        return lent;
    copied = copy(stream, message);
    if (copied > 0 && message->data.total)
        lent = lend(stream, message);
    /* What is wrong with the rest, the next round says. */
    return lent < 0 ? copied : copied + lent;
}

/* Until there is room; `any`: until anything has been acknowledged. */
static long await_room(struct stream *stream, const struct message *message, int64_t deadline,
                       bool any)
{
    uint32_t queued = stream->queued;

    net_flush();
    if (any ? stream->queued < queued : stream_writable(stream) || !may_send(stream))
        return 0;
    stream->no_space = true;
    return message->wait ? socket_wait(&stream->socket.writing, deadline) : -EAGAIN;
}

long stream_send(struct socket *socket, struct message *message)
{
    struct stream *stream = stream_of(socket);
    int64_t deadline = socket_deadline(socket->send_timeout);
    enum urge last = message->flags & MSG_MORE ? WITH_MORE : AS_NAGLE_SAYS;
    long done = 0, status = await_connection(stream, message, deadline);

    while (status == 0) {
        if (!may_send(stream))
            return done ? done : socket_broken(socket, message->flags);
        if (!message->data.total)
            break;
        status = fill(stream, message);
        if (status > 0) {
            done += status;
            status = 0;
            stream_push(stream, message->data.total && last != WITH_MORE ? NOW : last);
        } else if (status == 0 || (status == -ENOBUFS && stream->queued)) {
            status = await_room(stream, message, deadline, status < 0);
        }
    }
    net_flush();
    return done ? done : status;
}
