/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/base/units.h"
#include "bench/run/host.h"
#include "bench/run/journal.h"
#include "bench/run/record.h"
#include "bench/run/resume.h"
#include "bench/result/disturbed.h"
#include "bench/result/results.h"
#include "bench/result/summarise.h"
#include "bench/result/until.h"
#include "bench/measure/sandbox.h"
#include "bench/run/session.h"
#include "bench/measure/trial.h"

/* A nameless journal goes by itself. */
static void remove_journal(const struct run *run, const char *path)
{
    if (run->plan->options.out)
        unlink(path);
}

/* Whether the file that is open as `fd` is still the one at `path`. */
static bool is_at(int fd, const char *path)
{
    struct stat open_one, named;

    return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

/* Open the journal at `path`, for us alone. */
static int open_journal(const char *path, int flags, struct error *error)
{
    struct stat about;
    int fd;

    do {
        fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
        if (fd < 0)
            return fail(error, errno, "%s: %s", path, strerror(errno));
        if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
            close(fd);
            return fail(error, EINVAL, "%s: not a regular file", path);
        }
        if (!(flags & O_CREAT) && about.st_uid != geteuid()) { /* it names programs to run */
            close(fd);
            return fail(error, EPERM, "%s: is another user's", path);
        }
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
            close(fd);
            return fail(error, EBUSY, "%s: another tare is writing it", path);
        }
        if (is_at(fd, path)) /* if not, its tare has just ended and deleted it */
            return fd;
        close(fd);
    } while (flags & O_CREAT);
    return fail(error, ENOENT, "%s: %s", path, strerror(ENOENT));
}

static bool has_samples(const cJSON *document)
{
    return cJSON_GetArraySize(json_field(document, "metrics")) > 0;
}

/* Empty the journal of a run that was killed before its first sample. Another is kept. */
static int clear_journal(int fd, const char *path, struct error *error)
{
    struct stat about;
    cJSON *document;
    long length;
    bool empty;

    if (fstat(fd, &about) == 0 && about.st_size == 0)
        return 0;
    empty = journal_read(path, &document, &length, NULL) == 0 && !has_samples(document);
    cJSON_Delete(document);
    if (!empty)
        return fail(error, EEXIST,
                    "%s: a cut run is kept here; complete it with --resume, or delete it", path);
    return ftruncate(fd, 0) < 0 ? fail(error, errno, "%s: %s", path, strerror(errno)) : 0;
}

static int create_journal(const char *path, struct error *error)
{
    int fd = open_journal(path, O_CREAT, error);
    int status = fd < 0 ? fd : clear_journal(fd, path, error);

    if (fd >= 0 && status < 0)
        close(fd);
    return status < 0 ? status : fd;
}

/* Open a journal for a run whose result is not kept: without a name, so that nothing is left even
 * when tare is killed. *path, the caller's to free, leads to it for as long as it is open. */
static int open_nameless(char **path, struct error *error)
{
    int fd = memfd_create("journal", MFD_CLOEXEC);

    if (fd < 0)
        return fail(error, errno, "journal: %s", strerror(errno));
    if (asprintf(path, "/proc/self/fd/%d", fd) < 0) {
        close(fd);
        return fail(error, ENOMEM, "out of memory");
    }
    return fd;
}

/* Under which conditions a run begins. */
struct start {
    bool judged;         /* whether conditions matter: plan_is_judged() */
    struct host_use use; /* of the machine before the run; with `judged` */
    cJSON *host;         /* host_describe() */
};

static int begin(struct run *run, const struct start *start, char **path, struct error *error)
{
    int status = *path ? create_journal(*path, error) : open_nameless(path, error);

    if (status < 0)
        return status;
    run->journal_fd = status;
    status = journal_append(run->journal_fd, record_begin(run->plan, start->host), error);
    if (status < 0)
        remove_journal(run, *path); /* nothing is in it */
    return status;
}

/* Go on with the cut run of `document`, whose journal is open and good up to `length`. */
static int take_up(struct run *run, const struct start *start, const cJSON *document,
                   const char *path, int fd, long length, struct error *error)
{
    int status = resume_host(document, start->host, error);

    if (status == 0)
        status = resume_progress(document, run, error);
    run->journal_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* the lock is of both */
    if (status == 0 && run->journal_fd < 0)
        status = fail(error, errno, "%s: %s", path, strerror(errno));
    if (status == 0 && ftruncate(run->journal_fd, length) < 0) /* the line that was cut short */
        status = fail(error, errno, "%s: %s", path, strerror(errno));
    return status;
}

