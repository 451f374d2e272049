/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measure/proc.h"
#include "bench/measure/vhost.h"

/* Whether the host's process `host` is the namespace's `pid`: the last number of NSpid. */
static bool is_process(int proc, const char *space, long host, pid_t pid)
{
    char path[64], text[4096], *line, *last;
    ssize_t length;

    snprintf(path, sizeof path, "%ld/ns/pid", host);
    length = readlinkat(proc, path, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    if (strcmp(text, space) != 0)
        return false;
    snprintf(path, sizeof path, "%ld/status", host);
    proc_text(proc, path, text, sizeof text);
    line = strstr(text, "\nNSpid:");
    if (!line)
        return false;
    line++;
    line[strcspn(line, "\n")] = '\0';
    last = strrchr(line, '\t');
    return last && strtol(last + 1, NULL, 10) == pid;
}

int vhost_seconds(int proc, const char *space, pid_t pid, double *seconds, struct error *error)
{
    int copy = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
    DIR *processes = copy < 0 ? NULL : fdopendir(copy);
    struct dirent *entry;

    *seconds = 0;
    if (!processes) {
        int code = errno;

        if (copy >= 0)
            close(copy);
        return fail(error, code, "the host's /proc: %s", strerror(code));
    }
    while ((entry = readdir(processes))) {
        char path[320], text[64];

        if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
            continue;
        snprintf(path, sizeof path, "%s/comm", entry->d_name);
        proc_text(proc, path, text, sizeof text);
        if (strncmp(text, VHOST_NAME, strlen(VHOST_NAME)) != 0 ||
            !is_process(proc, space, strtol(text + strlen(VHOST_NAME), NULL, 10), pid))
            continue;
        snprintf(path, sizeof path, "%s/schedstat", entry->d_name);
        proc_text(proc, path, text, sizeof text);
        *seconds += strtod(text, NULL) / 1e9;
        count++;
    }
    closedir(processes);
    return count;
}
