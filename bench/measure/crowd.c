/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/crowd.h"
#include "bench/measure/patience.h"

/* A worker waits for QEMU to answer, and QEMU for its files: one for each CPU leaves some idle. */
#define WORKERS_PER_CPU 2

#define BRIDGE_PORTS 1023   /* Linux: BR_MAX_PORTS, less one */
#define PER_GUEST_FILES 8   /* markers, console, pidfd, monitor, a request; libvirt has some more */
#define PER_GUEST_THREADS 8 /* of QEMU: main loop, vCPU, workers for a while */
#define SPARE_FILES 128
#define SPARE_THREADS 256

int crowd_open(struct slots *slots, struct error *error)
{
    unsigned count = WORKERS_PER_CPU * (unsigned)get_nprocs();
    struct caller **callers;
    int status = 0;

    if (count < slots->caller_count)
        count = slots->caller_count;
    callers = realloc(slots->callers, count * sizeof *callers);
    if (!callers)
        return fail(error, ENOMEM, "out of memory");
    slots->callers = callers;
    while (slots->caller_count < count && status == 0) {
        status = caller_open(&callers[slots->caller_count], error);
        slots->caller_count += status == 0;
    }
    return status;
}

/* --- limits */

static unsigned open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;

    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

/* What is left of a limit for guests that take `each`; raise it to what the process may have. */
static unsigned left_of(int resource, unsigned used, unsigned each)
{
    struct rlimit limit;

    if (getrlimit(resource, &limit) < 0)
        return UINT16_MAX;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(resource, &limit);
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max / each > UINT16_MAX)
        return UINT16_MAX;
    return limit.rlim_max > used ? (unsigned)(limit.rlim_max - used) / each : 0;
}

static unsigned count_guests(const struct slots *slots)
{
    unsigned count = 0;

    for (unsigned i = 0; i < slots->count; i++)
        count += slots->list[i]->has_guest;
    return count;
}

unsigned crowd_room(const struct slots *slots, const char **limit)
{
    unsigned guests = count_guests(slots);
    unsigned files = left_of(RLIMIT_NOFILE, open_files() + SPARE_FILES, PER_GUEST_FILES);
    unsigned threads =
        left_of(RLIMIT_NPROC, guests * PER_GUEST_THREADS + SPARE_THREADS, PER_GUEST_THREADS);
    unsigned room = BRIDGE_PORTS - guests;

    *limit = "bridge-ports";
    if (files < room) {
        room = files;
        *limit = "open-files";
    }
    if (threads < room) {
        room = threads;
        *limit = "processes";
    }
    return room;
}

/* --- the pool */

struct worker {
    struct caller *caller;
    bool busy;
    struct errand errand;
    struct patience patience;
};

struct pool {
    struct slots *slots;
    struct crowd_range range;
    bool boots; /* or ends */
    unsigned program;
    bool (*may_go_on)(void *data);
    void *data;
    struct crowd *crowd;
    unsigned next; /* of the range, the first that is not begun */
    unsigned busy;
    bool stopped; /* none more is begun */
    int epoll;    /* readable when a call has returned */
    struct worker *workers;
};

static void count_failure(struct pool *pool, const char *why)
{
    struct crowd *crowd = pool->crowd;

    if (!pool->boots)
        return;
    if (crowd->failed++ == 0)
        snprintf(crowd->why, sizeof crowd->why, "%s", why);
}

static void call(struct worker *worker)
{
    patience_begin(&worker->patience, worker->errand.call.seconds);
    caller_begin(worker->caller, &worker->errand.call);
}

/* The next of the range for `worker`: the end of a guest is for who has booted it. All that are to
 * be booted are prepared. */
static bool take_next(struct pool *pool, struct worker *worker, unsigned *number)
{
    const struct slots *slots = pool->slots;
    unsigned last = pool->range.first + pool->range.count;

    if (pool->boots) {
        *number = pool->range.first + pool->next;
        if (*number >= last || pool->stopped)
            return false;
        pool->stopped = pool->may_go_on && !pool->may_go_on(pool->data);
        pool->next += !pool->stopped;
        return !pool->stopped;
    }
    for (*number = pool->range.first; *number < last && *number < slots->count; ++*number)
        if (slots->list[*number]->has_guest && slots->list[*number]->caller == worker->caller)
            return true;
    return false;
}

/* Give `worker` something to do, if there is anything. */
static void begin(struct pool *pool, struct worker *worker)
{
    unsigned number;

    while (!worker->busy && take_next(pool, worker, &number)) {
        int more;

        if (pool->boots) {
            pool->slots->list[number]->caller = worker->caller;
            more = errand_boot(&worker->errand, pool->slots, number, pool->program, NULL);
        } else {
            more = errand_end(&worker->errand, pool->slots, number);
        }
        if (more <= 0)
            continue;
        worker->busy = true;
        pool->busy++;
        call(worker);
    }
}

