/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define MICROVM "microvm"

/*
 * Why each choice:
 * - memfd backing: anonymous memory gets transparent huge pages, which would charge an empty
 *   guest for megabytes that it never touched.
 * - erms and fsrm are hidden under TCG, where `rep movsb` is ten times slower than plain moves and
 *   libcs choose it when they see these flags; KVM keeps the host's CPU as it is.
 * - the RTC starts at a fixed date and follows virtual time, so that runs under icount repeat.
 * - a guest's reset ends the VM: microvm without ACPI has no other way to end itself.
 * - the NIC's backend is named: libvirt would take vhost-net wherever it can open it.
 * - no balloon, USB, video or option ROM: nothing that only some kernels would drive.
 */
static const char template_head[] =
    "<domain type='%s' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
    "  <name>";

static const char template_memory[] = "</name>\n"
                                      "  <memory unit='MiB'>%u</memory>\n"
                                      "  <memoryBacking><source type='memfd'/></memoryBacking>\n"
                                      "  <vcpu placement='static'";

static const char template_os[] = ">%u</vcpu>\n"
                                  "  <os>\n"
                                  "    <type arch='x86_64'";

static const char template_features[] =
    "  </os>\n"
    "  <features>%s%s</features>\n"
    "  %s\n"
    "  <clock offset='absolute' start='1704067200'><timer name='rtc' track='guest'/></clock>\n"
    "  <on_poweroff>destroy</on_poweroff>\n"
    "  <on_reboot>destroy</on_reboot>\n"
    "  <on_crash>destroy</on_crash>\n"
    "  <devices>\n"
    "    <emulator>" MACHINE_QEMU "</emulator>\n"
    "    <controller type='usb' model='none'/>\n"
    "    <memballoon model='none'/>\n"
    "    <serial type='unix'>\n"
    "      <source mode='connect' path='%s/console'/>\n"
    "      <target type='isa-serial' port='0'/>\n"
    "    </serial>\n"
    "    <serial type='unix'>\n"
    "      <source mode='connect' path='%s/marker'/>\n"
    "      <target type='isa-debug' port='1'/>\n"
    "    </serial>\n";

static const char template_nic[] = "    <interface type='ethernet'>\n"
                                   "      <mac address='%02x:%02x:%02x:%02x:%02x:%02x'/>\n"
                                   "      <target dev='%s' managed='no'/>\n"
                                   "      <model type='%s'/>\n"
                                   "      <driver name='%s'%s/>\n"
                                   "      %s%s\n"
                                   "    </interface>\n";

static const char template_disk[] =
    "    <disk type='file' device='disk'>\n"
    "      <driver name='qemu' type='qcow2'/>\n"
    "      <source file='%s'/>\n"
    "      <backingStore type='file'><format type='%s'/><source file='%s'/><backingStore/>"
    "</backingStore>\n"
    "      <target dev='%s%c' bus='%s'/>%s\n"
    "    </disk>\n";

/* Where solo5, unikraft and nanos look for it. */
static const char args_debug_exit[] = "    <qemu:arg value='-device'/>\n"
                                      "    <qemu:arg value='" MACHINE_DEBUG_EXIT "'/>\n";

static const char args_icount[] = "    <qemu:arg value='-icount'/>\n"
                                  "    <qemu:arg value='shift=0,sleep=off'/>\n"
                                  "    <qemu:arg value='-seed'/>\n"
                                  "    <qemu:arg value='1'/>\n"
                                  "    <qemu:arg value='-plugin'/>\n"
                                  "    <qemu:arg value='%s,out=%s/halts'/>\n";

/* Otherwise QEMU appends virtio_mmio.device=... to the command line. After `--` no kernel reads
 * that: it would become the program's last argument. And the machine has no real-time clock under
 * KVM, where it has one under TCG. */
static const char args_microvm[] = "    <qemu:arg value='-machine'/>\n"
                                   "    <qemu:arg value='" MACHINE_MICROVM_OPTIONS "'/>\n";

