/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
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
                                   "      <model type='virtio'/>\n"
                                   "      <driver name='%s'/>\n"
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
#define MICROVM_OPTIONS "auto-kernel-cmdline=off,rtc=on"
static const char args_microvm[] = "    <qemu:arg value='-machine'/>\n"
                                   "    <qemu:arg value='" MICROVM_OPTIONS "'/>\n";

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

static unsigned memory_kib(const struct launch *launch)
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
 * bytes each from 0xfeb00000, with interrupts from 5. QEMU fills them from the last one down, and
 * the NIC is the only device. */
const char *machine_nic(const struct machine *machine)
{
    return strcmp(machine->type, MICROVM) == 0 ? "virtio_mmio.device=512@0xfeb00e00:12" : "";
}

static void put_nic(FILE *out, const struct launch *launch)
{
    bool mmio = strcmp(launch->machine->type, MICROVM) == 0;
    const unsigned char *mac = launch->instance.mac;

    if (!launch->tap)
        return;
    fprintf(out, template_nic, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
            launch->instance.interface, launch->machine->vhost ? "vhost" : "qemu",
            mmio ? "<address type='virtio-mmio'/>" : "<rom enabled='no'/>");
}

static void put_args(FILE *out, const struct launch *launch)
{
    const struct machine *machine = launch->machine;
    bool mmio = strcmp(machine->type, MICROVM) == 0, exact = memory_kib(launch) % 1024;

    if (!mmio && !machine->icount && !exact)
        return;
    fputs("  <qemu:commandline>\n", out);
    if (mmio)
        fputs(args_microvm, out);
    if (machine->icount)
        fprintf(out, args_icount, machine->plugin, launch->workdir);
    if (exact)
        fprintf(out, args_memory, 1024ULL * memory_kib(launch), memory_kib(launch));
    fputs("  </qemu:commandline>\n", out);
}

static void put_head(FILE *out, const struct launch *launch)
{
    const struct machine *machine = launch->machine;

    fprintf(out, template_head, machine->accel == ACCEL_KVM ? "kvm" : "qemu");
    put_text(out, launch->name);
    fprintf(out, template_memory, (memory_kib(launch) + 1023) / 1024);
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
    if (memory_kib(launch) % 1024 == 0)
        put(words, "%u", memory_kib(launch) / 1024); /* as libvirt says it */
    else
        put(words, "size=%uk", memory_kib(launch));
    put(words, "-object");
    put(words,
        "{\"qom-type\":\"memory-backend-memfd\",\"id\":\"%s\","
        "\"x-use-canonical-path-for-ramblock-id\":false,\"size\":%llu}",
        name, 1024ULL * memory_kib(launch));
}

/* On q35 libvirt makes two ports, the first of them for the NIC. */
static void put_ports(struct words *words)
{
    put_option(words, "-device",
               "{\"driver\":\"pcie-root-port\",\"port\":8,\"chassis\":1,\"id\":\"pci.1\","
               "\"bus\":\"pcie.0\",\"multifunction\":true,\"addr\":\"0x1\"}");
    put_option(words, "-device",
               "{\"driver\":\"pcie-root-port\",\"port\":9,\"chassis\":2,\"id\":\"pci.2\","
               "\"bus\":\"pcie.0\",\"addr\":\"0x1.0x1\"}");
}

/* The NIC where libvirt puts it. */
static void put_network(struct words *words, const struct launch *launch,
                        const struct machine_fds *fds)
{
    const char *driver = "virtio-net-pci", *bus = "\"pci.0\",\"addr\":\"0x2\"";
    const unsigned char *mac = launch->instance.mac;
    bool mmio = strcmp(launch->machine->type, MICROVM) == 0;

    if (!launch->tap)
        return;
    if (mmio)
        driver = "virtio-net-device";
    if (strcmp(launch->machine->type, "q35") == 0) {
        bus = "\"pci.1\",\"addr\":\"0x0\"";
        put_ports(words);
    }
    put(words, "-netdev");
    if (fds->vhost >= 0)
        put(words,
            "{\"type\":\"tap\",\"fd\":\"%d\",\"vhost\":true,\"vhostfd\":\"%d\","
            "\"id\":\"hostnet0\"}",
            fds->tap, fds->vhost);
    else
        put(words, "{\"type\":\"tap\",\"fd\":\"%d\",\"id\":\"hostnet0\"}", fds->tap);
    put(words, "-device");
    put(words,
        "{\"driver\":\"%s\",\"netdev\":\"hostnet0\",\"id\":\"net0\","
        "\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\"%s%s%s}",
        driver, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
        mmio ? "" : ",\"bus\":", mmio ? "" : bus, mmio ? "" : ",\"romfile\":\"\"");
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
    put_network(&words, launch, fds);
    put_serial(&words, launch, 0, "console", "isa-serial");
    put_serial(&words, launch, 1, "marker", "isa-debugcon");
    put_option(&words, "-audiodev", "{\"id\":\"audio1\",\"driver\":\"none\"}");
    if (mmio)
        put_option(&words, "-machine", MICROVM_OPTIONS);
    put_icount(&words, launch);
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
