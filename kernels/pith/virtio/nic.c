/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virtio/nic.h"
#include "cpu/cpu.h"
#include "lib/list.h"
#include "memory/heap.h"
#include "memory/parcel.h"
#include "virtio/rng.h"
#include "virtio/virtio.h"
#include <lwip/pbuf.h>

#define F_CSUM (1ull << 0)
#define F_GUEST_CSUM (1ull << 1)
#define F_MTU (1ull << 3)
#define F_MAC (1ull << 5)
#define F_GUEST_TSO4 (1ull << 7)
#define F_GUEST_TSO6 (1ull << 8)
#define F_HOST_TSO4 (1ull << 11)
#define F_HOST_TSO6 (1ull << 12)
#define F_MRG_RXBUF (1ull << 15)

enum { CONFIG_MAC = 0, CONFIG_MTU = 10 };
enum { RECEIVE, TRANSMIT };

#define QUEUE 256
#define PIECES 40 /* of one frame */
#define MTU 1500

/* A frame of 64 KB, which the host made of many packets, fits in one buffer: that costs the device
 * one descriptor. What is worth no buffer is copied out. */
#define BUFFER_SIZE 65528 /* lwIP's lengths have 16 bits */
#define COPY_MOST 256

/* A frame longer than its predecessors makes wrong what was foreseen of all that are in the ring:
 * it is short, and becomes deeper only while packets come singly, faster than they are taken. Each
 * buffer that is used has a page. */
#define RING_BUFFERS 32
#define SINGLE_MOST 2048

/* What is taken in one go: no more frames than the program's sockets have room for, and no more
 * bytes than it reads soon, or the window closes and opens by turns. */
#define AT_ONCE 64
#define BYTES_AT_ONCE 250000 /* four of the largest frames */

struct buffer {
    struct pbuf_custom pbuf;
    struct buffer *next; /* while it is spare */
    struct parcel *parcel;
    char *data; /* where in its parcel the device writes */
};

static struct virtio device;
static struct virtqueue rx, tx;
static bool present, full;
static unsigned header_size;
static struct nic *user;

static struct buffer *spare;
static unsigned buffer_count, buffers_most, ring_most;
static uint32_t queued, sent; /* frames ever */
static struct nic_lease *first_lease, **last_lease = &first_lease;
static struct nic_header *headers; /* one for each descriptor */

static void make_spare(struct parcel *parcel)
{
    struct buffer *buffer = parcel->owner;

    buffer->next = spare;
    spare = buffer;
}

static void give_buffer(struct pbuf *pbuf)
{
    parcel_release(LIST_OF(pbuf, struct buffer, pbuf.pbuf)->parcel);
}

static struct buffer *take_buffer(void)
{
    struct buffer *buffer = spare;

    if (buffer) {
        spare = buffer->next;
        buffer->parcel->released = false;
        return buffer;
    }
    if (buffer_count == buffers_most)
        return NULL;
    buffer = heap_take(sizeof *buffer);
    if (!buffer)
        return NULL;
    buffer->parcel = parcel_take();
    if (!buffer->parcel) {
        heap_give(buffer, sizeof *buffer);
        return NULL;
    }
    buffer->parcel->owner = buffer;
    buffer->parcel->whole = make_spare;
    buffer->pbuf.custom_free_function = give_buffer;
    buffer_count++;
    return buffer;
}

static unsigned in_ring(void)
{
    return (unsigned)(rx.size - rx.free_count);
}

/* The frame that it will hold comes after those of the buffers that are with the device now. */
static void offer(struct buffer *buffer)
{
    buffer->data = buffer->parcel->data + user->place(in_ring() + 1);
    virtqueue_add(&rx, &(struct piece){buffer->data, BUFFER_SIZE}, 1, true, buffer);
}

static void fill_ring(unsigned most)
{
    struct buffer *buffer;

    while (in_ring() < most && (buffer = take_buffer()))
        offer(buffer);
}

static struct pbuf *copy_out(struct buffer *buffer, unsigned from, unsigned length)
{
    struct pbuf *pbuf = pbuf_alloc(PBUF_RAW, (u16_t)(length - from), PBUF_RAM);

    if (pbuf)
        memcpy(pbuf->payload, buffer->data + from, length - from);
    offer(buffer);
    return pbuf;
}

/*
 * What lies in `buffer` from `from` to `length`, as a pbuf, and the ring as full as it should be.
 * Where there is no other buffer for the ring, because unread data holds them all, the bytes are
 * copied out: the ring is never starved, so that ACKs always get through. NULL: they are dropped.
 */
