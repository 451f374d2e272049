/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The payload as a plain process of the host, under a supervisor that acts as init: it starts the
 * payload, waits for it and reports its status. Markers come through a pipe, because a process has
 * no access to I/O ports. The console is a terminal, as in every VM: C libraries buffer output to a
 * pipe, and a line would arrive only at the program's end.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "scenarios/marker.h"
#include "driver.h"

struct state {
    int go_fd;
};

/* The supervisor's life, from fork on; only async-signal-safe calls. */
static _Noreturn void supervise(const struct launch *launch, char *const *environment, int go,
                                int marker, int console)
{
    char record[MARKER_SIZE], start;
    int status;
    pid_t pid;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (launch->netns >= 0 && setns(launch->netns, CLONE_NEWNET) != 0)
        _exit(1);
    if (read(go, &start, 1) != 1)
        _exit(1);
    pid =
        vfork(); /* fork would copy the page tables of all that tare has read: part of no payload */
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(console, STDIN_FILENO);
        dup2(console, STDOUT_FILENO);
        dup2(console, STDERR_FILENO);
        fcntl(marker, F_SETFD, 0);
        execve(launch->program, launch->argv, environment);
        _exit(errno == ENOENT ? 127 : 126); /* as a shell and our Linux init do */
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    marker_format(record, MARKER_END, (unsigned)status);
    _exit(write(marker, record, sizeof record) == sizeof record ? 0 : 1);
}

/* Describe the payload's argument vector: the supervisor has not started it yet. */
static int describe(struct guest *guest, const struct launch *launch, struct error *error)
{
    FILE *out;

    free(guest->argv);
    guest->argv = NULL;
    out = open_memstream(&guest->argv, &guest->argv_len);
    if (!out)
        return fail(error, ENOMEM, "out of memory");
    for (char *const *word = launch->argv; *word; word++)
        fwrite(*word, 1, strlen(*word) + 1, out);
    return fclose(out) == 0 ? 0 : fail(error, ENOMEM, "out of memory");
}

/* A pseudo-terminal that changes no byte: fds[0] is our end, fds[1] the program's. */
static int open_terminal(int fds[2], struct error *error)
{
    struct termios settings;

    fds[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fds[0] >= 0 && unlockpt(fds[0]) == 0)
        fds[1] = ioctl(fds[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fds[1] < 0 || tcgetattr(fds[1], &settings) < 0)
        return fail(error, errno, "process guest: no pseudo-terminal: %s; is /dev/pts mounted?",
                    strerror(errno));
    cfmakeraw(&settings);
    return tcsetattr(fds[1], TCSANOW, &settings) == 0
               ? 0
               : fail(error, errno, "process guest: pseudo-terminal: %s", strerror(errno));
}

static void process_destroy(void *context, struct guest *guest);

static int process_create(void *context, const struct launch *launch, struct guest *guest,
                          struct error *error)
{
    int go[2] = {-1, -1}, marker[2] = {-1, -1}, console[2] = {-1, -1}, status = 0;
    char variable[64];
    char *environment[] = {variable, "HOME=/", "TERM=linux", NULL}; /* the rest is as in a VM */
    struct state *state = malloc(sizeof *state);
    pid_t pid;

    if (!state || pipe2(go, O_CLOEXEC) < 0 || pipe2(marker, O_CLOEXEC) < 0)
        status = fail(error, errno, "process guest: %s", strerror(errno));
    else
        status = open_terminal(console, error);
    if (status < 0) {
        free(state);
        goto done;
    }
    snprintf(variable, sizeof variable, MARKER_FD_ENV "=%d", marker[1]);
    pid = fork();
    if (pid < 0) {
        status = fail(error, errno, "process guest: fork: %s", strerror(errno));
        free(state);
        goto done;
    }
    if (pid == 0) {
        close(go[1]); /* or the supervisor would wait on itself when tare dies */
        supervise(launch, environment, go[0], marker[1], console[1]);
    }
    setpgid(pid, pid); /* here too, so that destroy can kill the group at any moment */
    state->go_fd = go[1];
    guest->state = state;
    guest->marker_fd = marker[0];
    guest->console_fd = console[0];
    go[1] = marker[0] = console[0] = -1;
    status = guest_adopt(guest, pid, error);
    if (status == 0)
        status = describe(guest, launch, error);
    if (status < 0)
        process_destroy(context, guest);
done:
    for (int i = 0; i < 2; i++) {
        if (go[i] >= 0)
            close(go[i]);
        if (marker[i] >= 0)
            close(marker[i]);
        if (console[i] >= 0)
            close(console[i]);
    }
    return status;
}

static int process_resume(void *context, struct guest *guest, struct error *error)
{
    struct state *state = guest->state;

    (void)context;
    if (write(state->go_fd, "g", 1) != 1)
        return fail(error, EIO, "process guest: it is gone before its start");
    return 0;
}

static void process_destroy(void *context, struct guest *guest)
{
    struct state *state = guest->state;

    (void)context;
    kill(-guest->pid, SIGKILL); /* the supervisor and the payload */
    while (waitpid(guest->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (state)
        close(state->go_fd);
    free(state);
    guest_release(guest);
}

const struct driver driver_process = {
    .name = "process",
    .summary = "the payload as a plain process of this machine",
    .enters_netns = true,
    .create = process_create,
    .resume = process_resume,
    .destroy = process_destroy,
};
