/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/base/cpus.h"
#include "bench/measure/pulse.h"
#include "bench/measure/threads.h"

#define GUESTS_MAX 8 /* that are looked at one by one: of a crowd, the first */
#define BEAT_NS (PULSE_MS * 1000000LL)
#define FIND_EVERY 8       /* beats */
#define STILL_NS 100000    /* less work than this between two beats is none */
#define BURST_NS 250000000 /* how long the worst moment is that evidence tells of */

/* What there was at one moment; all but `time` and `still` grow. */
struct beat {
    int64_t time;
    int64_t still; /* for how long some guest, or where there is none the sandbox, did nothing */
    int64_t vcpu_delay, vmm_delay, client_delay;
    int64_t own;                /* CPU time of the sandbox */
    int64_t busy, idle, stolen; /* of all CPUs */
};

/* Who should be doing something. */
struct worker {
    struct threads threads;
    struct thread_times last;
    int64_t work, active; /* how much it had done, and when it was last seen to do something */
};

/* A process of the sandbox, with its CPU time. */
struct process {
    pid_t pid;
    int64_t used;
};

struct processes {
    struct process *list; /* by rising pid */
    unsigned count, room;
};

struct pulse {
    pthread_t thread;
    pthread_mutex_t lock;
    sem_t begun;
    int stop_fd, stat_fd, proc_fd;
    struct worker guests[GUESTS_MAX], client, sandbox;
    struct processes processes, found; /* at the last look, and at this one */
    int64_t ended;                     /* CPU time of processes that are no more */
    int64_t spent;                     /* CPU time of this thread */
    struct beat now;
    struct beat *beats;
    size_t count, room;
};

static int64_t process_used(pid_t pid)
{
    clockid_t clock;

    return clock_getcpuclockid(pid, &clock) != 0 ? -1 : clock_read(clock);
}

static void add_process(struct processes *processes, pid_t pid, int64_t used)
{
    if (processes->count == processes->room) {
        unsigned room = processes->room ? 2 * processes->room : 64;
        struct process *list = realloc(processes->list, room * sizeof *list);

        if (!list)
            return;
        processes->list = list;
        processes->room = room;
    }
    processes->list[processes->count++] = (struct process){pid, used};
}

/* All that is in the sandbox: its /proc shows nothing else, and by rising pids. */
static void find_processes(const struct pulse *pulse, struct processes *found)
{
    _Alignas(struct dirent64) char entries[8192];
    ssize_t got;

    found->count = 0;
    lseek(pulse->proc_fd, 0, SEEK_SET);
    while ((got = getdents64(pulse->proc_fd, entries, sizeof entries)) > 0)
        for (const char *at = entries; at < entries + got;
             at += ((const struct dirent64 *)at)->d_reclen) {
            pid_t pid = (pid_t)strtol(((const struct dirent64 *)at)->d_name, NULL, 10);
            int64_t used = pid > 0 ? process_used(pid) : -1;

            if (used >= 0)
                add_process(found, pid, used);
        }
}

/* The CPU time of all that is and was in the sandbox. What a process used after the last look at it
 * is lost. */
static int64_t own_time(struct pulse *pulse)
{
    const struct processes before = pulse->processes;
    struct processes now = pulse->found;
    unsigned seen = 0;
    int64_t sum;

    find_processes(pulse, &now);
    for (unsigned i = 0; i < before.count; i++) {
        while (seen < now.count && now.list[seen].pid < before.list[i].pid)
            seen++;
        if (seen == now.count || now.list[seen].pid != before.list[i].pid)
            pulse->ended += before.list[i].used;
    }
    pulse->processes = now;
    pulse->found = before;
    sum = pulse->ended;
    for (unsigned i = 0; i < now.count; i++)
        sum += now.list[i].used;
    return sum;
}

static void read_machine(struct pulse *pulse, struct beat *beat)
{
    struct cpus cpus;
    char text[256];
    ssize_t got = pread(pulse->stat_fd, text, sizeof text - 1, 0);

    text[got < 0 ? 0 : got] = '\0';
    if (!cpus_parse(text, &cpus))
        return;
    beat->busy = cpus.busy;
    beat->idle = cpus.idle;
    beat->stolen = cpus.stolen;
}

/* See how much `worker` has done, and for how long it has done nothing. */
static int64_t look_at(struct worker *worker, int64_t work, int64_t now)
{
    if (work >= worker->work + STILL_NS || work < worker->work) {
        worker->work = work;
        worker->active = now;
    }
    return now - worker->active;
}

