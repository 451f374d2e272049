/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program as a plain process of the host, under a supervisor that acts as init: it starts the
 * program, waits for it and reports its status. The program is the payload itself, or a tender,
 * which runs an image as a guest (Solo5's, for instance). Markers come through a pipe, because a
 * process has no access to I/O ports. The console is a terminal, as in every VM: C libraries buffer
 * output to a pipe, and a line would arrive only at the program's end.
 *
 * Each guest has PID and mount namespaces of its own. With the supervisor, their PID 1, everything
 * ends that the payload has started, whatever it did to get away; and it sees neither what is
 * staged for other guests nor any process of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "scenarios/marker.h"
#include "driver.h"

struct state {
    int go_fd;
    int mounts_fd; /* its mount namespace, which thus outlives it: to take it down takes time that
                      is not the payload's */
};

/* What the supervisor needs beside the launch, made before its start. */
struct kit {
    char program[256]; /* the path to execute */
    char variable[64]; /* of the environment: where markers go */
    int go, marker, console;
};

/* Have the file that `tree` holds appear here as `name`. */
static bool show(int tree, const char *name)
{
    int file = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700);

    if (file < 0 || move_mount(tree, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return false;
    close(file);
    close(tree);
    return true;
}

static int hold(const char *file)
{
    return open_tree(AT_FDCWD, file, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

/* Put an empty folder in the place of the one with all guests' files, and in it the program and
 * what it is to see, which no one can write to: what is staged is read-only. */
static bool hide(const struct launch *launch)
{
    int program = hold(launch->program), trees[SHOWN_MAX];
    int count = 0;

    for (; launch->shown[count].file; count++)
        if ((trees[count] = hold(launch->shown[count].file)) < 0)
            return false;
    if (program < 0 ||
        mount("tmpfs", launch->hidden, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0 ||
        chdir(launch->hidden) < 0 || !show(program, SHOWN_PROGRAM))
        return false;
    while (count-- > 0)
        if (!show(trees[count], launch->shown[count].name))
            return false;
    return true;
}

/* The guest's view: its network, its own processes, no files of others. */
static bool enter(const struct launch *launch)
{
    return (launch->netns < 0 || setns(launch->netns, CLONE_NEWNET) == 0) &&
           mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 &&
           (!launch->hidden || hide(launch));
}

/* The supervisor's life, from its start on; only async-signal-safe calls. It says that it is ready
 * by one byte, and is told to go on by another. */
static _Noreturn void supervise(const struct launch *launch, struct kit *kit)
{
    /* As in a VM; a program of the host may need others of the host's. */
    char *path = launch->tended ? (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin" : NULL;
    char *environment[] = {kit->variable, (char *)"HOME=/", (char *)"TERM=linux", path, NULL};
    char record[MARKER_SIZE], byte = 0;
    sigset_t none;
    int status;
    pid_t pid;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* tare's signals are no program's */
    signal(SIGPIPE, SIG_DFL);
    if (!enter(launch) || write(kit->go, &byte, 1) != 1 || read(kit->go, &byte, 1) != 1)
        _exit(1);
    pid =
        vfork(); /* fork would copy the page tables of all that tare has read: part of no payload */
    if (pid == 0) {
        dup2(kit->console, STDIN_FILENO);
        dup2(kit->console, STDOUT_FILENO);
        dup2(kit->console, STDERR_FILENO);
        fcntl(kit->marker, F_SETFD, 0);
        execve(kit->program, launch->argv, environment);
        _exit(errno == ENOENT ? 127 : 126); /* as a shell and our Linux init do */
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    marker_format(record, MARKER_END, (unsigned)status);
    _exit(write(kit->marker, record, sizeof record) == sizeof record ? 0 : 1);
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

/* Start the supervisor in namespaces of its own, and wait until it is set up. `go` is our end. */
static int start(const struct launch *launch, struct kit *kit, int go, struct guest *guest,
                 struct error *error)
{
    struct state *state = guest->state;
    pid_t pid =
        (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
    char path[64], byte;
    int status;

    if (pid < 0)
        return fail(error, errno, "process guest: clone: %s", strerror(errno));
    if (pid == 0) {
        close(go); /* or the supervisor would wait on itself when tare dies */
        supervise(launch, kit);
    }
    status = guest_adopt(guest, pid, error);
    close(kit->go); /* or we would wait on ourselves if it dies */
    kit->go = -1;
    if (status < 0)
        return status;
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    state->mounts_fd = open(path, O_RDONLY | O_CLOEXEC);
    return read(go, &byte, 1) == 1
               ? 0
               : fail(error, EIO, "process guest: its namespaces cannot be set up for %s",
                      launch->program);
}

/* The pairs of descriptors: ours in the guest, the program's in `kit`. */
static int open_ends(struct guest *guest, struct kit *kit, struct error *error)
{
    struct state *state = guest->state;
    int go[2], marker[2], console[2] = {-1, -1}, status;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) < 0)
        return fail(error, errno, "process guest: %s", strerror(errno));
    state->go_fd = go[0];
    kit->go = go[1];
    if (pipe2(marker, O_CLOEXEC) < 0)
        return fail(error, errno, "process guest: %s", strerror(errno));
    guest->marker_fd = marker[0];
    kit->marker = marker[1];
    status = open_terminal(console, error);
    guest->console_fd = console[0];
    kit->console = console[1];
    return status;
}

static void close_ends(const struct kit *kit)
{
    const int fds[] = {kit->go, kit->marker, kit->console};

    for (unsigned i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static int process_create(void *context, const struct launch *launch, struct guest *guest,
                          struct error *error)
{
    struct kit kit = {.go = -1, .marker = -1, .console = -1};
    struct state *state = malloc(sizeof *state);
    int status;

    if (!state)
        return fail(error, ENOMEM, "out of memory");
    *state = (struct state){-1, -1};
    guest->state = state;
    snprintf(kit.program, sizeof kit.program, launch->hidden ? "%s/" SHOWN_PROGRAM : "%s",
             launch->hidden ? launch->hidden : launch->program);
    status = open_ends(guest, &kit, error);
    snprintf(kit.variable, sizeof kit.variable, MARKER_FD_ENV "=%d", kit.marker);
    if (status == 0)
        status = start(launch, &kit, state->go_fd, guest, error);
    if (status == 0)
        status = describe(guest, launch, error);
    close_ends(&kit);
    if (status < 0)
        process_destroy(context, guest);
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
    if (guest->pid > 0) {
        kill(guest->pid, SIGKILL); /* and with it all that the payload has started */
        while (waitpid(guest->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (state->mounts_fd >= 0)
        close(state->mounts_fd);
    if (state->go_fd >= 0)
        close(state->go_fd);
    free(state);
    guest_release(guest);
}

const struct driver driver_process = {
    .name = "process",
    .summary = "a process of this machine: the payload, or a tender that runs an image",
    .enters_netns = true,
    .create = process_create,
    .resume = process_resume,
    .destroy = process_destroy,
};
