/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/*
 * Why each choice:
 * - memfd backing: anonymous memory gets transparent huge pages, which would charge an empty
 *   guest for megabytes that it never touched.
 * - erms and fsrm are hidden under TCG, where `rep movsb` is ten times slower than plain moves and
 *   libcs choose it when they see these flags; KVM keeps the host's CPU as it is.
 * - the RTC starts at a fixed date and follows virtual time, so that runs under icount repeat.
 * - a guest's reset ends the VM: microvm without ACPI has no other way to end itself.
 * - no balloon, USB, video or option ROM: nothing that only some kernels would drive.
 */
static const char template_head[] =
    "<domain type='%s' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
    "  <name>%s</name>\n"
    "  <memory unit='MiB'>%u</memory>\n"
    "  <memoryBacking><source type='memfd'/></memoryBacking>\n"
    "  <vcpu placement='static'%s%s%s>%u</vcpu>\n"
    "  <os>\n"
    "    <type arch='x86_64' machine='%s'>hvm</type>\n";

static const char template_features[] =
    "  </os>\n"
    "  <features>%s%s</features>\n"
    "  %s\n"
    "  <clock offset='absolute' start='1704067200'><timer name='rtc' track='guest'/></clock>\n"
    "  <on_poweroff>destroy</on_poweroff>\n"
    "  <on_reboot>destroy</on_reboot>\n"
    "  <on_crash>destroy</on_crash>\n"
    "  <devices>\n"
    "    <emulator>/usr/bin/qemu-system-x86_64</emulator>\n"
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
                                   "      <model type='virtio'/>\n"
                                   "      %s\n"
                                   "    </interface>\n";

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
                                   "    <qemu:arg value='auto-kernel-cmdline=off,rtc=on'/>\n";

static const char cpu_tcg[] = "<cpu mode='maximum'>"
                              "<feature policy='disable' name='erms'/>"
                              "<feature policy='disable' name='fsrm'/></cpu>";
static const char cpu_kvm[] = "<cpu mode='host-passthrough'/>";

static void put_escaped(FILE *out, const char *tag, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(out, "    <%s>", tag);
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
        default:
            fputc(*text, out);
        }
    }
    fprintf(out, "</%s>\n", tag);
}

/* Without ACPI a microvm does not announce its virtio-mmio devices. It has 8 slots for them, of 512
 * bytes each from 0xfeb00000, with interrupts from 5. QEMU fills them from the last one down, and
 * the NIC is the only device. */
const char *machine_nic(const struct machine *machine)
{
    return strcmp(machine->type, "microvm") == 0 ? "virtio_mmio.device=512@0xfeb00e00:12" : "";
}

static void put_nic(FILE *out, const struct launch *launch)
{
    bool mmio = strcmp(launch->machine->type, "microvm") == 0;
    const unsigned char *mac = launch->instance.mac;

    if (!launch->tap)
        return;
    fprintf(out, template_nic, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
            launch->instance.interface,
            mmio ? "<address type='virtio-mmio'/>" : "<rom enabled='no'/>");
}

static void put_args(FILE *out, const struct launch *launch)
{
    const struct machine *machine = launch->machine;
    bool mmio = strcmp(machine->type, "microvm") == 0;

    if (!mmio && !machine->icount)
        return;
    fputs("  <qemu:commandline>\n", out);
    if (mmio)
        fputs(args_microvm, out);
    if (machine->icount)
        fprintf(out, args_icount, machine->plugin, launch->workdir);
    fputs("  </qemu:commandline>\n", out);
}

char *machine_xml(const struct launch *launch)
{
    const struct machine *machine = launch->machine;
    bool kvm = machine->accel == ACCEL_KVM;
    bool mmio = strcmp(machine->type, "microvm") == 0;
    char tcg[64] = "";
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    if (!kvm)
        snprintf(tcg, sizeof tcg, "<tcg><tb-cache unit='MiB'>%d</tb-cache></tcg>",
                 MACHINE_TB_SIZE_MIB);
    fprintf(out, template_head, kvm ? "kvm" : "qemu", launch->name, machine->memory_mib,
            machine->pin ? " cpuset='" : "", machine->pin ? machine->pin : "",
            machine->pin ? "'" : "", machine->vcpus, machine->type);
    put_escaped(out, "kernel", launch->kernel);
    put_escaped(out, "initrd", launch->initrd);
    put_escaped(out, "cmdline", launch->cmdline);
    fprintf(out, template_features, mmio ? "" : "<acpi/>", tcg, kvm ? cpu_kvm : cpu_tcg,
            launch->workdir, launch->workdir);
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