/* The call of `worker` has returned, or was cut for `cut`, an errno. */
static void proceed(struct pool *pool, struct worker *worker, int cut)
{
    struct error why = {0}, ignored = {0};
    int status = caller_end(worker->caller, cut ? &ignored : &why), more;

    if (cut == -ETIMEDOUT)
        fail(&why, ETIMEDOUT, "%s had not returned after %s, and was cut", worker->errand.call.name,
             patience_text(&worker->patience));
    else if (cut)
        fail(&why, -cut, "%s", strerror(-cut));
    more = errand_next(&worker->errand, cut ? cut : status, &why);
    if (more > 0) {
        call(worker);
        return;
    }
    if (more < 0)
        count_failure(pool, worker->errand.error.text);
    else if (pool->boots)
        pool->crowd->booted++;
    worker->busy = false;
    pool->busy--;
}

static void take_returned(struct pool *pool)
{
    struct epoll_event event;

    while (epoll_wait(pool->epoll, &event, 1, 0) == 1)
        proceed(pool, event.data.ptr, 0);
}

/* Make every call return that has had its time, or, for `code`, all. */
static void cut(struct pool *pool, int code)
{
    for (unsigned i = 0; i < pool->slots->caller_count; i++) {
        struct worker *worker = &pool->workers[i];

        if (!worker->busy || (code == -ETIMEDOUT && (worker->patience.deadline > clock_now() ||
                                                     patience_extend(&worker->patience))))
            continue;
        caller_cut(worker->caller);
        proceed(pool, worker, code);
    }
}

static int64_t first_deadline(const struct pool *pool)
{
    int64_t first = INT64_MAX;

    for (unsigned i = 0; i < pool->slots->caller_count; i++)
        if (pool->workers[i].busy && pool->workers[i].patience.deadline < first)
            first = pool->workers[i].patience.deadline;
    return first;
}

static int run(struct pool *pool, struct error *error)
{
    struct slots *slots = pool->slots;
    int result = 0;

    for (;;) {
        struct pollfd returned = {.fd = pool->epoll, .events = POLLIN};
        int status;

        for (unsigned i = 0; i < slots->caller_count; i++)
            begin(pool, &pool->workers[i]);
        if (pool->busy == 0)
            return result;
        status = watch_step(slots->watches, slots->count, first_deadline(pool), &returned, error);
        if (returned.revents)
            take_returned(pool);
        if (status < 0)
            cut(pool, status);
        if (status < 0 && status != -ETIMEDOUT && pool->boots) {
            pool->stopped = true;
            result = status;
        }
    }
}

static int open_pool(struct pool *pool, struct error *error)
{
    struct slots *slots = pool->slots;

    pool->workers = calloc(slots->caller_count, sizeof *pool->workers);
    pool->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!pool->workers || pool->epoll < 0)
        return fail(error, ENOMEM, "out of memory or of descriptors");
    for (unsigned i = 0; i < slots->caller_count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &pool->workers[i]};

        pool->workers[i].caller = slots->callers[i];
        if (epoll_ctl(pool->epoll, EPOLL_CTL_ADD, caller_fd(slots->callers[i]), &event) < 0)
            return fail(error, errno, "epoll: %s", strerror(errno));
    }
    return 0;
}

static void close_pool(struct pool *pool)
{
    if (pool->epoll >= 0)
        close(pool->epoll);
    free(pool->workers);
}

/* Before the first process is made: one that is on its way to become QEMU holds copies of all
 * descriptors for a moment, and a tap that somebody holds cannot be opened by the QEMU whose it is.
 */
static int prepare_all(struct pool *pool, struct error *error)
{
    int status = 0;

    for (unsigned i = 0; i < pool->range.count && status == 0; i++)
        status = slots_prepare(pool->slots, pool->range.first + i, pool->program, error);
    return status;
}

int crowd_boot(struct slots *slots, struct crowd_range range, unsigned program,
               bool (*may_go_on)(void *data), void *data, struct crowd *crowd, struct error *error)
{
    struct pool pool = {.slots = slots,
                        .range = range,
                        .boots = true,
                        .program = program,
                        .may_go_on = may_go_on,
                        .data = data,
                        .crowd = crowd,
                        .epoll = -1};
    int status = 0;

    *crowd = (struct crowd){.booted = 0};
    while (slots->count < range.first + range.count && status == 0)
        status = slots_add(slots, error);
    if (status == 0)
        status = open_pool(&pool, error);
    if (status == 0)
        status = prepare_all(&pool, error);
    if (status == 0)
        status = run(&pool, error);
    if (status < 0)
        slots_break(slots, status);
    for (unsigned i = range.first; i < slots->count; i++) /* what was not begun */
        slots_unprepare(slots, i);
    close_pool(&pool);
    return status;
}

void crowd_end(struct slots *slots, struct crowd_range range)
{
    struct pool pool = {.slots = slots, .range = range, .epoll = -1};
    struct error ignored = {0};

    if (open_pool(&pool, &ignored) == 0)
        run(&pool, &ignored);
    close_pool(&pool);
}