static int64_t read_worker(struct worker *worker, struct thread_times *more, bool find, int64_t now)
{
    struct thread_times times;

    if (!worker->threads.pid)
        return 0;
    if (find || now > worker->active + 2 * BEAT_NS) /* others may have taken over */
        threads_find(&worker->threads);
    times = threads_read(&worker->threads);
    more->vcpu_delay_ns += times.vcpu_delay_ns - worker->last.vcpu_delay_ns;
    more->other_delay_ns += times.other_delay_ns - worker->last.other_delay_ns;
    worker->last = times;
    return look_at(worker, times.ran_ns + times.vcpu_delay_ns + times.other_delay_ns, now);
}

/* Look at everything, and remember it. */
static void beat(struct pulse *pulse)
{
    struct thread_times guests = {0}, client = {0};
    struct beat *now = &pulse->now;
    bool find = pulse->count % FIND_EVERY == 0, none = true;

    now->time = clock_now();
    now->still = 0;
    for (unsigned i = 0; i < GUESTS_MAX; i++) {
        int64_t still = read_worker(&pulse->guests[i], &guests, find, now->time);

        none = none && !pulse->guests[i].threads.pid;
        now->still = still > now->still ? still : now->still;
    }
    read_worker(&pulse->client, &client, find, now->time);
    now->own = own_time(pulse);
    if (none)
        now->still = look_at(&pulse->sandbox, now->own - pulse->spent, now->time);
    else
        pulse->sandbox.active = now->time;
    now->vcpu_delay += guests.vcpu_delay_ns;
    now->vmm_delay += guests.other_delay_ns;
    now->client_delay += client.vcpu_delay_ns;
    read_machine(pulse, now);
    if (pulse->count == pulse->room) {
        size_t room = pulse->room ? 2 * pulse->room : 256;
        struct beat *beats = realloc(pulse->beats, room * sizeof *beats);

        if (!beats)
            return;
        pulse->beats = beats;
        pulse->room = room;
    }
    pulse->beats[pulse->count++] = *now;
}

static void *run(void *data)
{
    struct pulse *pulse = data;
    int64_t due = clock_now();

    for (;;) {
        struct pollfd stop = {.fd = pulse->stop_fd, .events = POLLIN};
        struct timespec left = {0};
        int64_t now;

        pthread_mutex_lock(&pulse->lock);
        beat(pulse);
        pulse->spent = clock_read(CLOCK_THREAD_CPUTIME_ID);
        pthread_mutex_unlock(&pulse->lock);
        sem_post(&pulse->begun); /* after the first beat somebody waits */
        now = clock_now();
        due = due + BEAT_NS > now ? due + BEAT_NS : now + BEAT_NS;
        left.tv_nsec = due - now;
        if (ppoll(&stop, 1, &left, NULL) > 0)
            return NULL;
    }
}

/* Who forks waits for the end of a beat: a child would inherit the locks that a thread holds, such
 * as those of ASan's allocator, and nobody who gives them back. */
static struct pulse *beating;

static void before_fork(void)
{
    if (beating)
        pthread_mutex_lock(&beating->lock);
}

static void after_fork(void)
{
    if (beating)
        pthread_mutex_unlock(&beating->lock);
}

static void guard_forks(void)
{
    pthread_atfork(before_fork, after_fork, after_fork);
}

int pulse_start(struct pulse **pulse, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct pulse *new = calloc(1, sizeof *new);
    int code;

    *pulse = NULL;
    if (!new)
        return fail(error, ENOMEM, "out of memory");
    pthread_once(&once, guard_forks);
    pthread_mutex_init(&new->lock, NULL);
    sem_init(&new->begun, 0, 0);
    new->stop_fd = eventfd(0, EFD_CLOEXEC);
    new->stat_fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    new->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    new->sandbox.active = clock_now();
    code = new->stop_fd < 0 || new->stat_fd < 0 || new->proc_fd < 0
               ? errno
               : pthread_create(&new->thread, NULL, run, new);
    if (code == 0) {
        while (sem_wait(&new->begun) < 0 && errno == EINTR) /* starting takes locks, too */
            ;
        *pulse = beating = new;
        return 0;
    }
    close(new->stop_fd);
    close(new->stat_fd);
    close(new->proc_fd);
    free(new);
    return fail(error, code, "the thread that watches the trial: %s", strerror(code));
}

static void follow(struct worker *worker, pid_t pid)
{
    threads_forget(&worker->threads);
    *worker = (struct worker){.active = clock_now()};
    if (pid)
        threads_of(&worker->threads, pid);
    worker->last = threads_read(&worker->threads);
}