static struct pbuf *take_out(struct buffer *buffer, unsigned from, unsigned length)
{
    bool shrink = length > SINGLE_MOST && in_ring() >= RING_BUFFERS;
    struct buffer *other = shrink || length <= COPY_MOST ? NULL : take_buffer();

    if (!(other || shrink))
        return copy_out(buffer, from, length);
    if (other)
        offer(other);
    return pbuf_alloced_custom(PBUF_RAW, (u16_t)(length - from), PBUF_REF, &buffer->pbuf,
                               buffer->data + from, (u16_t)(BUFFER_SIZE - from));
}

struct parcel *nic_parcel(const struct pbuf *pbuf, unsigned *begins)
{
    const struct buffer *buffer = LIST_OF(pbuf, const struct buffer, pbuf.pbuf);

    if (!(pbuf->flags & PBUF_FLAG_IS_CUSTOM) || buffer->pbuf.custom_free_function != give_buffer)
        return NULL;
    *begins = (unsigned)((const char *)pbuf->payload - buffer->data);
    return buffer->parcel;
}

/* The rest of a frame that the device spread over `count` more buffers. */
static struct pbuf *append(struct pbuf *frame, unsigned count)
{
    uint32_t length;

    for (; count; count--) {
        struct buffer *buffer = virtqueue_take(&rx, &length);
        struct pbuf *part;

        if (!buffer)
            break;
        if (length > BUFFER_SIZE) {
            virtqueue_distrust(&rx);
            break;
        }
        part = take_out(buffer, 0, length);
        if (part && frame && frame->tot_len + length <= UINT16_MAX) {
            pbuf_cat(frame, part);
        } else {
            if (part)
                pbuf_free(part);
            if (frame)
                pbuf_free(frame);
            frame = NULL;
        }
    }
    if (count && frame) {
        pbuf_free(frame);
        frame = NULL;
    }
    return frame;
}

/* Whether more may come. */
static bool receive(struct buffer *buffer, uint32_t length)
{
    struct nic_header header = {0};
    struct pbuf *frame;

    if (length > BUFFER_SIZE || length < header_size) {
        virtqueue_distrust(&rx);
        return true;
    }
    memcpy(&header, buffer->data, header_size);
    frame = take_out(buffer, header_size, length);
    /* Without that feature some devices, QEMU among them, leave the number unwritten. */
    if (device.accepted & F_MRG_RXBUF && header.buffers > 1)
        frame = append(frame, header.buffers - 1u);
    return !frame || user->receive(frame, &header);
}

static void reclaim(void)
{
    struct pbuf *frame;
    uint32_t length;

    while ((frame = virtqueue_take(&tx, &length))) {
        pbuf_free(frame);
        sent++;
    }
    /* Frames are used in the order in which they were queued. */
    while (first_lease && (int32_t)(sent - first_lease->mark) >= 0) {
        struct nic_lease *lease = first_lease;

        first_lease = lease->next;
        if (!first_lease)
            last_lease = &first_lease;
        lease->done(lease);
    }
}

void nic_end_lease(struct nic_lease *lease)
{
    if (queued == sent) {
        lease->done(lease);
        return;
    }
    lease->next = NULL;
    lease->mark = queued;
    *last_lease = lease;
    last_lease = &lease->next;
}

/* The header goes out with the frame's first piece where there is room before it. */
static unsigned gather(struct pbuf *frame, const struct nic_header *header, struct piece *pieces)
{
    bool joined = device.accepted & (VIRTIO_F_ANY_LAYOUT | VIRTIO_F_VERSION_1) &&
                  pbuf_add_header(frame, header_size) == 0;
    unsigned count = 0;

    if (joined) {
        memcpy(frame->payload, header, header_size);
    } else {
        headers[tx.free] = *header;
        pieces[count++] = (struct piece){&headers[tx.free], header_size};
    }
    for (const struct pbuf *part = frame; part; part = part->next) {
        if (count == PIECES) {
            count = 0;
            break;
        }
        if (part->len)
            pieces[count++] = (struct piece){part->payload, part->len};
    }
    if (joined)
        pbuf_remove_header(frame, header_size);
    return count;
}

bool nic_send(struct pbuf *frame, struct nic_header header)
{
    struct piece pieces[PIECES];
    unsigned count;

    if (tx.free_count < QUEUE / 4)
        reclaim();
    if (!tx.free_count) {
        full = true;
        return false;
    }
    count = gather(frame, &header, pieces);
    if (!count || !virtqueue_add(&tx, pieces, count, false, frame)) {
        full = true;
        return false;
    }
    pbuf_ref(frame);
    queued++;
    return true;
}

