/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices as far as they need no machine: the words that name them, ip=, PCI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "linux/cmdline.h"
#include "memory/paging.h"
#include "net/address.h"
#include "virtio/mmio.h"
#include "virtio/pci.h"
#include "host.h"

/* --- ip=: expected values are what Linux 6.1's ip_auto_config_setup() makes of them --- */

#define IP(a, b, c, d) ((uint32_t)(a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)

static struct address address;

static void test_address_static(void **state)
{
    (void)state;
    assert_true(address_parse("10.0.0.2::10.0.0.1:255.255.255.0:name:eth0:off", &address));
    assert_false(address.dhcp);
    assert_int_equal(address.client, IP(10, 0, 0, 2));
    assert_int_equal(address.gateway, IP(10, 0, 0, 1));
    assert_int_equal(address.netmask, IP(255, 255, 255, 0));
    assert_true(address_parse("192.168.7.9:1.2.3.4", &address));
    assert_int_equal(address.client, IP(192, 168, 7, 9));
    assert_int_equal(address.gateway, 0);
    assert_int_equal(address.netmask, IP(255, 255, 255, 0)); /* class C */
    assert_true(address_parse("172.16.0.1", &address));
    assert_int_equal(address.netmask, IP(255, 255, 0, 0));
    assert_true(address_parse("10.1.2.3::::::", &address));
    assert_int_equal(address.netmask, IP(255, 0, 0, 0));
    assert_true(
        address_parse("10.0.0.2::10.0.0.1:255.255.255.0::eth0:off:1.1.1.1:8.8.8.8", &address));
    assert_int_equal(address.client, IP(10, 0, 0, 2));
}

static void test_address_dhcp(void **state)
{
    static const char *const texts[] = {
        "dhcp", "on", "any", "both", "::::::dhcp", ":::::eth0:dhcp", "0.0.0.0::::::on"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!address_parse(texts[i], &address) || !address.dhcp)
            fail_msg("%s does not ask for DHCP", texts[i]);
        assert_int_equal(address.client, 0);
    }
}

static void test_address_none(void **state)
{
    static const char *const texts[] = {"",
                                        "off",
                                        "none",
                                        "nonsense",
                                        ":",
                                        ":::::::::::",
                                        "::::::off",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.256",
                                        "1..3.4",
                                        "1.2.3.-4",
                                        "1.2.3.4 ",
                                        "99999999999999999999.0.0.1",
                                        "1.2.3.4::gateway",
                                        "1.2.3.4:::255.255.255",
                                        "dhcp6"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (address_parse(texts[i], &address))
            fail_msg("\"%s\" is taken for an address", texts[i]);
}

/* --- virtio_mmio.device= --- */

static void test_word_read(void **state)
{
    static char text[] = "quiet virtio_mmio.device=512@0xfeb00e00:12 "
                         "virtio_mmio.device=4K@0xd0000000:5:1 x virtio_mmio.device=1@16:0";
    static const uint64_t bases[] = {0xfeb00e00, 0xd0000000, 16};
    static const unsigned lines[] = {12, 5, 0};
    static struct cmdline cmdline;
    uint64_t base;
    unsigned line;

    (void)state;
    assert_int_equal(cmdline_parse(text, &cmdline), 0);
    assert_int_equal(cmdline.device_count, 3);
    assert_int_equal(cmdline.argument_count, 2);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(virtio_mmio_parse(cmdline.devices[i], &base, &line));
        assert_int_equal(base, bases[i]);
        assert_int_equal(line, lines[i]);
    }
}

static void test_word_refused(void **state)
{
    static const char *const words[] = {"",
                                        "512",
                                        "512@",
                                        "512@0xfeb00e00",
                                        "512@0xfeb00e00:",
                                        "512@0xfeb00e00:x",
                                        "512@0xfeb00e00:12x",
                                        "@0xfeb00e00:12",
                                        "512@:12",
                                        "512@0x:12",
                                        "512@0xfeb00e02:12",
                                        "512@0x1feb00e00:12",
                                        "512@0x100000000000000000000feb00e00:12",
                                        "512@0xfeb00e00:24",
                                        "512@0xfeb00e00:4294967308",
                                        "512KK@0xfeb00e00:12"};
    uint64_t base;
    unsigned line;

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (virtio_mmio_parse(words[i], &base, &line))
            fail_msg("\"%s\" is taken for a device", words[i]);
}

/* --- PCI --- */

enum { BAR_SIZE = 0x4000, LOW_BASE = 0xfe000000 };
#define HIGH_BASE 0x200000000ull
#define REACH (1ull << 39)

static struct host_function *function;

static struct host_function *add_function(pci_function where, uint32_t id)
{
    struct host_function *added = &host_functions[host_function_count++];

