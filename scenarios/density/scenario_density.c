/* SPDX-License-Identifier: GPL-3.0-or-later */
/* density: how many VMs of a server fit, what each weighs, and what one more costs among them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/clock.h"
#include "bench/measure/memory.h"
#include "cold.h"
#include "step.h"

#define STATED 64 /* VMs, of which the metrics tell */
#define FULL_VMS 1000
#define SPARE_PART 16         /* of the host's memory stays free, */
#define SPARE_KIB (512 << 10) /* and at least this */

#define CLOCK "host CLOCK_MONOTONIC"
#define ALL "with 64 VMs, or with as many as --vms allows: "

static const struct schedule {
    unsigned vms;
    double seconds; /* no further step is begun that would end later than this */
    struct step_plan step;
} quick = {STATED, 110, {.idle_s = 1, .load_s = 1, .more = 3}},
  full = {FULL_VMS, 1500, {.idle_s = 10, .load_s = 5, .more = 5}};

/* A cold start and its parts: the three of one point. */
#define COMES(words) "a request comes for which there is no VM: the " words " one"
#define RESUMES(words) "just before its VM's CPU is started: the " words " one"
#define REPLIES "the last byte of its reply was read"
#define COLD(point, words, when, how)                                                              \
    {.name = "cold_" point,                                                                        \
     .title = "cold start, from a request to its reply: " words,                                   \
     .unit = "ms",                                                                                 \
     .clock = CLOCK,                                                                               \
     .start = COMES(words),                                                                        \
     .stop = REPLIES,                                                                              \
     .definition = how,                                                                            \
     .profile = when},                                                                             \
        {.name = "cold_vmm_" point,                                                                \
         .title = "cold start, the part of the VM's maker: " words,                                \
         .unit = "ms",                                                                             \
         .clock = CLOCK,                                                                           \
         .start = COMES(words),                                                                    \
         .stop = RESUMES(words),                                                                   \
         .definition = "of the start that is cold_" point ": tap, driver and QEMU",                \
         .profile = when},                                                                         \
    {                                                                                              \
        .name = "cold_guest_" point, .title = "cold start, the guest's part: " words,              \
        .unit = "ms", .clock = CLOCK, .start = RESUMES(words), .stop = REPLIES,                    \
        .definition = "of the start that is cold_" point ": kernel, server and its reply",         \
        .profile = when                                                                            \
    }

static const struct metric metrics[] = {
    {.name = "vms",
     .title = "VMs that run at once and all answer",
     .unit = "VMs",
     .direction = HIGHER_IS_BETTER,
     .clock = "none: a count",
     .start = "start of the trial",
     .stop = "end of the trial",
     .definition = "most VMs at once of which each answered at the end; 1, 2, 4, ... are tried "
                   "until a limit, which the sample names"},
    {.name = "ready_all",
     .title = "all VMs are ready",
     .unit = "ms",
     .clock = CLOCK,
     .start = "the first create call",
     .stop = "the last VM's server listens",
     .definition = ALL "from the first create call until the last server has marked that it "
                       "listens; two boots at once for each of the host's CPUs"},
    {.name = "boots_per_s",
     .title = "boots per second",
     .unit = "boots/s",
     .direction = HIGHER_IS_BETTER,
     .clock = CLOCK,
     .start = "the first create call",
     .stop = "the last VM's server listens",
     .definition = ALL "how many they are, divided by ready_all"},
    {.name = "boot_while_n",
     .title = "boot of one more VM while all run",
     .unit = "ms",
     .clock = CLOCK,
     .start = "create call",
     .stop = "its server listens",
     .definition = ALL "median of 3 (full: 5) boots, one after the other, while they idle; all of "
                       "them must succeed"},
    {.name = "memory_each",
     .title = "memory that each VM takes from the host",
     .unit = "MiB",
     .clock = "none: the host kernel's accounting of memory",
     .start = "before the first create call",
     .stop = "all have answered",
     .definition = ALL "fall of the host's MemAvailable per VM, all that the host's kernel spends "
                       "on it included"},
    {.name = "idle_cpu",
     .title = "CPU time of a VM that has nothing to do",
     .unit = "%",
     .clock = "the host's accounting of CPU time",
     .start = "the last VM is ready",
     .stop = "1 s (full: 10 s) later",
     .definition = ALL "CPU time per VM in percent of one CPU, while nobody asks anything",
     .no_ratio = true},
    {.name = "reply_p50",
     .title = "median latency while all VMs are asked",
     .unit = "ms",
     .clock = CLOCK,
     .start = "the request was due",
     .stop = "the last byte of its reply was read",
     .definition = ALL "200 requests per second to all together, at equal distances, to each in "
                       "turn, on one connection to each; all of them must be answered"},
    {.name = "reply_p99",
     .title = "99th percentile of the latency while all VMs are asked",
     .unit = "ms",
     .clock = CLOCK,
     .start = "the request was due",
     .stop = "the last byte of its reply was read",
     .definition = ALL "of the requests of reply_p50"},
    {.name = "unanswering",
     .title = "VMs that failed",
     .unit = "VMs",
     .clock = "none: a count",
     .start = "the first create call",
     .stop = "end of the trial",
     .definition = ALL "how many did not boot, were not ready, or did not answer one request, sent "
                       "to all at once at the end, within 30 s",
     .no_ratio = true},
    COLD("p50", "median", PROFILE_ANY,
         "10 (full: 100) cold starts, one after the other, no other VM running: tap, VM and server "
         "are made, then the request is sent on a connection of its own; the median one"),
    COLD("p99", "99th percentile", PROFILE_FULL, "the one at the 99th percentile of cold_p50's"),
    {.name = NULL},
};

