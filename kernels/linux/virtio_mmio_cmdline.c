// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A virtio-mmio device from the command line, for Debian's kernel. That kernel's own option for it
 * (virtio_mmio.device=) is compiled out, so on a microvm without ACPI nothing would announce the
 * NIC. The syntax is that option's, for one device: SIZE@ADDRESS:IRQ.
 */
#include <linux/module.h>
#include <linux/platform_device.h>

static char *device;
module_param(device, charp, 0);

static struct platform_device *registered;

static int __init add(void)
{
    unsigned long long size, address;
    struct resource resources[2];
    unsigned int irq;

    if (!device || sscanf(device, "%llu@%lli:%u", &size, &address, &irq) != 3)
        return -EINVAL;
    resources[0] = (struct resource)DEFINE_RES_MEM(address, size);
    resources[1] = (struct resource)DEFINE_RES_IRQ(irq);
    registered = platform_device_register_simple("virtio-mmio", 0, resources, 2);
    return PTR_ERR_OR_ZERO(registered);
}

static void __exit remove(void)
{
    platform_device_unregister(registered);
}

module_init(add);
module_exit(remove);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a virtio-mmio device from the command line");
