/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <libvirt/libvirt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "scenarios/marker.h"
#include "bench/run/host.h"

static FILE *open_below(const char *root, const char *path)
{
    char whole[PATH_MAX];

    snprintf(whole, sizeof whole, "%s%s", root ? root : "", path);
    return fopen(whole, "re");
}

/* The first line of a file without its newline; "" when there is none. */
static void first_line(const char *root, const char *path, char *line, size_t size)
{
    FILE *file = open_below(root, path);

    line[0] = '\0';
    if (!file)
        return;
    if (fgets(line, (int)size, file))
        line[strcspn(line, "\n")] = '\0';
    fclose(file);
}

void host_snapshot(const char *root, struct host_snapshot *snapshot)
{
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    unsigned long long user, nice, system, idle, wait, irq, softirq, steal;
    struct timespec now;
    char line[512];

    *snapshot = (struct host_snapshot){0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    snapshot->time_s = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    first_line(root, "/proc/loadavg", line, sizeof line);
    snapshot->load1 = strtod(line, NULL);
    first_line(root, "/proc/stat", line, sizeof line);
    if (sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
               &wait, &irq, &softirq, &steal) == 8) {
        snapshot->busy_s = (double)(user + nice + system + irq + softirq) * tick;
        snapshot->steal_s = (double)steal * tick;
    }
}

/* The value of the first "name : value" line of /proc/cpuinfo. */
static void add_cpuinfo(cJSON *host, const char *root, const char *key, const char *name)
{
    FILE *file = open_below(root, "/proc/cpuinfo");
    char line[8192];
    const char *value = "unknown";

    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 && strchr(line, ':')) {
            line[strcspn(line, "\n")] = '\0';
            value = strchr(line, ':') + 1 + strspn(strchr(line, ':') + 1, " \t");
            break;
        }
    cJSON_AddStringToObject(host, key, value);
    if (file)
        fclose(file);
}

static void add_mitigations(cJSON *host, const char *root)
{
    static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
    cJSON *object = cJSON_AddObjectToObject(host, "mitigations");
    char path[PATH_MAX], line[512];
    struct dirent **entries;
    int count;

    snprintf(path, sizeof path, "%s%s", root ? root : "", folder);
    count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            first_line(root, path, line, sizeof line);
            cJSON_AddStringToObject(object, entries[i]->d_name, line);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

static void add_line(cJSON *host, const char *key, const char *root, const char *path)
{
    char line[256];

    first_line(root, path, line, sizeof line);
    cJSON_AddStringToObject(host, key, line[0] ? line : "unknown");
}

static void add_versions(cJSON *host)
{
    unsigned long version = 0;
    char text[256] = "";
    FILE *qemu = popen("/usr/bin/qemu-system-x86_64 --version 2>/dev/null", "re");

    if (qemu && fgets(text, sizeof text, qemu))
        text[strcspn(text, "\n")] = '\0';
    if (qemu)
        pclose(qemu);
    cJSON_AddStringToObject(host, "qemu", text[0] ? text : "unknown");
    virGetVersion(&version, NULL, NULL);
    snprintf(text, sizeof text, "%lu.%lu.%lu", version / 1000000, version / 1000 % 1000,
             version % 1000);
    cJSON_AddStringToObject(host, "libvirt", text);
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
    add_cpuinfo(host, root, "cpu", "model name");
    cJSON_AddNumberToObject(host, "cores", (double)sysconf(_SC_NPROCESSORS_ONLN));
    cJSON_AddNumberToObject(host, "memory_mib",
                            (double)((unsigned long long)memory.totalram * memory.mem_unit >> 20));
    cJSON_AddStringToObject(host, "kernel", kernel);
    add_cpuinfo(host, root, "microcode", "microcode");
    add_line(host, "governor", root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    add_line(host, "clocksource", root,
             "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    add_line(host, "tcp_congestion", root, "/proc/sys/net/ipv4/tcp_congestion_control");
    add_mitigations(host, root);
    add_versions(host);
    return host;
}

cJSON *host_load(const struct host_snapshot *before, const struct host_snapshot *after,
                 double own_cpu_s)
{
    double elapsed = after->time_s - before->time_s, cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    double other = elapsed > 0 ? (after->busy_s - before->busy_s - own_cpu_s) / elapsed : 0;
    double steal = elapsed > 0 ? 100 * (after->steal_s - before->steal_s) / (elapsed * cores) : 0;
    cJSON *load = cJSON_CreateObject();

    cJSON_AddNumberToObject(cJSON_AddObjectToObject(load, "before"), "load1", before->load1);
    cJSON_AddNumberToObject(cJSON_AddObjectToObject(load, "after"), "load1", after->load1);
    cJSON_AddNumberToObject(load, "other_load", other > 0 ? other : 0); /* ticks are coarse */
    cJSON_AddNumberToObject(load, "steal_percent", steal > 0 ? steal : 0);
    return load;
}

static int64_t raw_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

unsigned host_tsc_khz(void)
{
    int64_t start = raw_now(), end;
    unsigned long long first = marker_tsc(), last;
    double khz;

    do {
        end = raw_now();
        last = marker_tsc();
    } while (end - start < 20000000);
    khz = (double)(last - first) * 1e6 / (double)(end - start);
    return (unsigned)(khz / 100 + 0.5) * 100;
}

bool host_is_quiet(double load1_before, double other_load, double steal_percent)
{
    return load1_before < QUIET_LOAD && other_load < QUIET_LOAD &&
           steal_percent < QUIET_STEAL_PERCENT;
}