void pulse_stop(struct pulse *pulse)
{
    if (!pulse)
        return;
    eventfd_write(pulse->stop_fd, 1);
    pthread_join(pulse->thread, NULL);
    beating = NULL;
    for (unsigned i = 0; i < GUESTS_MAX; i++)
        threads_forget(&pulse->guests[i].threads);
    threads_forget(&pulse->client.threads);
    close(pulse->stop_fd);
    close(pulse->stat_fd);
    close(pulse->proc_fd);
    pthread_mutex_destroy(&pulse->lock);
    free(pulse->beats);
    free(pulse->processes.list);
    free(pulse->found.list);
    free(pulse);
}

void pulse_guest(struct pulse *pulse, unsigned number, pid_t pid)
{
    if (!pulse || number >= GUESTS_MAX)
        return;
    pthread_mutex_lock(&pulse->lock);
    beat(pulse); /* so that nobody's silence is another's */
    follow(&pulse->guests[number], pid);
    pthread_mutex_unlock(&pulse->lock);
}

void pulse_client(struct pulse *pulse, pid_t pid)
{
    if (!pulse)
        return;
    pthread_mutex_lock(&pulse->lock);
    beat(pulse);
    follow(&pulse->client, pid);
    pthread_mutex_unlock(&pulse->lock);
}

/* The latest beat at `time` or before it, else the first. */
static size_t find_beat(const struct pulse *pulse, int64_t time)
{
    size_t i = pulse->count - 1;

    while (i > 0 && pulse->beats[i].time > time)
        i--;
    return i;
}

static int64_t positive(int64_t value)
{
    return value > 0 ? value : 0; /* ticks are coarse */
}

/* CPU time of others between two beats. */
static int64_t others(const struct beat *a, const struct beat *b)
{
    return positive(b->busy - a->busy - (b->own - a->own));
}

/* The worst there was from beat `first` to beat `last`. */
struct worst {
    int64_t still, late, other, stolen;
};

static struct worst find_worst(const struct pulse *pulse, size_t first, size_t last, int64_t from,
                               int64_t to)
{
    const struct beat *beats = pulse->beats;
    struct worst worst = {0};

    for (size_t i = first, burst = first; i <= last; i++) {
        /* What of the stillness was between `from` and `to`. */
        int64_t end = beats[i].time < to ? beats[i].time : to;
        int64_t begin = beats[i].time - beats[i].still;
        int64_t still = end - (begin > from ? begin : from);
        int64_t late = i > first ? beats[i].time - beats[i - 1].time - BEAT_NS : 0;

        while (burst + 1 < i && beats[i].time - beats[burst].time > BURST_NS)
            burst++;
        worst.still = still > worst.still ? still : worst.still;
        worst.late = late > worst.late ? late : worst.late;
        if (others(&beats[burst], &beats[i]) > worst.other)
            worst.other = others(&beats[burst], &beats[i]);
        if (beats[i].stolen - beats[burst].stolen > worst.stolen)
            worst.stolen = beats[i].stolen - beats[burst].stolen;
    }
    return worst;
}

static void add(cJSON *object, const char *name, int64_t ns)
{
    cJSON_AddNumberToObject(object, name, floor((double)positive(ns) / 1e3) / 1e6);
}

cJSON *pulse_evidence(struct pulse *pulse, int64_t from, int64_t to, bool busy)
{
    cJSON *evidence;
    const struct beat *a, *b;
    struct worst worst;
    size_t first, last;

    if (!pulse)
        return NULL;
    evidence = cJSON_CreateObject();
    pthread_mutex_lock(&pulse->lock);
    if (pulse->now.time < to || pulse->count == 0)
        beat(pulse);
    if (pulse->count == 0) { /* no memory */
        pthread_mutex_unlock(&pulse->lock);
        return evidence;
    }
    first = find_beat(pulse, from);
    last = find_beat(pulse, to);
    last += last + 1 < pulse->count;
    a = &pulse->beats[first];
    b = &pulse->beats[last];
    worst = find_worst(pulse, first, last, from, to);
    add(evidence, "from", from);
    add(evidence, "seconds", to - from);
    add(evidence, "looked_s", b->time - a->time);
    add(evidence, "vcpu_delay_s", b->vcpu_delay - a->vcpu_delay);
    add(evidence, "vmm_delay_s", b->vmm_delay - a->vmm_delay);
    add(evidence, "client_delay_s", b->client_delay - a->client_delay);
    add(evidence, "own_cpu_s", b->own - a->own);
    add(evidence, "other_cpu_s", others(a, b));
    add(evidence, "idle_cpu_s", b->idle - a->idle);
    add(evidence, "steal_s", b->stolen - a->stolen);
    if (busy)
        add(evidence, "still_s", worst.still);
    add(evidence, "late_s", worst.late);
    add(evidence, "burst_other_s", worst.other);
    add(evidence, "burst_steal_s", worst.stolen);
    pthread_mutex_unlock(&pulse->lock);
    return evidence;
}
