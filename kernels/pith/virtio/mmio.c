/* SPDX-License-Identifier: GPL-3.0-or-later */
/* virtio over MMIO (4.2), modern and legacy. */
#include "virtio/mmio.h"
#include "cpu/apic.h"
#include "memory/paging.h"

#define MAGIC 0x74726976 /* "virt" */
#define DEVICES_MAX 8

enum {
    MAGIC_VALUE = 0x00,
    VERSION = 0x04,
    DEVICE_ID = 0x08,
    DEVICE_FEATURES = 0x10,
    DEVICE_FEATURES_SELECT = 0x14,
    DRIVER_FEATURES = 0x20,
    DRIVER_FEATURES_SELECT = 0x24,
    GUEST_PAGE_SIZE = 0x28, /* legacy */
    QUEUE_SELECT = 0x30,
    QUEUE_SIZE_MAX = 0x34,
    QUEUE_SIZE = 0x38,
    QUEUE_ALIGN = 0x3c, /* legacy */
    QUEUE_PAGE = 0x40,  /* legacy */
    QUEUE_READY = 0x44,
    QUEUE_NOTIFY = 0x50,
    INTERRUPT_ACKNOWLEDGE = 0x64,
    STATUS = 0x70,
    QUEUE_DESCRIPTORS = 0x80,
    QUEUE_AVAILABLE = 0x90,
    QUEUE_USED = 0xa0,
    CONFIG = 0x100,
};

enum { USED_BUFFERS = 1, CONFIGURATION = 2 }; /* interrupts */

/* What the command line names. */
static struct {
    uint64_t base;
    unsigned line;
} named[DEVICES_MAX];
static unsigned named_count;

static volatile uint32_t *reg(struct virtio *device, unsigned offset)
{
    return (volatile uint32_t *)(device->base + offset);
}

static uint64_t features(struct virtio *device)
{
    uint64_t low;

    *reg(device, DEVICE_FEATURES_SELECT) = 0;
    low = *reg(device, DEVICE_FEATURES);
    if (device->legacy)
        return low;
    *reg(device, DEVICE_FEATURES_SELECT) = 1;
    return low | (uint64_t)*reg(device, DEVICE_FEATURES) << 32;
}

static void accept(struct virtio *device, uint64_t accepted)
{
    *reg(device, DRIVER_FEATURES_SELECT) = 0;
    *reg(device, DRIVER_FEATURES) = (uint32_t)accepted;
    if (device->legacy) {
        *reg(device, GUEST_PAGE_SIZE) = PAGE;
        return;
    }
    *reg(device, DRIVER_FEATURES_SELECT) = 1;
    *reg(device, DRIVER_FEATURES) = (uint32_t)(accepted >> 32);
}

static uint8_t status(struct virtio *device)
{
    return (uint8_t)*reg(device, STATUS);
}

static void set_status(struct virtio *device, uint8_t value)
{
    *reg(device, STATUS) = value;
}

static uint16_t queue_size(struct virtio *device, unsigned index, uint16_t most)
{
    uint32_t largest;

    *reg(device, QUEUE_SELECT) = index;
    largest = *reg(device, QUEUE_SIZE_MAX);
    return (uint16_t)(largest < most ? largest : most);
}

static void set_address(struct virtio *device, unsigned offset, const volatile void *data)
{
    uint64_t address = physical((const void *)(uintptr_t)data);

    *reg(device, offset) = (uint32_t)address;
    *reg(device, offset + 4) = (uint32_t)(address >> 32);
}

static bool set_queue(struct virtio *device, struct virtqueue *queue)
{
    *reg(device, QUEUE_SELECT) = queue->index;
    *reg(device, QUEUE_SIZE) = queue->size;
    if (device->legacy) {
        *reg(device, QUEUE_ALIGN) = PAGE;
        *reg(device, QUEUE_PAGE) = (uint32_t)(physical(queue->descriptors) / PAGE);
        return true;
    }
    set_address(device, QUEUE_DESCRIPTORS, queue->descriptors);
    set_address(device, QUEUE_AVAILABLE, queue->available);
    set_address(device, QUEUE_USED, queue->used);
    *reg(device, QUEUE_READY) = 1;
    return true;
}

static void notify(struct virtio *device, const struct virtqueue *queue)
{
    *reg(device, QUEUE_NOTIFY) = queue->index;
}

static uint8_t config(struct virtio *device, unsigned offset)
{
    return device->base[CONFIG + offset];
}

/* Before the queues are looked at: what is used from here on interrupts again. Both kinds,
 * whichever it was (4.2.2): to ask would be one more exit of the VM. */
static void acknowledge(struct virtio *device)
{
    *reg(device, INTERRUPT_ACKNOWLEDGE) = USED_BUFFERS | CONFIGURATION;
}

static const struct virtio_transport transport = {
    features, accept, status, set_status, queue_size, set_queue, notify, config, acknowledge,
};

/* In hexadecimal after 0x. Moves *text behind it. */
static bool read_number(const char **text, uint64_t *out)
{
    bool hexadecimal = (*text)[0] == '0' && ((*text)[1] | 0x20) == 'x';

    *text += hexadecimal ? 2 : 0;
    return read_digits(text, hexadecimal ? 16 : 10, 15, out);
}

bool virtio_mmio_parse(const char *word, uint64_t *base, unsigned *line)
{
    uint64_t size, number;

    if (!read_number(&word, &size))
        return false;
    if (*word == 'K' || *word == 'k' || *word == 'M' || *word == 'm')
        word++;
    if (*word++ != '@' || !read_number(&word, base) || *word++ != ':' ||
        !read_number(&word, &number) || (*word && *word != ':'))
        return false;
    *line = (unsigned)number;
    return *base % 4 == 0 && *base < LOW_MEMORY && number < APIC_LINES;
}

bool virtio_mmio_word(const char *word)
{
    if (named_count == DEVICES_MAX ||
        !virtio_mmio_parse(word, &named[named_count].base, &named[named_count].line))
        return false;
    named_count++;
    return true;
}

bool virtio_mmio_named(void)
{
    return named_count > 0;
}

bool virtio_mmio_find(unsigned type, unsigned vector, struct virtio *device)
{
    for (unsigned i = 0; i < named_count; i++) {
        *device = (struct virtio){.transport = &transport, .base = direct(named[i].base)};
        if (*reg(device, MAGIC_VALUE) != MAGIC || *reg(device, DEVICE_ID) != type)
            continue;
        device->legacy = *reg(device, VERSION) == 1;
        if (vector)
            apic_route(named[i].line, vector, APIC_EDGE);
        return true;
    }
    return false;
}
