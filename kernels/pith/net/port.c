/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lwIP needs of the kernel: memory, time, chance. */
#include "cpu/cpu.h"
#include "cpu/timer.h"
#include "memory/heap.h"
#include "memory/pages.h"
#include "memory/paging.h"
#include "net/net.h"
#include "virtio/rng.h"
#include <lwip/sys.h>

#define SHARE 4 /* of all memory that lwIP's own objects may take: one in so many bytes */

/* Before each block, so that what follows stays aligned. */
struct header {
    size_t size, padding;
};

static size_t used;

static size_t left(void)
{
    return memory.total_pages * PAGE / SHARE - used;
}

size_t net_may_hold(void)
{
    return left() / NET_GREED;
}

bool net_is_short(void)
{
    return used > memory.total_pages * PAGE / SHARE / 8 * 7;
}

void *net_malloc(size_t size)
{
    struct header *header;

    size += sizeof *header;
    if (size > left())
        return NULL;
    header = heap_take_uncleared(size);
    if (!header)
        return NULL;
    header->size = size;
    used += size;
    return header + 1;
}

void *net_calloc(size_t count, size_t size)
{
    void *block = net_malloc(count * size);

    return block ? memset(block, 0, count * size) : NULL;
}

void net_free(void *block)
{
    struct header *header = (struct header *)block - 1;

    used -= header->size;
    heap_give(header, header->size);
}

uint32_t sys_now(void)
{
    return (uint32_t)(timer_now() / 1000000);
}

uint16_t net_sum(const void *data, int size)
{
    const char *at = data;
    uint64_t sum = 0;
    uint32_t word;

    for (; size >= 4; size -= 4, at += 4) {
        memcpy(&word, at, 4);
        sum += word;
    }
    for (unsigned shift = 0; size; size--, at++, shift += 8)
        sum += (uint32_t)(uint8_t)*at << shift;
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* For ports, sequence numbers and identifiers. Without a source of entropy they can be guessed, of
 * which the boot has warned. */
uint32_t net_random(void)
{
    uint64_t value;

    return (uint32_t)(entropy(&value) ? value : read_tsc() * 0x9e3779b97f4a7c15 >> 32);
}
