/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: the first byte chooses what is tried, the rest is its input. The sanitizers are the
 * oracle, with the promises that each header makes. */
#include <stdint.h>
#include <stdlib.h>

#include "linux/cmdline.h"
#include "linux/cpio.h"
#include "linux/elf.h"
#include "memory/paging.h"
#include "net/address.h"
#include "virtio/mmio.h"
#include "virtio/pci.h"
#include "host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool promise)
{
    if (!promise)
        abort();
}

static void fuzz_cpio(const char *bytes, size_t size)
{
    struct cpio_entry entry;
    uint64_t offset = 0, before = 0;
    volatile uint8_t touched;

    while (cpio_next(bytes, size, &offset, &entry) > 0) {
        check(offset > before && offset <= size);
        before = offset;
        check(entry.name >= bytes && entry.name + strlen(entry.name) < bytes + size);
        for (uint64_t i = 0; i < entry.size; i++)
            touched = (uint8_t)entry.data[i];
    }
    (void)touched;
}

static void fuzz_elf(const char *bytes, size_t size)
{
    static struct elf elf;
    const char *why = NULL;

    if (elf_read(bytes, size, &elf, &why) < 0) {
        check(why != NULL);
        return;
    }
    for (unsigned i = 0; i < elf.segment_count; i++) {
        const struct elf_segment *segment = &elf.segments[i];

        check(segment->start < segment->end && segment->end <= 0x7fff00001000);
        check(segment->file_start <= segment->file_end && segment->file_end <= size);
        check(i == 0 || segment->start >= segment[-1].end);
    }
}

static void fuzz_cmdline(const char *bytes, size_t size)
{
    static struct cmdline cmdline;
    char *text = malloc(size + 1);

    memcpy(text, bytes, size);
    text[size] = '\0';
    if (cmdline_parse(text, &cmdline) == 0) {
        check(cmdline.argument_count >= 1 && cmdline.argument_count <= CMDLINE_WORDS);
        for (unsigned i = 1; i < cmdline.argument_count; i++)
            check(cmdline.arguments[i] >= text && cmdline.arguments[i] <= text + size);
        check(!cmdline.arguments[cmdline.argument_count]);
    }
    free(text);
}

static void fuzz_words(const char *bytes, size_t size)
{
    char *text = malloc(size + 1);
    struct address address;
    uint64_t base;
    unsigned line;

    memcpy(text, bytes, size);
    text[size] = '\0';
    if (address_parse(text, &address))
        check(address.dhcp != (address.client != 0) && (address.dhcp || address.netmask));
    if (virtio_mmio_parse(text, &base, &line))
        check(base < LOW_MEMORY && base % 4 == 0 && line < 24);
    free(text);
}

/* A device that writes what it likes into the used ring, and a driver that does what drivers do.
 * Whatever comes back was offered, and comes back once. */
struct talk {
    struct host_device device;
    struct virtqueue queue;
    bool held[16]; /* tokens that the driver has offered */
    unsigned pieces;
};

static void driver_adds(struct talk *talk, unsigned count)
{
    static char data[4][8];
    struct piece pieces[4];
    unsigned token = 0;

    while (token < 16 && talk->held[token])
        token++;
    for (unsigned i = 0; i < count; i++)
        pieces[i] = (struct piece){data[i], sizeof data[i]};
    if (token == 16 || !virtqueue_add(&talk->queue, pieces, count, true, &talk->held[token]))
        return;
    check(!talk->queue.broken);
    talk->held[token] = true;
    talk->pieces += count;
    check(talk->pieces <= talk->queue.size);
}

static void driver_takes(struct talk *talk)
{
    uint32_t length;
    bool *token;

    while ((token = virtqueue_take(&talk->queue, &length))) {
        check(token >= talk->held && token < talk->held + 16 && *token);
        *token = false;
    }
    talk->pieces = talk->queue.size - talk->queue.free_count;
    check(talk->queue.free_count <= talk->queue.size);
    check(!talk->queue.broken || !virtqueue_enable(&talk->queue, 0));
}

static void fuzz_queue(const char *bytes, size_t size)
{
    static struct talk talk;

    host_reset();
    talk = (struct talk){0};
    host_device(&talk.device, 8, size & 1 ? VIRTIO_F_EVENT_IDX : 0);
    check(virtqueue_init(&talk.queue, &talk.device.virtio, 0, 8));
    for (; size >= 4; size -= 4, bytes += 4) {
        uint8_t what = (uint8_t)bytes[0], at = (uint8_t)bytes[1];
        uint16_t value;
        int head;

        memcpy(&value, bytes + 2, sizeof value);
        switch (what % 10) {
        case 0:
            driver_adds(&talk, 1 + at % 4);
            break;
        case 1:
            driver_takes(&talk);
            break;
        case 2:
            virtqueue_kick(&talk.queue, at & 1);
            break;
        case 3:
            virtqueue_enable(&talk.queue, at);
            break;
        case 4:
            virtqueue_disable(&talk.queue);
            break;
        case 5: /* the device keeps the rules */
            head = host_take(&talk.device);
            if (head >= 0)
                host_use(&talk.device, (uint32_t)head, value);
            break;
        case 6:
            host_write_used(&talk.device, at, value, 0);
            break;
        case 7:
            host_write_used_index(&talk.device, value);
            break;
        case 8:
            host_write_used_flags(&talk.device, value);
            break;
        default:
            host_write_event(&talk.device, value);
        }
    }
    driver_takes(&talk);
}

static void check_window(struct virtio_window window, uint64_t reach)
{
    uint64_t base = physical((const void *)(uintptr_t)window.base);

    check(!window.length || (base && base <= reach && window.length <= reach - base));
}

/* A function whose configuration space is the input, and with it the sizes of its BARs. */
static void fuzz_pci(const char *bytes, size_t size)
{
    struct host_function *function = &host_functions[0];
    uint64_t reach = size & 1 ? LOW_MEMORY : 1ull << 39;
    struct virtio_pci pci;

    host_reset();
    *function = (struct host_function){.where = 3 << 11};
    host_function_count = 1;
    if (size > sizeof *function - sizeof function->where)
        size = sizeof *function - sizeof function->where;
    memcpy(function->bytes, bytes, size);
    virtio_pci_layout(function->where, reach, &pci);
    check_window(pci.common, reach);
    check_window(pci.notify, reach);
    check_window(pci.status, reach);
    check_window(pci.config, reach);
    check_window(pci.msix, reach);
    check(!pci.common.length || pci.common.length >= 56);
    check(pci.port + pci.port_count <= 65536);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(const char *bytes, size_t size) = {
        fuzz_cpio, fuzz_elf, fuzz_cmdline, fuzz_words, fuzz_queue, fuzz_pci};

    if (size > 0)
        targets[data[0] % 6]((const char *)data + 1, size - 1);
    return 0;
}
