/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "cpu/apic.h"
#include "cpu/console.h"
#include "cpu/cpu.h"
#include "memory/heap.h"
#include "memory/paging.h"
#include "host.h"

#define POOL_PAGES 64
#define BLOCKS 16

struct pages memory;
unsigned host_lines;
struct host_function host_functions[8];
unsigned host_function_count;

static void *blocks[BLOCKS];
static unsigned block_count;

void host_reset(void)
{
    static char *pool;

    if (!pool)
        pool = aligned_alloc(PAGE << 10, PAGE << 10);
    pages_init(&memory, pool);
    pages_add(&memory, 0, POOL_PAGES * PAGE);
    while (block_count)
        free(blocks[--block_count]);
    host_function_count = 0;
    host_lines = 0;
}

/* Each of its own, so that the sanitizer sees where it ends. */
void *heap_take(size_t size)
{
    if (block_count == BLOCKS)
        return NULL;
    return blocks[block_count++] = calloc(1, size);
}

void heap_give(void *block, size_t size)
{
    (void)block, (void)size; /* host_reset() does */
}

void print(const char *pattern, ...)
{
    (void)pattern;
    host_lines++;
}

void panic(const char *pattern, ...)
{
    (void)pattern;
    abort();
}

void apic_route(unsigned line, unsigned vector, enum apic_trigger trigger)
{
    (void)line, (void)vector, (void)trigger;
}

/* --- PCI --- */

void host_put(struct host_function *function, unsigned offset, uint32_t value, unsigned size)
{
    memcpy(function->bytes + offset, &value, size);
}

static struct host_function *function_at(pci_function where, unsigned offset)
{
    if (offset % 4 || offset >= PCI_CONFIGURATION || where & 0xff)
        abort(); /* no port takes that */
    for (unsigned i = 0; i < host_function_count; i++)
        if (host_functions[i].where == where)
            return &host_functions[i];
    return NULL;
}

uint32_t pci_read(pci_function where, unsigned offset)
{
    struct host_function *function = function_at(where, offset);
    uint32_t value = ~0u;

    if (function)
        memcpy(&value, function->bytes + offset, sizeof value);
    return value;
}

void pci_write(pci_function where, unsigned offset, uint32_t value)
{
    struct host_function *function = function_at(where, offset);
    unsigned bar = (offset - PCI_BAR) / 4;
    uint32_t before = pci_read(where, offset);

    if (!function)
        return;
    if (offset >= PCI_BAR && bar < 6)
        value = (before & function->fixed[bar]) | (value & ~function->fixed[bar]);
    else if (offset == PCI_COMMAND)
        value = (before & 0xffff0000) | (value & 0xffff);
    memcpy(function->bytes + offset, &value, sizeof value);
}

/* --- a virtio device --- */

static uint16_t queue_size(struct virtio *virtio, unsigned index, uint16_t most)
{
    struct host_device *device = (struct host_device *)virtio;

    (void)index;
    return device->queue_size < most ? device->queue_size : most;
}

static bool set_queue(struct virtio *virtio, struct virtqueue *queue)
{
    struct host_device *device = (struct host_device *)virtio;

    device->queue = queue;
    return device->takes_queue;
}

static void notify(struct virtio *virtio, const struct virtqueue *queue)
{
    (void)queue;
    ((struct host_device *)virtio)->notified++;
}

void host_device(struct host_device *device, uint16_t size, uint64_t accepted)
{
    static const struct virtio_transport transport = {
        .queue_size = queue_size, .set_queue = set_queue, .notify = notify};

    *device = (struct host_device){.virtio = {.transport = &transport, .accepted = accepted},
                                   .queue_size = size,
                                   .takes_queue = true};
}

int host_take(struct host_device *device)
{
    const struct virtqueue *queue = device->queue;

    if (queue->available[1] == device->next)
        return -1;
    return queue->available[2 + device->next++ % queue->size];
}

void host_use(struct host_device *device, uint32_t head, uint32_t length)
{
    host_write_used(device, device->used, head, length);
    host_write_used_index(device, ++device->used);
}

void host_write_used(struct host_device *device, uint16_t at, uint32_t id, uint32_t length)
{
    volatile struct virtqueue_used *ring = (volatile void *)(device->queue->used + 2);

    ring[at % device->queue->size].id = id;
    ring[at % device->queue->size].length = length;
}

void host_write_used_index(struct host_device *device, uint16_t index)
{
    device->queue->used[1] = index;
}

void host_write_used_flags(struct host_device *device, uint16_t flags)
{
    device->queue->used[0] = flags;
}

void host_write_event(struct host_device *device, uint16_t event)
{
    device->queue->used[2 + 4u * device->queue->size] = event;
}

uint16_t host_available_flags(const struct host_device *device)
{
    return device->queue->available[0];
}

uint16_t host_used_event(const struct host_device *device)
{
    return device->queue->available[2 + device->queue->size];
}