void nic_flush(void)
{
    if (!present)
        return;
    virtqueue_kick(&tx, false);
    reclaim();
    while (full && (tx.free_count > tx.size / 2 || virtqueue_enable(&tx, tx.size / 4))) {
        reclaim();
        if (tx.free_count <= tx.size / 2)
            continue;
        full = false;
        virtqueue_disable(&tx);
        user->room();
        virtqueue_kick(&tx, false);
    }
}

void nic_kick(bool anyway)
{
    if (present)
        virtqueue_kick(&tx, anyway && queued != sent);
}

bool nic_receive(void)
{
    unsigned frames = 0, bytes = 0;
    struct buffer *buffer;
    uint32_t length;
    bool more = true;

    if (!present)
        return false;
    reclaim(); /* lwIP does not send again what the device still holds */
    do {
        virtqueue_disable(&rx);
        while (more && (buffer = virtqueue_take(&rx, &length))) {
            bytes += length;
            more = receive(buffer, length) && ++frames < AT_ONCE && bytes < BYTES_AT_ONCE;
        }
        if (bytes / SINGLE_MOST < frames && (!more || frames >= in_ring()))
            fill_ring(2 * in_ring() < ring_most ? 2 * in_ring() : ring_most);
        virtqueue_kick(&rx, false);
        if (!more)
            return true;
    } while (virtqueue_enable(&rx, 0));
    return false;
}

bool nic_has_frame(void)
{
    virtqueue_disable(&rx);
    return virtqueue_has(&rx);
}

uint32_t nic_queued(void)
{
    return queued;
}

void nic_interrupt(void)
{
    device.transport->acknowledge(&device);
}

static void read_config(struct nic *nic)
{
    uint64_t random;

    nic->mtu = MTU;
    if (device.accepted & F_MTU)
        nic->mtu = (uint16_t)(device.transport->config(&device, CONFIG_MTU) |
                              device.transport->config(&device, CONFIG_MTU + 1) << 8);
    if (nic->mtu < 68 || nic->mtu > MTU)
        nic->mtu = MTU;
    if (device.accepted & F_MAC) {
        for (unsigned i = 0; i < sizeof nic->mac; i++)
            nic->mac[i] = device.transport->config(&device, CONFIG_MAC + i);
    } else if (entropy(&random)) {
        memcpy(nic->mac, &random, sizeof nic->mac);
        nic->mac[0] = (uint8_t)((nic->mac[0] & 0xfe) | 2); /* one of its own, not a group's */
    }
    nic->checksum = device.accepted & F_CSUM;
    nic->tso4 = device.accepted & F_HOST_TSO4;
    nic->tso6 = device.accepted & F_HOST_TSO6;
}

/* Half of what there may be is for the ring, the rest for data that waits to be read. */
static void limit_buffers(void)
{
    buffers_most = (unsigned)(memory.total_pages / PARCEL_PAGES) / 8;
    if (buffers_most < 8)
        buffers_most = 8;
    ring_most = rx.size < buffers_most / 2 ? rx.size : buffers_most / 2;
    parcel_limit(buffers_most / 4);
}

bool nic_start(struct nic *nic)
{
    const uint64_t wanted = F_CSUM | F_GUEST_CSUM | F_MTU | F_MAC | F_GUEST_TSO4 | F_GUEST_TSO6 |
                            F_HOST_TSO4 | F_HOST_TSO6 | F_MRG_RXBUF | VIRTIO_F_ANY_LAYOUT |
                            VIRTIO_F_EVENT_IDX;

    if (!virtio_find(VIRTIO_NET, VECTOR_NET, &device) || !virtio_negotiate(&device, wanted))
        return false;
    header_size = device.accepted & (F_MRG_RXBUF | VIRTIO_F_VERSION_1)
                      ? sizeof(struct nic_header)
                      : sizeof(struct nic_header) - 2;
    if (!virtqueue_init(&rx, &device, RECEIVE, QUEUE) ||
        !virtqueue_init(&tx, &device, TRANSMIT, QUEUE))
        return false;
    headers = heap_take(tx.size * sizeof *headers);
    if (!headers)
        return false;
    user = nic;
    read_config(nic);
    limit_buffers();
    fill_ring(ring_most < RING_BUFFERS ? ring_most : RING_BUFFERS);
    virtqueue_disable(&tx);
    virtio_go(&device);
    present = true;
    virtqueue_kick(&rx, true);
    return true;
}