/* CPU seconds of all that ran in the sandbox. It has been waited for, so rusage holds it. */
static double cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void add_use(cJSON *object, const struct host_use *use)
{
    cJSON_AddNumberToObject(object, "other_load", use->other_load);
    cJSON_AddNumberToObject(object, "steal_percent", use->steal_percent);
    cJSON_AddNumberToObject(object, "throttled_percent", use->throttled_percent);
}

/* The machine at one moment, and what was seen of it until then. */
static void add_load(cJSON *load, const char *name, const struct host_snapshot *snapshot,
                     const struct host_use *use)
{
    cJSON *object = cJSON_AddObjectToObject(load, name);

    cJSON_AddNumberToObject(object, "load1", snapshot->load1);
    if (!use)
        return;
    cJSON_AddNumberToObject(object, "seconds", use->seconds);
    add_use(object, use);
}

static struct host_use read_use(const cJSON *object)
{
    return (struct host_use){
        .other_load = json_number(object, "other_load"),
        .steal_percent = json_number(object, "steal_percent"),
        .throttled_percent = json_number(object, "throttled_percent"),
    };
}

/* Run the trials and journal under which conditions they ran. */
static int do_part(struct run *run, const struct start *start, struct error *error)
{
    struct host_snapshot before, after;
    cJSON *line = cJSON_CreateObject(), *part, *load;
    double cpu = cpu_seconds();
    int64_t began = clock_now();
    struct host_use use;
    int status, kept;

    host_snapshot(NULL, &before);
    status = sandbox_run(run_trials, run, error);
    host_snapshot(NULL, &after);
    use = host_use(&before, &after, cpu_seconds() - cpu);
    part = cJSON_AddObjectToObject(line, "part");
    load = cJSON_AddObjectToObject(part, "load");
    add_load(load, "before", &before, start->judged ? &start->use : NULL);
    add_load(load, "after", &after, NULL);
    add_use(load, &use);
    cJSON_AddNumberToObject(part, "duration_s",
                            run->elapsed_s + (double)(clock_now() - began) / 1e9);
    cJSON_AddBoolToObject(part, "resumed", run->elapsed_s > 0);
    kept = journal_append(run->journal_fd, line, error);
    return status < 0 ? status : kept;
}

static void invalidate(cJSON *about, const char *reason)
{
    json_replace(about, "valid", cJSON_CreateBool(false));
    cJSON_AddItemToArray(json_field(about, "invalid_reasons"), cJSON_CreateString(reason));
}

/* What others did to a run that is judged. */
static void judge_load(cJSON *document, const cJSON *part)
{
    cJSON *about = json_field(document, "run"), *host = json_field(document, "host");
    struct host_use before = read_use(json_field(host, "before")), during = read_use(host);
    bool resumed = cJSON_IsTrue(json_field(part, "resumed"));
    bool quiet = !resumed && host_use_is_quiet(&before) && host_use_is_quiet(&during);

    json_replace(about, "quiet", cJSON_CreateBool(quiet));
    if (during.steal_percent >= INVALID_PERCENT)
        invalidate(about, "the hypervisor withheld 10 % or more of the CPU time");
    if (during.throttled_percent >= INVALID_PERCENT)
        invalidate(about, "the control group's quota held tare back for 10 % of the time or more");
    if (during.other_load >= json_number(host, "cores") / 2)
        invalidate(about, "other programs kept half of the CPUs or more busy");
    if (resumed)
        results_warn(document, "resumed", "measure in one go where the numbers matter",
                     "the run was cut and resumed: the load of its first part is not known");
    else if (!quiet)
        results_warn(document, "not-quiet", "let the machine rest; see tare doctor",
                     "not quiet: others used %.2f CPUs in the %.0f s before and %.2f in the run; "
                     "%.1f %% stolen, %.1f %% held back by a quota",
                     before.other_load, HOST_WATCH_S, during.other_load, during.steal_percent,
                     during.throttled_percent);
}