/* Those that the step of the stated number of VMs tells. */
static const char *const stated[] = {"ready_all", "boots_per_s", "boot_while_n", "memory_each",
                                     "idle_cpu",  "reply_p50",   "reply_p99",    "unanswering"};

/* The steps of one trial. */
struct series {
    struct trial *trial;
    const struct schedule *schedule;
    struct step_plan plan;
    unsigned most, stated; /* VMs to try; those that the metrics tell of */
    unsigned best;         /* most that have all answered */
    int64_t began;
    const char *limit; /* that ended the series; NULL: none yet */
    cJSON *steps;
};

static void record(struct trial *trial, const char *name, double value, int64_t from, int64_t to)
{
    trial_observe(trial, name, from, to, false);
    trial_record(trial, name, value, NULL);
}

/* The same of what counts for nothing if there is a `fault`. */
static void record_unless(struct trial *trial, const struct error *fault, const char *name,
                          double value, int64_t from, int64_t to)
{
    if (fault->text[0])
        trial_fail(trial, name, fault);
    else
        record(trial, name, value, from, to);
}

/* What of them has no value yet has none for this reason. */
static void fail_rest(struct trial *trial, const struct error *why)
{
    for (unsigned i = 0; i < sizeof stated / sizeof *stated; i++)
        trial_fail(trial, stated[i], why);
}

static void record_step(struct trial *trial, const struct step *step)
{
    double ready_ms = (double)(step->all_ready - step->began) / 1e6;
    struct error why = {0};

    fail(&why, EIO, "%u of %u VMs were ready, %u answered: %s", step->ready, step->vms,
         step->answering, step->why);
    record(trial, "unanswering", step->vms - step->answering, step->began, step->end);
    if (step->ready == step->vms) {
        record(trial, "ready_all", ready_ms, step->began, step->all_ready);
        record(trial, "boots_per_s", step->vms / ready_ms * 1e3, step->began, step->all_ready);
    }
    if (step->ready == step->vms && step->requests > 0) {
        record(trial, "memory_each", step->memory_mib, step->began, step->load_to);
        record_unless(trial, &step->idle_fault, "idle_cpu", step->idle_percent, step->idle_from,
                      step->idle_to);
    }
    if (step->answered > 0) {
        trial_keep(trial, "reply_p50", "histogram", histogram_json(&step->latency));
        record_unless(trial, &step->reply_fault, "reply_p50",
                      histogram_quantile(&step->latency, 0.5) / 1e6, step->load_from,
                      step->load_to);
        record_unless(trial, &step->reply_fault, "reply_p99",
                      histogram_quantile(&step->latency, 0.99) / 1e6, step->load_from,
                      step->load_to);
    }
    if (step->more_from > 0)
        record_unless(trial, &step->more_fault, "boot_while_n", step->boot_while_ms,
                      step->more_from, step->more_to);
    fail_rest(trial, &why);
}