static const char cpu_tcg[] = "<cpu mode='maximum'>"
                              "<feature policy='disable' name='erms'/>"
                              "<feature policy='disable' name='fsrm'/></cpu>";
static const char cpu_kvm[] = "<cpu mode='host-passthrough'/>";

/* libvirt rounds memory up to whole MiB. So it is told that, and QEMU, behind libvirt's own
 * arguments, to take another memfd of the exact size; libvirt's stays unused. */
static const char args_memory[] =
    "    <qemu:arg value='-object'/>\n"
    "    <qemu:arg value='{\"qom-type\":\"memory-backend-memfd\",\"id\":\"" MACHINE_EXACT_RAM
    "\",\"size\":%llu}'/>\n"
    "    <qemu:arg value='-machine'/>\n"
    "    <qemu:arg value='memory-backend=" MACHINE_EXACT_RAM "'/>\n"
    "    <qemu:arg value='-m'/>\n"
    "    <qemu:arg value='size=%uk'/>\n";

unsigned machine_memory_kib(const struct launch *launch)
{
    return launch->memory_kib ? launch->memory_kib : launch->machine->memory_mib * 1024;
}

/* Text as XML has it, within an element or an attribute. */
static void put_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '\'':
            fputs("&apos;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

/* An element of a line, or none without text. */
static void put_element(FILE *out, const char *tag, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(out, "    <%s>", tag);
    put_text(out, text);
    fprintf(out, "</%s>\n", tag);
}

/* ` NAME='TEXT'`, or nothing without text. */
static void put_attribute(FILE *out, const char *name, const char *text)
{
    if (!text)
        return;
    fprintf(out, " %s='", name);
    put_text(out, text);
    fputc('\'', out);
}

/* Without ACPI a microvm does not announce its virtio-mmio devices. It has 8 slots for them, of 512
 * bytes each from 0xfeb00000, with interrupts from 5. QEMU fills them from the last one down: disks
 * first. */
void machine_nic(const struct launch *launch, char *text, size_t size)
{
    unsigned below = 0;

    for (unsigned i = 0; i < launch->disk_count; i++)
        below += launch->disks[i].bus == DISK_VIRTIO;
    *text = '\0';
    if (strcmp(launch->machine->type, MICROVM) == 0)
        snprintf(text, size, "virtio_mmio.device=512@0x%x:%u", 0xfeb00e00 - 512 * below,
                 12 - below);
}

void machine_disks(const struct launch *launch, char *text, size_t size)
{
    unsigned slot = 0;

    *text = '\0';
    if (strcmp(launch->machine->type, MICROVM) != 0)
        return;
    for (unsigned i = 0; i < launch->disk_count; i++) {
        size_t used = strlen(text);

        if (launch->disks[i].bus != DISK_VIRTIO)
            continue;
        snprintf(text + used, size - used, "%svirtio_mmio.device=512@0x%x:%u", used ? " " : "",
                 0xfeb00e00 - 512 * slot, 12 - slot);
        slot++;
    }
}

bool machine_nic_is_plain(const struct machine *machine)
{
    return machine->nic == NIC_VIRTIO ||
           (machine->nic == NIC_TRANSITIONAL && strcmp(machine->type, "q35") != 0);
}

/* On q35 libvirt puts a NIC behind a port, where virtio is no longer transitional and a
 * conventional card cannot be. So every other NIC than virtio gets a slot of the root bus. */
static void put_nic(FILE *out, const struct launch *launch)
{
    static const char *const models[] = {
        [NIC_VIRTIO] = "virtio", [NIC_TRANSITIONAL] = "virtio", [NIC_VMXNET3] = "vmxnet3",
        [NIC_E1000] = "e1000",   [NIC_RTL8139] = "rtl8139",
    };
    const struct machine *machine = launch->machine;
    const unsigned char *mac = launch->instance.mac;
    const char *address = "", *rom = "<rom enabled='no'/>";

    if (!launch->tap)
        return;
    if (strcmp(machine->type, MICROVM) == 0) {
        address = "<address type='virtio-mmio'/>";
        rom = "";
    } else if (!machine_nic_is_plain(machine) && strcmp(machine->type, "q35") == 0) {
        address = "<address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>";
    }
    fprintf(out, template_nic, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
            launch->instance.interface, models[machine->nic], machine->vhost ? "vhost" : "qemu",
            machine->no_event_idx ? " event_idx='off'" : "", address, rom);
}

/* Paths are ours: staged under names of targets, which hold nothing that XML would read. */
static void put_disks(FILE *out, const struct launch *launch)
{
    static const char *const buses[] = {"virtio", "ide", "sata"}, *const names[] = {"vd", "hd",
                                                                                    "sd"};
    bool mmio = strcmp(launch->machine->type, MICROVM) == 0;

    for (unsigned i = 0; i < launch->disk_count; i++) {
        const struct disk *disk = &launch->disks[i];

        fprintf(out, template_disk, disk->overlay, disk->base_format, disk->base, names[disk->bus],
                'a' + machine_disk_place(launch, i), buses[disk->bus],
                mmio && disk->bus == DISK_VIRTIO ? "<address type='virtio-mmio'/>" : "");
    }
}

unsigned machine_disk_place(const struct launch *launch, unsigned index)
{
    unsigned place = 0;

    for (unsigned i = 0; i < index; i++)
        place += launch->disks[i].bus == launch->disks[index].bus;
    return place;
}

static void put_args(FILE *out, const struct launch *launch)
{
    const struct machine *machine = launch->machine;
    bool mmio = strcmp(machine->type, MICROVM) == 0, exact = machine_memory_kib(launch) % 1024;

    if (!mmio && !machine->icount && !exact && !machine->debug_exit)
        return;
    fputs("  <qemu:commandline>\n", out);
    if (mmio)
        fputs(args_microvm, out);
    if (machine->icount)
        fprintf(out, args_icount, machine->plugin, launch->workdir);
    if (machine->debug_exit)
        fputs(args_debug_exit, out);
    if (exact)
        fprintf(out, args_memory, 1024ULL * machine_memory_kib(launch), machine_memory_kib(launch));
    fputs("  </qemu:commandline>\n", out);
}

static void put_head(FILE *out, const struct launch *launch)
{
    const struct machine *machine = launch->machine;

    fprintf(out, template_head, machine->accel == ACCEL_KVM ? "kvm" : "qemu");
    put_text(out, launch->name);
    fprintf(out, template_memory, (machine_memory_kib(launch) + 1023) / 1024);
    put_attribute(out, "cpuset", machine->pin);
    fprintf(out, template_os, machine->vcpus);
    put_attribute(out, "machine", machine->type);
    fputs(">hvm</type>\n", out);
}

char *machine_xml(const struct launch *launch)
{
    const struct machine *machine = launch->machine;
    bool kvm = machine->accel == ACCEL_KVM;
    bool mmio = strcmp(machine->type, MICROVM) == 0;
    char tcg[64] = "";
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    if (!kvm)
        snprintf(tcg, sizeof tcg, "<tcg><tb-cache unit='MiB'>%d</tb-cache></tcg>",
                 MACHINE_TB_SIZE_MIB);
    put_head(out, launch);
    put_element(out, "kernel", launch->kernel);
    put_element(out, "initrd", launch->initrd);
    put_element(out, "cmdline", launch->cmdline);
    fprintf(out, template_features, mmio ? "" : "<acpi/>", tcg, kvm ? cpu_kvm : cpu_tcg,
            launch->workdir, launch->workdir);
    put_disks(out, launch);
    put_nic(out, launch);
    fputs("  </devices>\n", out);
    put_args(out, launch);
    fputs("</domain>\n", out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *machine_signature(const struct machine *machine)
{
    struct launch blank = {.name = "", .machine = machine, .tap = true, .workdir = ""};

    return machine_xml(&blank);
}