    *added = (struct host_function){.where = where};
    host_put(added, PCI_ID, id, 4);
    return added;
}

static void put_bar(unsigned index, uint64_t base, unsigned flags, uint64_t size)
{
    host_put(function, PCI_BAR + 4 * index, (uint32_t)base | flags, 4);
    function->fixed[index] = (uint32_t)(size - 1);
    if (flags & 4) {
        host_put(function, PCI_BAR + 4 * index + 4, (uint32_t)(base >> 32), 4);
        function->fixed[index + 1] = (uint32_t)((size - 1) >> 32);
    }
}

static void put_capability(unsigned at, unsigned what, unsigned bar, uint32_t offset,
                           uint32_t length)
{
    host_put(function, at + 3, what, 1);
    host_put(function, at + 4, bar, 1);
    host_put(function, at + 8, offset, 4);
    host_put(function, at + 12, length, 4);
}

/* As QEMU's transitional virtio-net-pci is. Capabilities at 0x98 (MSI-X), 0x84 .. 0x40. */
static void good_function(void)
{
    static const uint8_t list[] = {0x98, 0x84, 0x70, 0x60, 0x50, 0x40, 0};

    host_reset();
    function = add_function(2 << 11, 0x10001af4);
    host_put(function, PCI_COMMAND, 0x100003, 4);
    host_put(function, PCI_CAPABILITIES, list[0], 1);
    for (unsigned i = 0; list[i]; i++)
        host_put(function, list[i], (i == 0 ? 0x11u : 0x09u) | (unsigned)list[i + 1] << 8, 2);
    put_bar(0, 0xc000, 1, 0x20);
    put_bar(1, LOW_BASE + BAR_SIZE, 0, 0x1000);
    put_bar(4, HIGH_BASE, 0xc, BAR_SIZE);
    host_put(function, 0x98 + 4, 1, 4); /* MSI-X: in BAR 1, from its begin */
    put_capability(0x84, 5, 0, 0, 0);   /* access by configuration space: not used */
    put_capability(0x70, 2, 4, 0x3000, 0x1000);
    host_put(function, 0x70 + 16, 4, 4);
    put_capability(0x60, 4, 4, 0x2000, 0x1000);
    put_capability(0x50, 3, 4, 0x1000, 0x1000);
    put_capability(0x40, 1, 4, 0x0000, 0x1000);
}

static struct virtio_pci pci;

static void layout(void)
{
    struct host_function before = *function;

    virtio_pci_layout(function->where, REACH, &pci);
    assert_memory_equal(before.bytes, function->bytes, sizeof before.bytes);
}

static uint64_t place(struct virtio_window window)
{
    return window.length ? physical((const void *)(uintptr_t)window.base) : 0;
}

static void test_pci_layout(void **state)
{
    (void)state;
    good_function();
    layout();
    assert_int_equal(place(pci.common), HIGH_BASE);
    assert_int_equal(place(pci.status), HIGH_BASE + 0x1000);
    assert_int_equal(place(pci.config), HIGH_BASE + 0x2000);
    assert_int_equal(place(pci.notify), HIGH_BASE + 0x3000);
    assert_int_equal(pci.notify.length, 0x1000);
    assert_int_equal(pci.notify_step, 4);
    assert_int_equal(place(pci.msix), LOW_BASE + BAR_SIZE);
    assert_int_equal(pci.msix_control, 0x98);
    assert_int_equal(pci.port, 0); /* not looked at */
    assert_int_equal(host_lines, 0);
}

