/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu/console.h"
#include "cpu/pci.h"
#include "memory/paging.h"
#include "virtio/pci.h"

enum { COMMON = 1, NOTIFY, STATUS, CONFIG }; /* what a capability is about */

#define CAPABILITY_SIZE 16
#define NOTIFY_SIZE 20 /* with notify_off_multiplier */
#define MSIX_SIZE 12
#define MSIX_ENTRY 16
#define COMMON_SIZE 56

struct search {
    uint64_t reach;
    struct virtio_pci *out;
    struct pci_bar bar; /* the last that was looked at */
    unsigned bar_index;
    bool bar_good;
};

static void look_at_bar(struct search *search, unsigned index)
{
    const struct pci_bar *bar = &search->bar;
    pci_function function = search->out->function;

    if (search->bar_index == index)
        return;
    search->bar_index = index;
    search->bar_good = pci_bar(function, index, &search->bar) && !bar->ports;
    if (!search->bar_good)
        return;
    search->bar_good = bar->base <= search->reach && bar->size <= search->reach - bar->base;
    if (!search->bar_good)
        print("pith: PCI %02x:%02x.%x: BAR %u at 0x%lx lies beyond what pith can reach\n",
              function >> 16, function >> 11 & 31, function >> 8 & 7, index, bar->base);
}

/* Fill `window`, unless something has before: the first that can be used counts. */
static void place(struct search *search, struct virtio_window *window, unsigned bar,
                  uint32_t offset, uint32_t length, uint32_t least)
{
    if (window->length || length < least || offset % 4)
        return;
    look_at_bar(search, bar);
    if (!search->bar_good || offset > search->bar.size || length > search->bar.size - offset)
        return;
    window->base = (volatile uint8_t *)direct(search->bar.base) + offset;
    window->length = length;
}

static void place_virtio(struct search *search, unsigned at)
{
    struct virtio_pci *out = search->out;
    unsigned what = pci_read(out->function, at) >> 24;
    unsigned bar = pci_read(out->function, at + 4) & 0xff;
    uint32_t offset = pci_read(out->function, at + 8), length = pci_read(out->function, at + 12);

    if (what == COMMON) {
        place(search, &out->common, bar, offset, length, COMMON_SIZE);
    } else if (what == NOTIFY && at + NOTIFY_SIZE <= PCI_CONFIGURATION && !out->notify.length) {
        out->notify_step = pci_read(out->function, at + 16);
        place(search, &out->notify, bar, offset, length, sizeof(uint16_t));
    } else if (what == STATUS) {
        place(search, &out->status, bar, offset, length, 1);
    } else if (what == CONFIG) {
        place(search, &out->config, bar, offset, length, 1);
    }
}

static void visit(pci_function function, uint8_t id, unsigned at, void *context)
{
    struct search *search = context;
    uint32_t table;

    if (id == PCI_CAPABILITY_VENDOR && at + CAPABILITY_SIZE <= PCI_CONFIGURATION)
        place_virtio(search, at);
    if (id != PCI_CAPABILITY_MSIX || at + MSIX_SIZE > PCI_CONFIGURATION || search->out->msix.length)
        return;
    table = pci_read(function, at + 4);
    search->out->msix_control = (uint8_t)at;
    place(search, &search->out->msix, table & 7, table & ~7u, MSIX_ENTRY, MSIX_ENTRY);
}

void virtio_pci_layout(uint32_t function, uint64_t reach, struct virtio_pci *out)
{
    struct search search = {.reach = reach, .out = out, .bar_index = ~0u};
    struct pci_bar bar;

    *out = (struct virtio_pci){.function = function};
    pci_capabilities(function, visit, &search);
    if (out->common.length && out->notify.length && out->status.length)
        return;
    out->common.length = 0;
    if (pci_bar(function, 0, &bar) && bar.ports && bar.size >= VIRTIO_PCI_LEGACY_PORTS) {
        out->port = (uint16_t)bar.base;
        out->port_count = (uint16_t)bar.size;
    }
}