/* How many samples were disturbed. */
static void judge_samples(cJSON *document)
{
    struct disturbed found = disturbed_mark(document);
    cJSON *about = json_field(document, "run");

    if (found.disturbed == 0)
        return;
    results_warn(document, "disturbed", "the samples say by what; measure on a quieter machine",
                 "%zu of %zu samples disturbed", found.disturbed, found.samples);
    if (cJSON_IsTrue(json_field(about, "judged")) &&
        (double)found.disturbed > DISTURBED_SHARE * (double)found.samples)
        invalidate(about, "more than a tenth of the samples were disturbed");
}

/* Was it quiet, is it valid? docs/method.md has the rules. */
static void judge(cJSON *document, const cJSON *part)
{
    cJSON *about = json_field(document, "run");

    json_replace(about, "quiet", cJSON_CreateBool(false));
    json_replace(about, "valid", cJSON_CreateBool(true));
    json_replace(about, "invalid_reasons", cJSON_CreateArray());
    if (cJSON_IsTrue(json_field(about, "judged")))
        judge_load(document, part);
    judge_samples(document);
    if (!cJSON_IsTrue(json_field(about, "complete")))
        invalidate(about, "the run was cut: not every target has every repetition");
    if (strcmp(json_text(about, "accel"), "tcg") == 0)
        results_warn(document, "tcg", "measure on a host whose KVM works; tare doctor tells",
                     "TCG, does not predict KVM");
}

/* Of a run with --until: what was done is what was to be done, and what the rule came to. */
static int finish_until(cJSON *document, const struct run *run, bool complete, struct error *error)
{
    cJSON *about = json_field(document, "run"), *until = json_field(about, "until"), *order;
    unsigned rounds = run->stopped ? run->stopped : run->plan->options.repeat;
    unsigned trials = (rounds + run->plan->options.warmup) * run->plan->round_size;

    if (!until)
        return 0;
    order = json_field(about, "order");
    while (run->stopped && (unsigned)cJSON_GetArraySize(order) > trials)
        cJSON_DeleteItemFromArray(order, (int)trials);
    json_replace(about, "repeat", cJSON_CreateNumber(rounds));
    if (complete && !run->stopped) {
        json_replace(until, "rounds", cJSON_CreateNumber(rounds));
        json_replace(until, "ended", cJSON_CreateString("repeat"));
    }
    return until_complete(document, rounds, error);
}

/* Make the result of the journal at `path`, and save it. */
static int finish(struct run *run, const char *path, cJSON **document, struct error *error)
{
    long length;
    int status = journal_read(path, document, &length, error);
    cJSON *about, *host, *load, *item, *part;
    bool complete = true;

    if (status < 0)
        return status;
    /* What the journal says is done, not what this process believes. */
    status = resume_progress(*document, run, error);
    for (unsigned i = 0; i < run->plan->trial_count; i++)
        complete &= run->done[i] || run->dropped[run->plan->trials[i].target] ||
                    (run->stopped && run->plan->trials[i].repetition > run->stopped);
    part = cJSON_DetachItemFromObjectCaseSensitive(*document, "part");
    about = json_field(*document, "run");
    host = json_field(*document, "host");
    load = json_field(part, "load");
    cJSON_ArrayForEach(item, load) json_replace(host, item->string, cJSON_Duplicate(item, true));
    json_replace(about, "duration_s", cJSON_CreateNumber(json_number(part, "duration_s")));
    json_replace(about, "complete", cJSON_CreateBool(complete));
    judge(*document, part);
    cJSON_Delete(part);
    if (status == 0)
        status = finish_until(*document, run, complete, error);
    if (status == 0)
        status = summarise(*document, error);
    if (status == 0 && run->plan->options.out && (complete || has_samples(*document)))
        status = results_save(run->plan->options.out, *document, error);
    if (status == 0 && complete)
        remove_journal(run, path);
    return status;
}

/* A run that failed before it measured anything leaves nothing to keep or to resume. */
static void discard(const struct run *run, const char *journal, cJSON **document)
{
    remove_journal(run, journal);
    cJSON_Delete(*document);
    *document = NULL;
}

/* Measure, make the result of what was measured, and say how it ended. */
static int conduct(struct run *run, const struct start *start, const char *path, bool resumed,
                   cJSON **document, struct error *error)
{
    const char *out = run->plan->options.out;
    struct error late = {0};
    int status = do_part(run, start, error), finished = finish(run, path, document, &late);

    if (status < 0 && finished == 0 && !resumed && !has_samples(*document))
        discard(run, path, document);
    else if (status == 0 && finished < 0)
        status = fail(error, -finished, "%s", late.text);
    else if (status == -ECANCELED && !out)
        snprintf(error->text, sizeof error->text, "interrupted");
    else if (status == -ECANCELED)
        snprintf(error->text, sizeof error->text, "interrupted; go on with: tare run --resume %s",
                 out);
    return status;
}

