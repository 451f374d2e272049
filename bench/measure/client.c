/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure/client.h"
#include "bench/measure/pulse.h"
#include "bench/measure/trial.h"

extern char **environ;

/* Start it with the signals that we block or ignore as every program expects them. */
static int start(char *const *argv, int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, pipe;
    int code;

    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    code = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code;
}

/* Take all that comes on `fd` until its end. */
static int collect(struct trial *trial, int fd, const char *name, FILE *out, struct error *error)
{
    char bytes[4096];

    for (;;) {
        int status = trial_await(trial, fd, name, error);
        ssize_t got = status < 0 ? 0 : read(fd, bytes, sizeof bytes);

        if (status < 0)
            return status;
        if (got < 0 && errno != EINTR)
            return fail(error, errno, "%s: %s", name, strerror(errno));
        if (got == 0)
            return 0;
        if (got > 0)
            fwrite(bytes, 1, (size_t)got, out);
    }
}

/* Wait for its end, which may come after that of its output. */
static int await_end(struct trial *trial, pid_t pid, const char *name, struct error *error)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), status;

    if (fd < 0)
        return fail(error, errno, "pidfd_open of %s: %s", name, strerror(errno));
    status = trial_await(trial, fd, name, error);
    close(fd);
    return status;
}

static void reap(pid_t pid, struct client *client)
{
    struct rusage used;

    while (wait4(pid, &client->status, 0, &used) < 0)
        if (errno != EINTR)
            return;
    client->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int client_run(struct trial *trial, char *const *argv, double seconds, struct client *client,
               struct error *error)
{
    char name[64];
    int fds[2], status;
    size_t size;
    FILE *out;
    pid_t pid;

    *client = (struct client){0};
    snprintf(name, sizeof name, "end of %s", argv[0]);
    out = open_memstream(&client->output, &size);
    if (!out || pipe2(fds, O_CLOEXEC) < 0) {
        if (out)
            fclose(out);
        return fail(error, errno, "%s: %s", argv[0], strerror(errno));
    }
    status = start(argv, fds[1], &pid);
    close(fds[1]);
    if (status != 0) {
        status = fail(error, status, "%s: cannot be started: %s; is its package installed?",
                      argv[0], strerror(status));
    } else {
        pulse_client(trial_pulse(trial), pid);
        trial_allow(trial, seconds);
        status = collect(trial, fds[0], name, out, error);
        if (status == 0)
            status = await_end(trial, pid, name, error);
        if (status < 0)
            kill(pid, SIGKILL);
        pulse_client(trial_pulse(trial), 0);
        reap(pid, client);
    }
    close(fds[0]);
    fclose(out);
    return status;
}

void client_free(struct client *client)
{
    free(client->output);
    client->output = NULL;
}
