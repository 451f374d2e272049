/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host is, and how it is set. */
#include <dirent.h>
#include <libvirt/libvirt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "drivers/machine.h"
#include "bench/base/file.h"
#include "bench/run/host.h"
#include "bench/run/hostfile.h"
#include "bench/run/quota.h"

#define CPU "/sys/devices/system/cpu/"

static void add_text(cJSON *host, const char *key, const char *text)
{
    cJSON_AddStringToObject(host, key, *text ? text : "unknown");
}

/* The value of the first "name : value" line of a file of /proc. */
static void find_value(const char *root, const char *path, const char *name, char *value,
                       size_t size)
{
    FILE *file = host_file(root, path);
    size_t length = strlen(name);
    char line[8192];

    value[0] = '\0';
    while (file && fgets(line, sizeof line, file)) {
        const char *rest = line + length;

        if (strncmp(line, name, length) != 0 || rest[strspn(rest, " \t")] != ':')
            continue;
        rest = strchr(rest, ':') + 1;
        rest += strspn(rest, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(rest, "\n"), rest);
        break;
    }
    if (file)
        fclose(file);
}

static void add_value(cJSON *host, const char *key, const char *root, const char *path,
                      const char *name)
{
    char value[256];

    find_value(root, path, name, value, sizeof value);
    add_text(host, key, value);
}

static void add_line(cJSON *host, const char *key, const char *root, const char *path)
{
    char line[4096];

    host_line(root, path, line, sizeof line);
    add_text(host, key, line);
}

/* "unknown" without flags; a CPU of a virtual machine has the flag "hypervisor". */
static void add_virtual(cJSON *host, const char *root)
{
    char flags[8192], *flag;
    bool is = false;

    find_value(root, "/proc/cpuinfo", "flags", flags, sizeof flags);
    if (!*flags) {
        add_text(host, "virtual", "");
        return;
    }
    for (flag = strtok(flags, " "); flag && !is; flag = strtok(NULL, " "))
        is = strcmp(flag, "hypervisor") == 0;
    add_text(host, "virtual", is ? "yes" : "no");
}

static void add_turbo(cJSON *host, const char *root)
{
    char boost[8], no_turbo[8];

    host_line(root, CPU "cpufreq/boost", boost, sizeof boost);
    host_line(root, CPU "intel_pstate/no_turbo", no_turbo, sizeof no_turbo);
    if (*boost || *no_turbo)
        add_text(host, "turbo",
                 strcmp(boost, "1") == 0 || strcmp(no_turbo, "0") == 0 ? "on" : "off");
    else
        add_text(host, "turbo", "");
}

/* Of "always [madvise] never" what is in brackets. */
static void add_choice(cJSON *host, const char *key, const char *root, const char *path)
{
    char line[256], *from;

    host_line(root, path, line, sizeof line);
    from = strchr(line, '[');
    if (from && strchr(from, ']'))
        *strchr(from, ']') = '\0';
    add_text(host, key, from ? from + 1 : line);
}