/* See how the machine is before the run changes it. There is nothing yet that a signal could leave
 * behind. */
static void look_around(struct run *run, struct start *start)
{
    start->judged = plan_is_judged(run->plan);
    start->host = host_describe(NULL);
    if (!start->judged)
        return;
    run->progress(run, NO_TRIAL, "watching how busy the machine is");
    start->use = host_watch(NULL);
}

/* Say how long the trials that are left will take, before any was timed on this host. */
static void foretell(const struct run *run)
{
    const struct plan *plan = run->plan;
    const double limit = 60 * plan->options.minutes;
    double seconds = 0;
    unsigned left = 0;
    char text[128], time[32];

    for (unsigned i = 0; i < plan->trial_count; i++) {
        left += !run->done[i];
        seconds += run->done[i] ? 0 : trial_takes(plan, &plan->trials[i]);
    }
    if (limit > 0)
        seconds = fmin(seconds, fmax(limit - run->elapsed_s, 0));
    if (seconds == 0)
        return; /* scripts */
    snprintf(text, sizeof text, "%u trials%s: some %s, by what they took on another host", left,
             plan->options.until > 0 ? " at most" : "", duration_text(seconds, time, sizeof time));
    run->progress(run, NO_TRIAL, text);
}

/* From here on a signal that ends tare waits until the sandbox can pass it on: it finds either no
 * journal or a run that it interrupts. */
static void hold_signals(void)
{
    sigset_t set;

    sandbox_signals(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The cut run that was to write `path`: its journal, locked, in *fd. */
static int read_cut(const char *path, int *fd, cJSON **document, long *length,
                    struct plan_options *options, struct error *error)
{
    int status = *fd = open_journal(path, 0, error);

    if (status >= 0)
        status = journal_read(path, document, length, error);
    if (status == 0)
        status = resume_options(*document, options, error);
    return status < 0 ? status : 0;
}

static void tell_left_out(const struct run *run)
{
    char text[700];

    snprintf(text, sizeof text, "no images of %s: left out; see kernels/README.md",
             run->plan->left_out);
    run->progress(run, NO_TRIAL, text);
}

/* A run whose result, if there is to be one, goes to a place that will do. */
static int run_to(struct plan_options *options, bool resumed, progress_hook *progress,
                  cJSON **document, struct error *error)
{
    struct run run = {.journal_fd = -1};
    struct plan plan = {0};
    struct start start = {0};
    cJSON *before = NULL;
    char *path = NULL;
    long length = 0;
    int cut_fd = -1, status = 0;

    if (options->out && asprintf(&path, "%s.journal", options->out) < 0)
        return fail(error, ENOMEM, "out of memory");
    if (resumed)
        status = read_cut(path, &cut_fd, &before, &length, options, error);
    if (status == 0)
        status = plan_prepare(options, &plan, error);
    if (status < 0 && before)
        error_prefix(error, "--resume, with the options of the cut run");
    if (status == 0)
        status = run_init(&run, &plan, error);
    run.progress = progress;
    if (status == 0 && *plan.left_out)
        tell_left_out(&run);
    if (status == 0)
        look_around(&run, &start);
    if (status == 0)
        hold_signals();
    if (status == 0 && !resumed)
        status = begin(&run, &start, &path, error);
    else if (status == 0)
        status = take_up(&run, &start, before, path, cut_fd, length, error);
    if (status == 0)
        foretell(&run);
    if (status == 0)
        status = conduct(&run, &start, path, resumed, document, error);
    cJSON_Delete(start.host);
    run_free(&run);
    plan_free(&plan);
    cJSON_Delete(before);
    if (cut_fd >= 0)
        close(cut_fd);
    free(path);
    return status;
}

int session_run(const struct plan_options *asked, const char *resume, progress_hook *progress,
                cJSON **document, struct error *error)
{
    struct plan_options options = *asked;
    char *place = NULL;
    int status;

    *document = NULL;
    options.out = resume ? resume : options.out;
    status = options.out ? results_place(options.out, &place, error) : 0;
    options.out = place;
    if (status == 0)
        status = run_to(&options, resume, progress, document, error);
    free(place);
    return status;
}
