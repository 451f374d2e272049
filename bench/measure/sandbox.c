/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure/sandbox.h"

static pid_t ward; /* whom a waiting process passes signals to */

static void pass_on(int signal)
{
    if (ward > 0)
        kill(ward, signal);
}

void sandbox_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* What worker and tare share: the worker's result; and worker and reaper, how orphans ended. */
#define ORPHANS 64
struct verdict {
    int lifeline[2]; /* a pipe: its reader sees the end when tare is gone */
    int status;
    struct error error;
    uint32_t reaped; /* so many orphans; a futex; the latest are: */
    struct {
        pid_t pid;
        int status;
    } orphans[ORPHANS];
};

static struct verdict *own; /* the worker's */

static void note_orphan(struct verdict *verdict, pid_t pid, int status)
{
    uint32_t number = verdict->reaped;

    verdict->orphans[number % ORPHANS].pid = pid;
    verdict->orphans[number % ORPHANS].status = status;
    __atomic_store_n(&verdict->reaped, number + 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, &verdict->reaped, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

int sandbox_reaped(pid_t pid, int *status)
{
    const struct timespec second = {.tv_sec = 1};

    for (bool again = own != NULL; again;) {
        uint32_t number = __atomic_load_n(&own->reaped, __ATOMIC_ACQUIRE);

        for (uint32_t i = 1; i <= ORPHANS && i <= number; i++)
            if (own->orphans[(number - i) % ORPHANS].pid == pid) {
                *status = own->orphans[(number - i) % ORPHANS].status;
                return 0;
            }
        again = syscall(SYS_futex, &own->reaped, FUTEX_WAIT, number, &second, NULL, 0) == 0 ||
                errno != ETIMEDOUT;
    }
    return -ESRCH;
}

/* Wait for `child`, reaping any orphan meanwhile, which `verdict` (or NULL) is told; its wait
 * status, or -1. */
static int wait_for(pid_t child, struct verdict *verdict)
{
    struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    sigset_t set;
    int status;
    pid_t pid;

    ward = child;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sandbox_signals(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    while ((pid = wait(&status)) != child) {
        if (pid < 0 && errno != EINTR)
            return -1;
        if (pid > 0 && verdict)
            note_orphan(verdict, pid, status);
    }
    ward = 0;
    return status;
}

static int put(const char *path, const char *text, struct error *error)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), code;
    ssize_t done = fd < 0 ? -1 : write(fd, text, strlen(text));

    code = errno;
    if (fd >= 0)
        close(fd);
    return done < 0 ? fail(error, code, "%s: %s", path, strerror(code)) : 0;
}

static int map_user(uid_t uid, gid_t gid, struct error *error)
{
    char line[64];
    int status = put("/proc/self/setgroups", "deny", error);

    snprintf(line, sizeof line, "%d %u 1", SANDBOX_UID, uid);
    if (status == 0)
        status = put("/proc/self/uid_map", line, error);
    snprintf(line, sizeof line, "%d %u 1", SANDBOX_UID, gid);
    if (status == 0)
        status = put("/proc/self/gid_map", line, error);
    return status;
}

static int forbidden(const char *what, struct error *error)
{
    int code = errno;

    return fail(error, EPERM,
                "this host forbids the sandbox: %s: %s.\n"
                "remedy: allow unprivileged user namespaces, as root: "
                "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000; on "
                "Ubuntu also sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; in a "
                "container, allow unshare, mount and an unmasked /proc (docker: --privileged)",
                what, strerror(code));
}

static int covered = -1; /* what was at SANDBOX_DIR */

int sandbox_borrow(const char *path, struct error *error)
{
    static const char below[] = SANDBOX_DIR "/";
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    bool hidden = strncmp(path, below, strlen(below)) == 0;
    int tree = open_tree(hidden ? covered : AT_FDCWD, hidden ? path + strlen(below) : path,
                         OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    if (tree >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH, &read_only, sizeof read_only) == 0)
        return tree;
    fail(error, errno, "%s: cannot be taken into the sandbox: %s", path, strerror(errno));
    if (tree >= 0)
        close(tree);
    return -EIO;
}

/* The mounts tell whether the namespaces are real: Ubuntu's AppArmor lets unshare succeed and
 * then refuses them. */
static int mount_private(struct error *error)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return forbidden("making the mounts private", error);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return forbidden("mounting /proc", error);
    /* A container whose /sys is read-only lets no other be mounted. Its own will do: libvirt reads
     * the host's processors there, nothing that depends on the network namespace. */
    if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 &&
        access("/sys/devices/system/cpu", R_OK) < 0)
        return forbidden("mounting /sys", error);
    covered = open(SANDBOX_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (mount("tmpfs", SANDBOX_DIR, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") < 0)
        return forbidden("mounting a tmpfs", error);
    if (chdir(SANDBOX_DIR) < 0)
        return forbidden("entering the tmpfs", error);
    return 0;
}

_Noreturn void sandbox_abandon(int code, const char *format, ...)
{
    va_list arguments;

    if (!own)
        abort(); /* not in a worker */
    own->status = -code;
    va_start(arguments, format);
    vsnprintf(own->error.text, sizeof own->error.text, format, arguments);
    va_end(arguments);
    _exit(0);
}

static _Noreturn void be_worker(int (*work)(void *data, struct error *error), void *data,
                                struct verdict *verdict)
{
    own = verdict;
    verdict->status = mount_private(&verdict->error);
    if (verdict->status == 0)
        verdict->status = work(data, &verdict->error);
    exit(0);
}

static _Noreturn void be_reaper(uid_t uid, gid_t gid, int (*work)(void *data, struct error *error),
                                void *data, struct verdict *verdict)
{
    struct pollfd lifeline = {.fd = verdict->lifeline[0], .events = POLLIN};
    pid_t worker;
    int status;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(verdict->lifeline[1]);
    if (poll(&lifeline, 1, 0) != 0) /* tare died before prctl took effect */
        _exit(1);
    verdict->status = map_user(uid, gid, &verdict->error);
    if (verdict->status < 0)
        _exit(0);
    worker = fork();
    if (worker == 0)
        be_worker(work, data, verdict);
    status = worker < 0 ? -1 : wait_for(worker, verdict);
    /* The worker's death, unlike its return, must not be mistaken for success. */
    _exit(status == 0 ? 0 : 1);
}

static int host_proc = -1;

int sandbox_host_proc(void)
{
    return host_proc;
}

int sandbox_run(int (*work)(void *data, struct error *error), void *data, struct error *error)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    struct verdict *verdict =
        mmap(NULL, sizeof *verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int result;
    pid_t reaper;

    if (verdict == MAP_FAILED || pipe2(verdict->lifeline, O_CLOEXEC) < 0)
        return fail(error, errno, "sandbox: %s", strerror(errno));
    host_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    fflush(NULL); /* or what is buffered would be written once by each process */
    reaper = (pid_t)syscall(SYS_clone,
                            CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |
                                CLONE_NEWIPC | SIGCHLD,
                            NULL, NULL, NULL, NULL);
    if (reaper == 0)
        be_reaper(uid, gid, work, data, verdict);
    if (reaper < 0) {
        result = forbidden("new namespaces", error);
    } else if (wait_for(reaper, NULL) != 0) {
        result = fail(error, ECHILD, "the sandbox's worker was killed");
    } else {
        result = verdict->status;
        if (result < 0)
            fail(error, -result, "%s", verdict->error.text);
    }
    if (host_proc >= 0)
        close(host_proc);
    host_proc = -1;
    close(verdict->lifeline[0]);
    close(verdict->lifeline[1]);
    munmap(verdict, sizeof *verdict);
    return result;
}
