/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure/cputime.h"
#include "bench/measure/proc.h"
#include "bench/measure/sandbox.h"
#include "bench/measure/vhost.h"

bool cpu_is_vcpu(const char *name)
{
    return strncmp(name, "CPU ", 4) == 0 || strncmp(name, "ALL CPUs/", 9) == 0;
}

/* Which threads a process has, besides others. */
struct kinds {
    bool vcpu, vhost;
};

/* What the vCPU threads of `pid` have used. */
static int vcpu_seconds(pid_t pid, double *seconds, struct kinds *found, struct error *error)
{
    char path[320], line[64];
    struct dirent *entry;
    int status = 0;
    DIR *threads;

    *seconds = 0;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    threads = opendir(path);
    while (threads && status == 0 && (entry = readdir(threads))) {
        snprintf(path, sizeof path, "/proc/%d/task/%s/comm", pid, entry->d_name);
        proc_text(AT_FDCWD, path, line, sizeof line);
        found->vhost |= strncmp(line, VHOST_NAME, strlen(VHOST_NAME)) == 0;
        if (!cpu_is_vcpu(line))
            continue;
        found->vcpu = true;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, entry->d_name);
        proc_text(AT_FDCWD, path, line, sizeof line);
        if (!*line)
            status = fail(error, ENOTSUP,
                          "%s: cannot be read; this kernel may lack "
                          "CONFIG_SCHED_INFO",
                          path);
        *seconds += strtod(line, NULL) / 1e9;
    }
    if (threads)
        closedir(threads);
    return status;
}

struct addition {
    struct cpu_time *sum;
    struct kinds *found;
    struct error *error;
};

/* Add what `pid` has used, and the children of its first thread: the supervisor of a plain process
 * has one. */
static int add_process(pid_t pid, void *data)
{
    const struct addition *addition = data;
    double vcpu, all;
    struct timespec used;
    clockid_t clock;
    int status = vcpu_seconds(pid, &vcpu, addition->found, addition->error);

    if (status < 0)
        return status;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
        return fail(addition->error, ESRCH, "process %d is gone: no CPU time to read", pid);
    all = (double)used.tv_sec + (double)used.tv_nsec / 1e9;
    addition->sum->vcpu_s += vcpu;
    addition->sum->vmm_s += all - vcpu;
    return for_each_child(pid, add_process, data);
}

static int look(pid_t pid, struct cpu_time *time, struct kinds *found, struct error *error)
{
    struct addition addition = {time, found, error};
    int status;

    *time = (struct cpu_time){0};
    *found = (struct kinds){false, false};
    status = add_process(pid, &addition);
    if (status == 0 && !found->vcpu) {
        time->vcpu_s = time->vmm_s;
        time->vmm_s = 0;
    }
    return status;
}

int cpu_time(pid_t pid, struct cpu_time *time, struct error *error)
{
    struct kinds found;

    return look(pid, time, &found, error);
}

int cpu_time_with_vhost(pid_t pid, struct cpu_time *time, struct error *error)
{
    struct kinds found;
    double seconds;
    char space[64] = "";
    int status = look(pid, time, &found, error);

    if (status < 0 || found.vhost)
        return status;
    if (readlink("/proc/self/ns/pid", space, sizeof space - 1) < 0)
        return fail(error, errno, "/proc/self/ns/pid: %s", strerror(errno));
    status = vhost_seconds(sandbox_host_proc(), space, pid, &seconds, error);
    if (status == 0)
        status = fail(error, ENOTSUP, "the CPU time of vhost-net's worker cannot be found");
    time->vmm_s += seconds;
    return status < 0 ? status : 0;
}
