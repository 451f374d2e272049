/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QEMU's command line for a machine: the one that libvirt makes of its domain. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define MICROVM "microvm"

/* A command line that grows. */
struct words {
    char **list;
    size_t count;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void put(struct words *words, const char *format, ...)
{
    char **longer = realloc(words->list, (words->count + 2) * sizeof *longer);
    va_list arguments;

    if (!longer) {
        words->failed = true;
        return;
    }
    words->list = longer;
    va_start(arguments, format);
    if (vasprintf(&longer[words->count], format, arguments) < 0) {
        longer[words->count] = NULL;
        words->failed = true;
    }
    va_end(arguments);
    words->count += longer[words->count] != NULL;
    longer[words->count] = NULL;
}

static void put_option(struct words *words, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    put(words, "%s", name);
    put(words, "%s", value);
}

static void put_processor(struct words *words, const struct machine *machine)
{
    put(words, "-accel");
    if (machine->accel == ACCEL_KVM)
        put(words, "kvm");
    else
        put(words, "tcg,tb-size=%d", MACHINE_TB_SIZE_MIB);
    put_option(words, "-cpu",
               machine->accel == ACCEL_KVM ? "host,migratable=on" : "max,erms=off,fsrm=off");
}

static void put_memory(struct words *words, const struct launch *launch, const char *name)
{
    put(words, "-m");
    if (machine_memory_kib(launch) % 1024 == 0)
        put(words, "%u", machine_memory_kib(launch) / 1024); /* as libvirt says it */
    else
        put(words, "size=%uk", machine_memory_kib(launch));
    put(words, "-object");
    put(words,
        "{\"qom-type\":\"memory-backend-memfd\",\"id\":\"%s\","
        "\"x-use-canonical-path-for-ramblock-id\":false,\"size\":%llu}",
        name, 1024ULL * machine_memory_kib(launch));
}

/* On q35 libvirt makes a port for every virtio device, the NIC's first, and one more. */
static void put_ports(struct words *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        put(words, "-device");
        put(words,
            "{\"driver\":\"pcie-root-port\",\"port\":%u,\"chassis\":%u,\"id\":\"pci.%u\","
            "\"bus\":\"pcie.0\"%s,\"addr\":\"0x1%s%.0u\"}",
            8 + i, i + 1, i + 1, i ? "" : ",\"multifunction\":true", i ? ".0x" : "", i);
    }
}

/* Where the devices go: the slots and ports that libvirt gives them. */
struct places {
    const char *type; /* of the machine */
    unsigned next;    /* the slot, or on q35 the port, of the next device */
};

/* Take the next place of PCI for a device, as its properties. */
static void take_place(struct places *places, char *text, size_t size)
{
    if (strcmp(places->type, "q35") == 0)
        snprintf(text, size, ",\"bus\":\"pci.%u\",\"addr\":\"0x0\"", places->next);
    else if (strcmp(places->type, MICROVM) == 0)
        *text = '\0';
    else
        snprintf(text, size, ",\"bus\":\"pci.0\",\"addr\":\"0x%x\"", places->next);
    places->next++;
}

static unsigned count_disks(const struct launch *launch, enum disk_bus bus)
{
    unsigned count = 0;

    for (unsigned i = 0; i < launch->disk_count; i++)
        count += launch->disks[i].bus == bus;
    return count;
}

