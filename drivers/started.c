/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "started.h"

int64_t started_now(void)
{
    int64_t ticks = sysconf(_SC_CLK_TCK);
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * ticks + now.tv_nsec * ticks / 1000000000;
}

/* Field 22 of its stat. The second field is a name in parentheses, of any characters. */
int64_t started_of(pid_t pid)
{
    char path[64], line[1024];
    int64_t start = -1;
    const char *rest;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return -1;
    rest = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    for (int field = 2; rest && field < 22; field++)
        rest = strchr(rest + 1, ' ');
    if (rest)
        start = strtoll(rest, NULL, 10);
    return start;
}

void started_kill(int64_t since)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 1 && pid != getpid() && started_of(pid) >= since)
            kill(pid, SIGKILL);
    }
    if (folder)
        closedir(folder);
}
