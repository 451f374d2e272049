/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver.h"

void guest_init(struct guest *guest)
{
    *guest = (struct guest){.marker_fd = -1, .console_fd = -1, .exit_fd = -1, .execed = -1};
}

void guest_release(struct guest *guest)
{
    int fds[] = {guest->marker_fd, guest->console_fd, guest->exit_fd};

    for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(guest->xml);
    free(guest->argv);
    free(guest->halts);
    guest_init(guest);
}

int guest_adopt(struct guest *guest, pid_t pid, struct error *error)
{
    size_t room = 64 << 10;
    char path[64];
    ssize_t got;
    int fd;

    guest->pid = pid;
    guest->exit_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (guest->exit_fd < 0)
        return fail(error, errno, "pidfd_open of guest process %d: %s", pid, strerror(errno));
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    guest->argv = malloc(room);
    got = guest->argv ? read(fd, guest->argv, room) : -1;
    close(fd);
    if (got < 0)
        return fail(error, EIO, "%s: cannot be read", path);
    guest->argv_len = (size_t)got;
    return 0;
}
