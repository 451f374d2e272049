/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/measure/proc.h"

void proc_text(int folder, const char *path, char *text, size_t size)
{
    int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, size - 1);

    text[length > 0 ? length : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

int for_each_child(pid_t pid, int (*each)(pid_t child, void *data), void *data)
{
    char path[64];
    FILE *file;
    int child, status = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    file = fopen(path, "re");
    while (file && status == 0 && fscanf(file, "%d", &child) == 1) {
        status = each(child, data);
        if (status == -ESRCH)
            status = 0;
    }
    if (file)
        fclose(file);
    return status;
}
