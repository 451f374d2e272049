/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quotas of CPU time, as control groups set them: version 2 (kernel documentation,
 * admin-guide/cgroup-v2), and the controller "cpu" of version 1 (scheduler/sched-bwc). */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/run/hostfile.h"
#include "bench/run/quota.h"

/* Whether `name` is in the comma-separated `list`. */
static bool lists(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
        if (strncmp(list, name, length) == 0 && (list[length] == ',' || list[length] == '\0'))
            return true;
    return false;
}

/* The folder of our group: that of the controller "cpu", else that of version 2. */
static bool find_group(const char *root, char *folder, size_t size)
{
    FILE *file = host_file(root, "/proc/self/cgroup");
    char line[PATH_MAX];
    bool found = false, old = false;

    while (file && !old && fgets(line, sizeof line, file)) {
        char *controllers = strchr(line, ':'), *path;

        line[strcspn(line, "\n")] = '\0';
        path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        old = lists(controllers + 1, "cpu");
        if (!old && controllers[1] != '\0')
            continue;
        if (strcmp(path, "/") == 0) /* or its folder would be read under two names */
            *path = '\0';
        snprintf(folder, size, "/sys/fs/cgroup%s%s", old ? "/cpu" : "", path);
        found = true;
    }
    if (file)
        fclose(file);
    return found;
}

/* The number after `name` in cpu.stat of `folder`, 0 without. */
static double stat_of(const char *root, const char *folder, const char *name)
{
    char path[PATH_MAX], line[256];
    size_t length = strlen(name);
    double value = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/cpu.stat", folder);
    file = host_file(root, path);
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            value = strtod(line + length, NULL);
    if (file)
        fclose(file);
    return value;
}

/* CPUs that `folder` allows, 0: all. */
static double quota_of(const char *root, const char *folder)
{
    char path[PATH_MAX], quota[64], period[64], *end;
    double most;

    snprintf(path, sizeof path, "%s/cpu.max", folder); /* "QUOTA PERIOD", or "max PERIOD" */
    host_line(root, path, quota, sizeof quota);
    if (!*quota) {
        snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder); /* -1: all */
        host_line(root, path, quota, sizeof quota);
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        host_line(root, path, period, sizeof period);
        strncat(quota, " ", sizeof quota - strlen(quota) - 1);
        strncat(quota, period, sizeof quota - strlen(quota) - 1);
    }
    most = strtod(quota, &end);
    return most > 0 && strtod(end, NULL) > 0 ? most / strtod(end, NULL) : 0;
}

void host_quota(const char *root, struct host_quota *quota)
{
    char folder[PATH_MAX];
    bool more = find_group(root, folder, sizeof folder);

    *quota = (struct host_quota){0};
    while (more) { /* the groups that ours is in hold for it too */
        double cpus = quota_of(root, folder);
        char *slash = strrchr(folder, '/');

        if (cpus > 0 && (quota->cpus == 0 || cpus < quota->cpus))
            quota->cpus = cpus;
        quota->throttled_s += stat_of(root, folder, "throttled_usec") / 1e6 +
                              stat_of(root, folder, "throttled_time") / 1e9;
        more = slash && slash - folder >= (long)strlen("/sys/fs/cgroup");
        if (more)
            *slash = '\0';
    }
}