/* Disk `index` as the `number`th on the command line, from 0. */
static void put_disk(struct words *words, const struct launch *launch, unsigned index,
                     unsigned number, struct places *places)
{
    static const char *const names[] = {"virtio-disk", "ide0-", "sata0-"};
    const struct disk *disk = &launch->disks[index];
    unsigned node = 2 * (launch->disk_count - number), place = machine_disk_place(launch, index);
    bool mmio = strcmp(launch->machine->type, MICROVM) == 0;
    char where[64], boot[32] = "";

    put(words, "-blockdev");
    put(words,
        "{\"driver\":\"file\",\"filename\":\"%s\",\"node-name\":\"libvirt-%u-storage\","
        "\"auto-read-only\":true,\"discard\":\"unmap\"}",
        disk->base, node);
    put(words, "-blockdev");
    put(words,
        "{\"node-name\":\"libvirt-%u-format\",\"read-only\":true,\"driver\":\"%s\","
        "\"file\":\"libvirt-%u-storage\"%s}",
        node, disk->base_format, node, *disk->base_format == 'q' ? ",\"backing\":null" : "");
    put(words, "-blockdev");
    put(words,
        "{\"driver\":\"file\",\"filename\":\"%s\",\"node-name\":\"libvirt-%u-storage\","
        "\"auto-read-only\":true,\"discard\":\"unmap\"}",
        disk->overlay, node - 1);
    put(words, "-blockdev");
    put(words,
        "{\"node-name\":\"libvirt-%u-format\",\"read-only\":false,\"driver\":\"qcow2\","
        "\"file\":\"libvirt-%u-storage\",\"backing\":\"libvirt-%u-format\"}",
        node - 1, node - 1, node);
    if (index == 0)
        snprintf(boot, sizeof boot, ",\"bootindex\":1");
    put(words, "-device");
    if (disk->bus == DISK_VIRTIO) {
        take_place(places, where, sizeof where);
        put(words,
            "{\"driver\":\"virtio-blk-%s\"%s,\"drive\":\"libvirt-%u-format\","
            "\"id\":\"virtio-disk%u\"%s}",
            mmio ? "device" : "pci", where, node - 1, place, boot);
    } else {
        unsigned unit = disk->bus == DISK_IDE ? place % 2 : 0;
        unsigned bus = disk->bus == DISK_IDE ? place / 2 : place;

        put(words,
            "{\"driver\":\"ide-hd\",\"bus\":\"ide.%u\",%s\"drive\":\"libvirt-%u-format\","
            "\"id\":\"%s%u-%u\"%s}",
            bus, disk->bus == DISK_IDE ? (unit ? "\"unit\":1," : "\"unit\":0,") : "", node - 1,
            names[disk->bus], disk->bus == DISK_IDE ? bus : 0, disk->bus == DISK_IDE ? unit : place,
            boot);
    }
}

static void put_netdev(struct words *words, const struct machine_fds *fds)
{
    put(words, "-netdev");
    if (fds->vhost >= 0)
        put(words,
            "{\"type\":\"tap\",\"fd\":\"%d\",\"vhost\":true,\"vhostfd\":\"%d\","
            "\"id\":\"hostnet0\"}",
            fds->tap, fds->vhost);
    else
        put(words, "{\"type\":\"tap\",\"fd\":\"%d\",\"id\":\"hostnet0\"}", fds->tap);
}

/* The NIC, at `where`. */
static void put_network(struct words *words, const struct launch *launch, const char *where,
                        const struct machine_fds *fds)
{
    static const char *const models[] = {
        [NIC_VIRTIO] = "virtio-net-pci", [NIC_TRANSITIONAL] = "virtio-net-pci",
        [NIC_VMXNET3] = "vmxnet3",       [NIC_E1000] = "e1000",
        [NIC_RTL8139] = "rtl8139",
    };
    const unsigned char *mac = launch->instance.mac;
    bool mmio = strcmp(launch->machine->type, MICROVM) == 0;

    put_netdev(words, fds);
    put(words, "-device");
    put(words,
        "{\"driver\":\"%s\"%s,\"netdev\":\"hostnet0\",\"id\":\"net0\","
        "\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\"%s%s}",
        mmio ? "virtio-net-device" : models[launch->machine->nic],
        launch->machine->no_event_idx ? ",\"event_idx\":false" : "", mac[0], mac[1], mac[2], mac[3],
        mac[4], mac[5], where, mmio ? "" : ",\"romfile\":\"\"");
}

/* libvirt keeps the disks of a bus together. */
static void put_disks(struct words *words, const struct launch *launch, struct places *places)
{
    unsigned number = 0;

    for (unsigned first = 0; first < launch->disk_count; first++) {
        if (machine_disk_place(launch, first) > 0)
            continue;
        for (unsigned i = first; i < launch->disk_count; i++)
            if (launch->disks[i].bus == launch->disks[first].bus)
                put_disk(words, launch, i, number++, places);
    }
}