/* One thing wrong with the common registers at a time: the legacy interface is left. */
static void test_pci_layout_refused(void **state)
{
    static const struct {
        unsigned at;
        uint32_t value;
        unsigned size;
    } wrongs[] = {
        {0x40 + 4, 6, 1},           /* no such BAR */
        {0x40 + 4, 255, 1},         /* nor this */
        {0x40 + 4, 0, 1},           /* ports */
        {0x40 + 4, 2, 1},           /* an empty BAR */
        {0x40 + 4, 5, 1},           /* the upper half of a BAR */
        {0x40 + 4, 1, 1},           /* too small a BAR */
        {0x40 + 8, 0x4000, 4},      /* behind the BAR */
        {0x40 + 8, 0x3fe0, 4},      /* across its end */
        {0x40 + 8, 0xffffffff, 4},  /* far away */
        {0x40 + 8, 0xfffffffc, 4},  /* which added to the length is small */
        {0x40 + 8, 0x1002, 4},      /* not aligned */
        {0x40 + 12, 0x4001, 4},     /* longer than the BAR */
        {0x40 + 12, 0xffffffff, 4}, /* much longer */
        {0x40 + 12, 55, 4},         /* shorter than the registers */
        {0x40 + 12, 0, 4},          /* nothing */
        {0x40 + 3, 7, 1},           /* not the common ones */
        {0x40, 0x0a, 1},            /* not virtio's capability */
        {0x50, 0x3c09, 2},          /* the list leaves before it, into the header */
        {0x50, 0x5009, 2},          /* or runs in a circle */
        {PCI_CAPABILITIES, 0, 1},   /* no list */
        {PCI_COMMAND, 3, 4},        /* said to have no list */
        {PCI_BAR + 16, 0, 4},       /* BAR 4 not placed */
        {PCI_BAR + 20, 0x80, 4},    /* at 512 GiB: out of reach */
        {PCI_BAR + 20, ~0u, 4},     /* near the end of all addresses */
        {PCI_BAR + 16, 0xe, 4},     /* of a type that is not there */
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        good_function();
        put_bar(1, LOW_BASE, 0, 0x800); /* too small for what is said to lie in it */
        host_put(function, wrongs[i].at, wrongs[i].value, wrongs[i].size);
        layout();
        if (pci.common.length || pci.port != 0xc000 || pci.port_count != 0x20)
            fail_msg("wrong %zu was accepted", i);
    }
}

static void test_pci_layout_parts(void **state)
{
    (void)state;
    good_function();
    host_put(function, 0x70 + 12, 1, 4); /* notify: not even one word */
    layout();
    assert_int_equal(pci.common.length, 0);
    good_function();
    put_capability(0x50, 3, 0, 0, 1); /* status: a port, not memory */
    layout();
    assert_int_equal(pci.common.length, 0);
    good_function();
    host_put(function, 0x98 + 4, 0xff8 | 1, 4); /* half an entry of MSI-X */
    layout();
    assert_int_equal(pci.common.length, 0x1000);
    assert_int_equal(pci.msix.length, 0);
    good_function();
    host_put(function, 0x98 + 4, 0xff0 | 1, 4); /* the last one that fits */
    layout();
    assert_int_equal(place(pci.msix), LOW_BASE + BAR_SIZE + 0xff0);
    good_function();
    host_put(function, 0x40 + 3, 7, 1);
    put_bar(0, 0xc000, 1, 0x10); /* too few ports for the legacy interface */
    layout();
    assert_int_equal(pci.port, 0);
    good_function();
    host_put(function, 0x41, 0xf4, 1); /* a capability that the configuration space cuts off */
    host_put(function, 0xf4, 0x01000009, 4);
    layout();
    assert_int_equal(pci.common.length, 0x1000);
}

static pci_function seen[8];
static unsigned seen_count;

static bool see(pci_function where, void *context)
{
    assert_true(seen_count < 8);
    seen[seen_count++] = where;
    return where == *(pci_function *)context;
}

static void add_bridge(pci_function where, unsigned behind)
{
    struct host_function *bridge = add_function(where, 0x000c1b36);

    host_put(bridge, PCI_HEADER, 0x00010000, 4);
    host_put(bridge, PCI_BUSES, (behind << 8) | where >> 16, 4);
}

static void test_pci_find(void **state)
{
    pci_function wanted = 5 << 16 | 31 << 11 | 7 << 8, nothing = ~0u;
    struct host_function *first;

    (void)state;
    host_reset();
    seen_count = 0;
    assert_false(pci_find(see, &nothing)); /* a machine without PCI */
    assert_int_equal(seen_count, 0);
    add_function(0, 0x12378086);
    add_bridge(1 << 11, 3);
    add_bridge(2 << 11, 0); /* not numbered */
    add_bridge(3 << 16 | 4 << 11, 5);
    add_bridge(5 << 16 | 2 << 11, 3); /* back */
    first = add_function(5 << 16 | 31 << 11, 0x10001af4);
    add_function(wanted, 0x10001af4);
    add_function(6 << 11 | 1 << 8, 0x10001af4); /* without a function 0: not there */
    assert_false(pci_find(see, &nothing));
    assert_int_equal(seen_count, 2); /* the first has but one function */
    host_put(first, PCI_HEADER, 0x00800000, 4);
    seen_count = 0;
    assert_true(pci_find(see, &wanted));
    assert_int_equal(seen_count, 3);
    assert_int_equal(seen[0], 0);
    assert_int_equal(seen[2], wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_static),     cmocka_unit_test(test_address_dhcp),
        cmocka_unit_test(test_address_none),       cmocka_unit_test(test_word_read),
        cmocka_unit_test(test_word_refused),       cmocka_unit_test(test_pci_layout),
        cmocka_unit_test(test_pci_layout_refused), cmocka_unit_test(test_pci_layout_parts),
        cmocka_unit_test(test_pci_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