static void add_mitigations(cJSON *host, const char *root)
{
    static const char folder[] = CPU "vulnerabilities";
    cJSON *object = cJSON_AddObjectToObject(host, "mitigations");
    char path[PATH_MAX], line[512];
    struct dirent **entries;
    int count;

    snprintf(path, sizeof path, "%s%s", root ? root : "", folder);
    count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            host_line(root, path, line, sizeof line);
            cJSON_AddStringToObject(object, entries[i]->d_name, line);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void add_cpu(cJSON *host, const char *root)
{
    static const char cpuinfo[] = "/proc/cpuinfo";

    add_value(host, "cpu", root, cpuinfo, "model name");
    add_value(host, "cpu_family", root, cpuinfo, "cpu family");
    add_value(host, "cpu_model", root, cpuinfo, "model");
    add_value(host, "cpu_stepping", root, cpuinfo, "stepping");
    add_value(host, "microcode", root, cpuinfo, "microcode");
    add_virtual(host, root);
    add_line(host, "smt", root, CPU "smt/active");
    add_turbo(host, root);
    add_line(host, "governor", root, CPU "cpu0/cpufreq/scaling_governor");
    add_mitigations(host, root);
}

/* How the scheduler treats this process, and all that it starts. */
static void add_own(cJSON *host, const char *root)
{
    struct host_quota quota;

    add_value(host, "affinity", root, "/proc/self/status", "Cpus_allowed_list");
    cJSON_AddNumberToObject(host, "nice", getpriority(PRIO_PROCESS, 0));
    host_quota(root, &quota);
    if (quota.cpus > 0)
        cJSON_AddNumberToObject(host, "quota_cpus", quota.cpus);
}

/* The first line that `command` prints. */
static void add_version(cJSON *host, const char *key, const char *command)
{
    char text[256] = "";
    FILE *program = popen(command, "re");

    if (program && fgets(text, sizeof text, program))
        text[strcspn(text, "\n")] = '\0';
    if (program)
        pclose(program);
    add_text(host, key, text);
}

/* False where there is no such file. */
static bool add_hash(cJSON *object, const char *key, const char *root, const char *folder,
                     const char *name)
{
    char path[PATH_MAX];
    struct file file;
    bool there;

    snprintf(path, sizeof path, "%s%s%s", root ? root : "", folder, name);
    there = file_read(path, &file, NULL) == 0;
    if (there)
        cJSON_AddStringToObject(object, key, file.sha256);
    file_free(&file);
    return there;
}

/* What runs before a kernel: QEMU takes the one that the machine needs. */
static void add_firmware(cJSON *host, const char *root)
{
    static const char *const names[] = {"bios-256k.bin", "bios-microvm.bin", "qboot.rom", "pvh.bin",
                                        "linuxboot_dma.bin"};
    cJSON *object = cJSON_AddObjectToObject(host, "firmware");

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!add_hash(object, names[i], root, "/usr/share/qemu/", names[i]))
            add_hash(object, names[i], root, "/usr/share/seabios/", names[i]);
}

static void add_programs(cJSON *host, const char *root)
{
    unsigned long version = 0;
    char text[64];

    add_version(host, "qemu", MACHINE_QEMU " --version 2>/dev/null");
    add_hash(host, "qemu_sha256", root, MACHINE_QEMU, "");
    add_firmware(host, root);
    /* libvirt reads this once, now; else it would tell the user of every domain that it starts. */
    setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 1);
    virGetVersion(&version, NULL, NULL);
    snprintf(text, sizeof text, "%lu.%lu.%lu", version / 1000000, version / 1000 % 1000,
             version % 1000);
    add_text(host, "libvirt", text);
    add_version(host, "iperf3", "iperf3 --version 2>/dev/null");
}

cJSON *host_describe(const char *root)
{
    cJSON *host = cJSON_CreateObject();
    struct utsname name;
    struct sysinfo memory;
    char kernel[256];

    uname(&name);
    sysinfo(&memory);
    snprintf(kernel, sizeof kernel, "%s %s", name.sysname, name.release);
    add_cpu(host, root);
    cJSON_AddNumberToObject(host, "cores", (double)sysconf(_SC_NPROCESSORS_ONLN));
    cJSON_AddNumberToObject(host, "memory_mib",
                            (double)((unsigned long long)memory.totalram * memory.mem_unit >> 20));
    add_text(host, "kernel", kernel);
    add_line(host, "cmdline", root, "/proc/cmdline");
    add_line(host, "clocksource", root,
             "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    add_line(host, "tcp_congestion", root, "/proc/sys/net/ipv4/tcp_congestion_control");
    add_choice(host, "thp", root, "/sys/kernel/mm/transparent_hugepage/enabled");
    add_line(host, "aslr", root, "/proc/sys/kernel/randomize_va_space");
    add_own(host, root);
    add_programs(host, root);
    return host;
}