/* Disks and NIC. libvirt puts the disks first, but gives the NIC the first place. */
static void put_devices(struct words *words, const struct launch *launch,
                        const struct machine_fds *fds)
{
    const struct machine *machine = launch->machine;
    bool q35 = strcmp(machine->type, "q35") == 0, plain = machine_nic_is_plain(machine);
    struct places places = {.type = machine->type, .next = q35 ? 1 : 2};
    unsigned ports = count_disks(launch, DISK_VIRTIO) + (launch->tap && plain);
    char where[64] = "";

    if (q35 && ports > 0)
        put_ports(words, ports + 1);
    if (launch->tap && (plain || !q35))
        take_place(&places, where, sizeof where);
    else if (launch->tap)
        snprintf(where, sizeof where, ",\"bus\":\"pcie.0\",\"addr\":\"0x2\"");
    put_disks(words, launch, &places);
    if (launch->tap)
        put_network(words, launch, where, fds);
}

static void put_serial(struct words *words, const struct launch *launch, int number,
                       const char *name, const char *device)
{
    put(words, "-chardev");
    put(words, "socket,id=charserial%d,path=%s/%s", number, launch->workdir, name);
    put(words, "-device");
    put(words, "{\"driver\":\"%s\",\"chardev\":\"charserial%d\",\"id\":\"serial%d\"%s}", device,
        number, number, number ? "" : ",\"index\":0");
}

static void put_icount(struct words *words, const struct launch *launch)
{
    if (!launch->machine->icount)
        return;
    put_option(words, "-icount", "shift=0,sleep=off");
    put_option(words, "-seed", "1");
    put(words, "-plugin");
    put(words, "%s,out=%s/halts", launch->machine->plugin, launch->workdir);
}

char **machine_argv(const struct launch *launch, const struct machine_fds *fds)
{
    const struct machine *machine = launch->machine;
    bool mmio = strcmp(machine->type, MICROVM) == 0;
    const char *ram = mmio ? "microvm.ram" : "pc.ram";
    struct words words = {0};

    put(&words, MACHINE_QEMU);
    put(&words, "-name");
    put(&words, "guest=%s,debug-threads=on", launch->name);
    put(&words, "-S");
    put(&words, "-machine");
    put(&words, "%s,usb=off,dump-guest-core=off,memory-backend=%s", machine->type, ram);
    put_processor(&words, machine);
    put_memory(&words, launch, ram);
    put_option(&words, "-overcommit", "mem-lock=off");
    put(&words, "-smp");
    put(&words, "%u,sockets=%u,cores=1,threads=1", machine->vcpus, machine->vcpus);
    put_option(&words, "-display", "none");
    put(&words, "-no-user-config");
    put(&words, "-nodefaults");
    put(&words, "-chardev");
    put(&words, "socket,id=charmonitor,fd=%d", fds->monitor);
    put_option(&words, "-mon", "chardev=charmonitor,id=monitor,mode=control");
    put_option(&words, "-rtc", "base=2024-01-01T00:00:00,clock=vm");
    put(&words, "-no-reboot");
    if (mmio)
        put(&words, "-no-acpi");
    put_option(&words, "-boot", "strict=on");
    put_option(&words, "-kernel", launch->kernel);
    put_option(&words, "-initrd", launch->initrd);
    put_option(&words, "-append", launch->cmdline);
    put_devices(&words, launch, fds);
    put_serial(&words, launch, 0, "console", "isa-serial");
    put_serial(&words, launch, 1, "marker", "isa-debugcon");
    put_option(&words, "-audiodev", "{\"id\":\"audio1\",\"driver\":\"none\"}");
    if (mmio)
        put_option(&words, "-machine", MACHINE_MICROVM_OPTIONS);
    put_icount(&words, launch);
    if (machine->debug_exit)
        put_option(&words, "-device", MACHINE_DEBUG_EXIT);
    put_option(&words, "-sandbox",
               "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
    put_option(&words, "-msg", "timestamp=on");
    if (!words.failed)
        return words.list;
    machine_argv_free(words.list);
    return NULL;
}

void machine_argv_free(char **argv)
{
    for (char **word = argv; word && *word; word++)
        free(*word);
    free(argv);
}
