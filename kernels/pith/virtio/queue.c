/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "memory/heap.h"
#include "memory/paging.h"
#include "virtio/virtio.h"

#define NEXT 1
#define WRITE 2

#define NO_INTERRUPT 1 /* available flags */
#define NO_NOTIFY 1    /* used flags */

/*
 * Order this CPU's writes before its reads. QEMU before 8.1 leaves the fence out where the VM has
 * one CPU, though the device runs on another of the host's: then the time that rdtsc takes must do,
 * by which the writes have long left the host CPU's store buffer.
 */
static void barrier(void)
{
    __asm__ volatile("mfence; rdtsc" : : : "rax", "rdx", "memory");
}

static void compiler_barrier(void) /* x86 keeps writes in order, and reads */
{
    __asm__ volatile("" : : : "memory");
}

static uint64_t bus_address(const void *data)
{
    uint64_t address = (uint64_t)data;

    if (address >= KERNEL_BASE + TABLE_REACH)
        panic("virtio: a buffer on a stack");
    return address >= KERNEL_BASE ? address - KERNEL_BASE : physical(data);
}

/* The legacy layout (2.7.2), which serves the modern interface as well: one block, the used ring on
 * a page of its own. */
static size_t used_offset(uint16_t size)
{
    size_t available_end = 16ul * size + 2ul * (3u + size);

    return (available_end + PAGE - 1) & ~(PAGE - 1);
}

bool virtqueue_init(struct virtqueue *queue, struct virtio *device, unsigned index, uint16_t most)
{
    uint16_t size = device->transport->queue_size(device, index, most);
    unsigned order = 0;
    char *block;

    if (!size || size & (size - 1))
        return false;
    while (PAGE << order < used_offset(size) + 8ul * size + 6)
        order++;
    block = pages_take(&memory, order);
    *queue = (struct virtqueue){.device = device, .index = index, .size = size, .free_count = size};
    queue->slots = heap_take(size * sizeof *queue->slots);
    if (!block || !queue->slots)
        return false;
    memset(block, 0, PAGE << order);
    queue->descriptors = (void *)block;
    queue->available = (void *)(block + 16ul * size);
    queue->used = (void *)(block + used_offset(size));
    for (uint16_t i = 0; i < size; i++)
        queue->slots[i].next = (uint16_t)(i + 1);
    return device->transport->set_queue(device, queue);
}

bool virtqueue_add(struct virtqueue *queue, const struct piece *pieces, unsigned count, bool writes,
                   void *token)
{
    uint16_t first = queue->free, at = first, last = first;

    if (count > queue->free_count || queue->broken)
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct virtqueue_descriptor *descriptor = &queue->descriptors[at];

        descriptor->address = bus_address(pieces[i].data);
        descriptor->length = pieces[i].length;
        descriptor->flags = (uint16_t)((writes ? WRITE : 0) | (i + 1 < count ? NEXT : 0));
        descriptor->next = queue->slots[at].next;
        last = at;
        at = queue->slots[at].next;
    }
    queue->free = at;
    queue->free_count = (uint16_t)(queue->free_count - count);
    queue->slots[first].token = token;
    queue->slots[first].last = last;
    queue->slots[first].count = (uint16_t)count;
    queue->available[2 + (queue->next_available & (queue->size - 1))] = first;
    queue->next_available++;
    return true;
}

void virtqueue_kick(struct virtqueue *queue, bool force)
{
    uint16_t event;

    if (queue->next_available == queue->kicked && !force)
        return;
    compiler_barrier();
    queue->available[1] = queue->next_available;
    barrier();
    event = queue->used[2 + 4u * queue->size];
    if (!(queue->device->accepted & VIRTIO_F_EVENT_IDX))
        force |= !(queue->used[0] & NO_NOTIFY);
    else /* whether `event` lies in what is new since the last time: 2.7.10.1 */
        force |= (uint16_t)(queue->next_available - event - 1) <
                 (uint16_t)(queue->next_available - queue->kicked);
    queue->kicked = queue->next_available;
    if (force)
        queue->device->transport->notify(queue->device, queue);
}

/* Give a chain's descriptors back; its token, NULL when it is not one that was offered. */
static void *release(struct virtqueue *queue, uint32_t first)
{
    struct virtqueue_slot *slot;
    void *token;

    if (first >= queue->size || !queue->slots[first].token)
        return NULL;
    slot = &queue->slots[first];
    token = slot->token;
    slot->token = NULL;
    queue->slots[slot->last].next = queue->free;
    queue->free = (uint16_t)first;
    queue->free_count = (uint16_t)(queue->free_count + slot->count);
    return token;
}

void virtqueue_distrust(struct virtqueue *queue)
{
    if (!queue->broken)
        print("pith: virtio: queue %u holds what its device may not write there; it is closed\n",
              queue->index);
    queue->broken = true;
}

void *virtqueue_take(struct virtqueue *queue, uint32_t *length)
{
    volatile struct virtqueue_used *ring = (volatile void *)(queue->used + 2);
    struct virtqueue_used used;
    uint16_t ready;
    void *token;

    ready = (uint16_t)(queue->used[1] - queue->next_used);
    if (!ready || queue->broken)
        return NULL;
    compiler_barrier();
    used.id = ring[queue->next_used & (queue->size - 1)].id;
    used.length = ring[queue->next_used & (queue->size - 1)].length;
    token = ready <= queue->size ? release(queue, used.id) : NULL;
    if (!token)
        virtqueue_distrust(queue);
    queue->next_used++;
    *length = used.length;
    return token;
}

bool virtqueue_has(const struct virtqueue *queue)
{
    return *(volatile uint16_t *)&queue->used[1] != queue->next_used;
}

bool virtqueue_enable(struct virtqueue *queue, uint16_t after)
{
    if (queue->device->accepted & VIRTIO_F_EVENT_IDX)
        queue->available[2 + queue->size] = (uint16_t)(queue->next_used + after);
    else
        queue->available[0] = 0;
    barrier();
    return !queue->broken && (uint16_t)(queue->used[1] - queue->next_used) > after;
}

void virtqueue_disable(struct virtqueue *queue)
{
    if (queue->device->accepted & VIRTIO_F_EVENT_IDX)
        queue->available[2 + queue->size] = (uint16_t)(queue->next_used - 1);
    else
        queue->available[0] = NO_INTERRUPT;
}
