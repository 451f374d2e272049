/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measure/cputime.h"
#include "bench/measure/proc.h"
#include "bench/measure/threads.h"

void threads_of(struct threads *threads, pid_t pid)
{
    *threads = (struct threads){.pid = pid};
    threads_find(threads);
}

void threads_forget(struct threads *threads)
{
    for (unsigned i = 0; i < threads->count; i++)
        close(threads->list[i].fd);
    *threads = (struct threads){0};
}

static void add_thread(struct threads *threads, pid_t pid, pid_t id)
{
    struct thread *thread = &threads->list[threads->count];
    char path[64], name[32];

    for (unsigned i = 0; i < threads->count; i++)
        if (threads->list[i].id == id)
            return;
    if (threads->count == THREADS_MAX)
        return;
    snprintf(path, sizeof path, "/proc/%d/task/%d/comm", pid, id);
    proc_text(AT_FDCWD, path, name, sizeof name);
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, id);
    *thread = (struct thread){
        .id = id, .fd = open(path, O_RDONLY | O_CLOEXEC), .vcpu = cpu_is_vcpu(name)};
    if (thread->fd < 0)
        return;
    threads->count++;
    threads->have_vcpu |= thread->vcpu;
}

static int find_in(pid_t pid, void *data)
{
    struct threads *threads = data;
    char path[64];
    struct dirent *entry;
    DIR *tasks;

    snprintf(path, sizeof path, "/proc/%d/task", pid);
    tasks = opendir(path);
    while (tasks && (entry = readdir(tasks)))
        if (entry->d_name[0] != '.')
            add_thread(threads, pid, (pid_t)strtol(entry->d_name, NULL, 10));
    if (tasks)
        closedir(tasks);
    return for_each_child(pid, find_in, threads);
}

void threads_find(struct threads *threads)
{
    if (threads->pid)
        find_in(threads->pid, threads);
}

static void add_times(struct thread_times *times, const struct thread *thread)
{
    times->ran_ns += thread->ran_ns;
    *(thread->vcpu ? &times->vcpu_delay_ns : &times->other_delay_ns) += thread->delay_ns;
}

/* False: it has ended. */
static bool look_at(struct thread *thread)
{
    char text[64], *end;
    ssize_t got = pread(thread->fd, text, sizeof text - 1, 0);

    if (got <= 0)
        return false;
    text[got] = '\0';
    thread->ran_ns = strtoll(text, &end, 10);
    thread->delay_ns = strtoll(end, NULL, 10);
    return true;
}

struct thread_times threads_read(struct threads *threads)
{
    struct thread_times times;

    for (unsigned i = 0; i < threads->count;) {
        struct thread *thread = &threads->list[i];

        if (look_at(thread)) {
            i++;
            continue;
        }
        add_times(&threads->ended, thread); /* and its place is free for another */
        close(thread->fd);
        *thread = threads->list[--threads->count];
    }
    times = threads->ended;
    for (unsigned i = 0; i < threads->count; i++)
        add_times(&times, &threads->list[i]);
    if (!threads->have_vcpu) {
        times.vcpu_delay_ns = times.other_delay_ns;
        times.other_delay_ns = 0;
    }
    return times;
}