/* How many VMs the next step can have: `wanted`, and one more while they run. */
static unsigned find_room(struct series *series, unsigned wanted)
{
    const char *limit;
    unsigned room = trial_crowd_room(series->trial, &limit);

    if (room >= wanted + 1)
        return wanted;
    series->limit = limit;
    return room > 0 ? room - 1 : 0;
}

/* What ends the series after `step`. */
static const char *find_limit(const struct series *series, const struct step *step,
                              const char *names_most)
{
    double took = (double)(step->end - step->began) / 1e9;
    double sofar = (double)(step->end - series->began) / 1e9;

    if (step->out_of_memory)
        return "memory";
    if (step->answering <= step->vms / 2)
        return "failures";
    if (step->vms >= series->most)
        return names_most;
    return sofar + 2 * took > series->schedule->seconds ? "time" : NULL;
}

static int take_steps(struct series *series, struct error *error)
{
    const char *names_most = trial_vms(series->trial) ? "vms" : "profile";
    struct step *step = malloc(sizeof *step);
    unsigned wanted = 1;
    int status = step ? 0 : fail(error, ENOMEM, "out of memory");

    while (status == 0 && !series->limit) {
        struct error why = {0};
        unsigned vms = find_room(series, wanted < series->most ? wanted : series->most);

        if (vms == 0)
            break;
        status = step_take(series->trial, &series->plan, vms, step, &why);
        if (status == -ECANCELED || (status < 0 && series->best == 0)) {
            fail(error, -status, "%s", why.text);
            break;
        }
        status = 0; /* a step of which nothing can be told has failed, and ends the series */
        cJSON_AddItemToArray(series->steps, step_json(step));
        if (step->answering == step->vms && step->vms > series->best)
            series->best = step->vms;
        if (step->vms == series->stated)
            record_step(series->trial, step);
        if (!series->limit)
            series->limit = find_limit(series, step, names_most);
        wanted *= 2;
    }
    free(step);
    return status;
}

static int measure_series(struct trial *trial, struct error *error)
{
    const struct schedule *schedule = trial_profile(trial) == PROFILE_FULL ? &full : &quick;
    struct series series = {.trial = trial,
                            .schedule = schedule,
                            .plan = schedule->step,
                            .most = trial_vms(trial) ? trial_vms(trial) : schedule->vms,
                            .began = clock_now(),
                            .steps = cJSON_CreateArray()};
    struct error why = {0};
    int status;

    series.stated = series.most < STATED ? series.most : STATED;
    series.plan.spare_kib = memory_available() / SPARE_PART;
    if (series.plan.spare_kib < SPARE_KIB)
        series.plan.spare_kib = SPARE_KIB;
    status = take_steps(&series, error);
    trial_keep(trial, "vms", "steps", series.steps);
    if (series.limit)
        trial_keep(trial, "vms", "limit", cJSON_CreateString(series.limit));
    if (status < 0)
        return status;
    fail(&why, EIO, "not reached: %u VMs were, by the limit \"%s\"", series.best, series.limit);
    fail_rest(trial, &why);
    record(trial, "vms", series.best, series.began, clock_now());
    return 0;
}

static int measure(struct trial *trial, struct error *error)
{
    int status = trial_address(trial) ? trial_wait(trial, EVENT_READY, error)
                                      : fail(error, ENOTSUP, "the target has no network");

    if (status < 0)
        return status;
    trial_end_crowd(trial, 0); /* it has warmed the host's caches */
    status = measure_series(trial, error);
    return status < 0 ? status : cold_measure(trial, error);
}

static const struct program programs[] = {
    {.payload = "httpd", .network = true},
    {.payload = NULL},
};

const struct scenario scenario_density = {
    .name = "density",
    .summary = "how many VMs of a server fit, what each weighs, how one more boots; cold starts",
    .programs = programs,
    .needs_program = true,
    .metrics = metrics,
    .deadline_s = 30,
    .takes_s = {110, 1500}, /* its limits */
    .measure = measure,
};
