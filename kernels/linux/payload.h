/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every Linux target's init does once the kernel is ready: mount, run the payload, end the
 * VM. Shared, so that the targets differ in their kernels and not in how the payload is started.
 */
#ifndef TARE_LINUX_PAYLOAD_H
#define TARE_LINUX_PAYLOAD_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../../scenarios/marker.h"

static inline void complain(const char *what, const char *name)
{
    dprintf(STDERR_FILENO, "init: cannot %s %s: %s (errno %d)\n", what, name, strerror(errno),
            errno);
}

static inline void mount_at(const char *type, const char *directory)
{
    if ((mkdir(directory, 0755) != 0 && errno != EEXIST) ||
        mount(type, directory, type, 0, NULL) != 0)
        complain("mount", directory);
}

static inline _Noreturn void payload_execute(char **argv)
{
    int status;

    execv(argv[0], argv);
    status = errno == ENOENT ? 127 : 126;
    complain("execute", argv[0]);
    _exit(status);
}

/* Run the program argv[0] to its end and return the status that a shell would report. */
static inline unsigned payload_run(char **argv)
{
    pid_t child;
    int status;

    if (!argv[0]) {
        dprintf(STDERR_FILENO, "init: no program after -- on the command line\n");
        return 127;
    }
    child = vfork(); /* posix_spawn() does more: a pipe, every signal's action */
    if (child == 0)
        payload_execute(argv);
    if (child < 0) {
        complain("start", argv[0]);
        return 126;
    }
    /* The first process also inherits the payload's orphans, whose end means nothing here. */
    while (wait(&status) != child)
        ;
    return (unsigned)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* Run the program argv[0], report its end, and end the VM. */
static inline int payload_main(char **argv)
{
    /* The right to the marker port passes through exec to the payload. */
    if (ioperm(MARKER_PORT, 1, 1) != 0)
        complain("use", "the marker port");
    else
        marker_port(MARKER_END, payload_run(argv));
    tcdrain(STDOUT_FILENO); /* the payload's last output may still be on its way to the UART */
    reboot(RB_AUTOBOOT);    /* not a power-off: that needs ACPI, which not all machines have */
    complain("end", "the VM");
    return 1;
}

#endif
