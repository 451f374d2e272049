/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virtio/rng.h"
#include "cpu/cpu.h"
#include "cpu/timer.h"
#include "virtio/virtio.h"

#define POOL 64
#define QUEUE 8
#define PATIENCE_NS 1000000000ll

static struct virtio device;
static struct virtqueue requests;
static enum { NOT_LOOKED_FOR, ABSENT, PRESENT } state;

static uint8_t pool[POOL];
static size_t filled; /* behind that it is the device's, while `asked` */
static bool asked;

static bool start(void)
{
    if (state != NOT_LOOKED_FOR)
        return state == PRESENT;
    state = ABSENT;
    if (!virtio_find(VIRTIO_RNG, 0, &device) || !virtio_negotiate(&device, 0) ||
        !virtqueue_init(&requests, &device, 0, QUEUE))
        return false;
    virtqueue_disable(&requests);
    virtio_go(&device);
    state = PRESENT;
    return true;
}

static void ask(void)
{
    const struct piece rest = {pool + filled, (uint32_t)(sizeof pool - filled)};

    asked = virtqueue_add(&requests, &rest, 1, true, pool);
    virtqueue_kick(&requests, true);
}

/* Who asks waits. After a device has been silent for too long, nobody waits for it again: its
 * answer is taken when it has come. */
static bool refill(void)
{
    int64_t end = timer_now() + (asked ? 0 : PATIENCE_NS);
    uint32_t length;

    while (filled < sizeof(uint64_t)) {
        if (!asked)
            ask();
        if (!virtqueue_take(&requests, &length)) {
            if (requests.broken || timer_now() >= end)
                return false;
            __asm__ volatile("pause");
            continue;
        }
        asked = false;
        if (length > sizeof pool - filled) {
            virtqueue_distrust(&requests);
            return false;
        }
        filled += length;
    }
    return true;
}

bool entropy(uint64_t *word)
{
    if (cpu_random(word))
        return true;
    if (!start() || !refill())
        return false;
    filled -= sizeof *word;
    memcpy(word, pool + filled, sizeof *word);
    memset(pool + filled, 0, sizeof *word); /* what was given is known to nobody else */
    return true;
}
