/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bench/base/clock.h"
#include "bench/base/json.h"
#include "bench/measure/cputime.h"
#include "bench/measure/crowd.h"
#include "bench/measure/patience.h"
#include "bench/measure/pulse.h"
#include "bench/measure/sandbox.h"
#include "bench/measure/slots.h"
#include "bench/measure/trial.h"
#include "bench/measure/trying.h"

struct trial {
    const struct trial_setup *setup;
    struct slots slots;
    unsigned current; /* the guest that the calls are about */
    bool crowded;     /* who waits for no guest's event does so whatever becomes of it */
    struct patience patience;
    unsigned captures; /* kept so far */
    struct trial_report *report;
    struct pulse *pulse;
    struct workload workloads[OFFERS_MAX];
};

static struct slot *current(const struct trial *trial)
{
    return trial->slots.list[trial->current];
}

int trial_boot(struct trial *trial, unsigned program, struct error *error)
{
    int status = slots_boot(&trial->slots, trial->current, program, error);

    trial->crowded = false;
    trial_allow(trial, trial->setup->scenario->deadline_s);
    return status;
}

int trial_boot_crowd(struct trial *trial, unsigned first, unsigned count, unsigned program,
                     bool (*may_go_on)(void *data), void *data, struct crowd *crowd,
                     struct error *error)
{
    const struct crowd_range range = {first, count};
    int status = crowd_open(&trial->slots, error);

    trial->crowded = true;
    if (status == 0)
        status = crowd_boot(&trial->slots, range, program, may_go_on, data, crowd, error);
    else
        slots_break(&trial->slots, status);
    trial_allow(trial, trial->setup->scenario->deadline_s);
    return status;
}

void trial_end_crowd(struct trial *trial, unsigned first)
{
    if (first < trial->slots.count)
        crowd_end(&trial->slots, (struct crowd_range){first, trial->slots.count - first});
}

unsigned trial_crowd_room(struct trial *trial, const char **limit)
{
    return crowd_room(&trial->slots, limit);
}

void trial_memory(struct trial *trial, unsigned kib)
{
    trial->slots.memory_kib = kib;
}

unsigned trial_memory_step(const struct trial *trial)
{
    return trial->setup->memory_step_kib;
}

unsigned trial_memory_given(const struct trial *trial)
{
    return trial->setup->machine->memory_mib * 1024;
}

int64_t trial_touched(const struct trial *trial)
{
    const struct slot *slot = current(trial);
    struct stat file;

    if (slot->memory_fd < 0 || fstat(slot->memory_fd, &file) < 0)
        return -1;
    return (int64_t)file.st_blocks * 512;
}

/* Add the size of the file at `path`, if there is to be one. */
static int add_bytes(const char *path, int64_t *bytes, struct error *error)
{
    struct stat file;

    if (!path)
        return 0;
    if (stat(path, &file) < 0)
        return fail(error, errno, "%s: %s", path, strerror(errno));
    *bytes += file.st_size;
    return 0;
}

int trial_image(const struct trial *trial, int64_t *kernel, int64_t *payload, struct error *error)
{
    const struct launch *launch = &current(trial)->launch;
    bool machine = trial->setup->driver->uses_machine, image = launch->kernel || launch->payload;
    int status;

    *kernel = *payload = 0;
    status = add_bytes(launch->kernel, kernel, error);
    for (unsigned i = 0; i < launch->disk_count && status == 0; i++)
        status = add_bytes(launch->disks[i].base, kernel, error);
    if (status < 0)
        return status;
    return add_bytes(machine                   ? launch->initrd
                     : launch->tended && image ? launch->payload
                                               : launch->program,
                     payload, error);
}

int trial_select(struct trial *trial, unsigned number, struct error *error)
{
    int status = 0;

    if (number > trial->slots.count)
        return fail(error, EINVAL, "guest %u: there is none before it", number);
    if (number == trial->slots.count)
        status = slots_add(&trial->slots, error);
    if (status == 0)
        trial->current = number;
    return status;
}

static int explain(struct trial *trial, int code, const char *wanted, const char *hint,
                   struct error *error)
{
    const struct watch *watch = &current(trial)->watch;
    const char *seen = "nothing";

    for (int i = 0; i < EVENT_COUNT; i++)
        if (watch->stamps[i] >= 0)
            seen = event_names[i];
    if (code == -ETIMEDOUT)
        return fail(error, ETIMEDOUT, "no %s within %s (last seen: %s)%s", wanted,
                    patience_text(&trial->patience), seen, hint);
    if (code == -EBADMSG && watch->early == watch->latest)
        return fail(error, EBADMSG, "out of order: %s was marked twice", event_names[watch->early]);
    if (code == -EBADMSG)
        return fail(error, EBADMSG, "out of order: %s was marked after %s",
                    event_names[watch->early], event_names[watch->latest]);
    if (code == -EPROTO)
        return fail(error, EPROTO, "the console said \"%s\"", watch->complaint);
    if (code == -EPIPE && watch->stamps[EVENT_END] >= 0)
        return fail(error, EPIPE, "the payload ended with status %u before %s%s",
                    watch->status[EVENT_END], wanted, hint);
    if (code == -EPIPE)
        return fail(error, EPIPE, "the guest's process was gone before %s%s", wanted, hint);
    return fail(error, -code, "%s", strerror(-code));
}

/* A guest that says it has failed, has. One that marks what it did before after what it did later
 * cannot be trusted in anything. */
static int check(const struct trial *trial)
{
    const struct watch *watch = &current(trial)->watch;

    return watch->early != EVENT_COUNT ? -EBADMSG : *watch->complaint ? -EPROTO : 0;
}

static bool is_gone(const struct trial *trial)
{
    const struct slot *slot = current(trial);

    return !slot->has_guest || slot->watch.stamps[EVENT_GONE] >= 0;
}

/* One step of all guests. */
static int step_all(struct trial *trial, struct pollfd *other, struct error *error)
{
    struct slots *slots = &trial->slots;
    int status = watch_step(slots->watches, slots->count, trial->patience.deadline, other, error);

    return status == -ETIMEDOUT && patience_extend(&trial->patience) ? 0 : status;
}

/* The same, unless the current one is no more. */
static int step(struct trial *trial, struct pollfd *other, struct error *error)
{
    int status = check(trial);

    if (status < 0)
        return status;
    return is_gone(trial) ? -EPIPE : step_all(trial, other, error);
}

int trial_wait(struct trial *trial, enum event event, struct error *error)
{
    const struct watch *watch = &current(trial)->watch;
    const char *hint = event == trial_started(trial) ? watch->ready->hint : "";
    int status = 0;

    while (watch->stamps[event] < 0 && status == 0)
        status = step(trial, NULL, error);
    if (status == 0)
        status = check(trial);
    return status < 0 ? explain(trial, status, event_names[event], hint, error) : 0;
}

int trial_await(struct trial *trial, int fd, const char *what, struct error *error)
{
    struct pollfd other = {.fd = fd, .events = POLLIN};
    int status = 0;

    while (!other.revents && status == 0)
        status = (trial->crowded ? step_all : step)(trial, &other, error);
    return other.revents ? 0 : explain(trial, status, what, "", error);
}

void trial_allow(struct trial *trial, double seconds)
{
    patience_begin(&trial->patience, seconds);
}

void trial_allow_exactly(struct trial *trial, double seconds)
{
    patience_begin(&trial->patience, seconds);
    trial->patience.exact = true;
}

int trial_linger(struct trial *trial, double seconds, struct error *error)
{
    const int64_t *stamps = current(trial)->watch.stamps;
    const struct patience before = trial->patience;
    int status = 0;

    trial_allow_exactly(trial, seconds);
    while (stamps[EVENT_END] < 0 && stamps[EVENT_GONE] < 0 && status == 0)
        status = step(trial, NULL, error);
    trial->patience = before;
    if (status == 0 || status == -ETIMEDOUT)
        status = check(trial);
    return status < 0 ? explain(trial, status, event_names[EVENT_END], "", error) : 0;
}

/* How the guest's process ended: its exit status, 128 and the signal, or negative if nobody knows.
 */
static int exit_status(const struct slot *slot)
{
    siginfo_t end = {0};
    int status;

    if (slot->watch.stamps[EVENT_END] >= 0)
        return (int)slot->watch.status[EVENT_END];
    if (waitid(P_PIDFD, (id_t)slot->guest.exit_fd, &end, WEXITED | WNOHANG | WNOWAIT) == 0)
        return end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
    if (sandbox_reaped(slot->guest.pid, &status) < 0) /* libvirt's QEMU is nobody's child */
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Whether the guest ended, or not, as its rules say. */
static int judge(const struct trial *trial, struct error *error)
{
    const struct rules *rules = trial->setup->rules;
    const struct slot *slot = current(trial);
    bool gone = slot->watch.stamps[EVENT_GONE] >= 0;
    int status = gone ? exit_status(slot) : 0;

    if (gone && (rules->end == END_NEVER || rules->end == END_HALT))
        return fail(error, EPIPE, "the guest ended by itself, with status %d; \"end\" says \"%s\"",
                    status, ending_names[rules->end]);
    if (gone && status != (int)rules->status)
        return fail(error, EPIPE, "the guest ended with status %d, not %u", status, rules->status);
    if (rules->success.text && !slot->watch.succeeded)
        return fail(error, EPROTO, "no line of the console matched \"success\": \"%.200s\"",
                    rules->success.text);
    return 0;
}

static int wait_success(struct trial *trial, struct error *error)
{
    int status = 0;

    while (!current(trial)->watch.succeeded && status == 0)
        status = step(trial, NULL, error);
    return status < 0 ? explain(trial, status, "line of success", "", error) : 0;
}

int trial_conclude(struct trial *trial, double seconds, struct error *error)
{
    const struct rules *rules = trial->setup->rules;
    int status;

    if (!rules || rules->end == END_MARKER || rules->end == END_NEVER)
        status = trial_linger(trial, seconds, error);
    else if (rules->end != END_HALT)
        status = trial_wait(trial, EVENT_GONE, error);
    else
        status = wait_success(trial, error);
    if (status == 0 && trial_is_judged(trial))
        status = judge(trial, error);
    return status;
}

bool trial_is_judged(const struct trial *trial)
{
    return trial->setup->rules && trial->setup->rules->end != END_MARKER;
}

enum event trial_started(const struct trial *trial)
{
    return trial->setup->ready->kind == READY_MARKER ? EVENT_MAIN : EVENT_READY;
}

int trial_pause(struct trial *trial, double seconds, struct error *error)
{
    const struct patience before = trial->patience;
    int status = 0;

    trial_allow_exactly(trial, seconds);
    while (status == 0)
        status = step_all(trial, NULL, error);
    trial->patience = before;
    if (status == -ETIMEDOUT) /* if we come late, what happened meanwhile is not seen yet */
        status = watch_look(trial->slots.watches, trial->slots.count, error);
    return status == 0 ? 0 : explain(trial, status, "the end of a pause", "", error);
}

int64_t trial_stamp(const struct trial *trial, enum event event)
{
    return current(trial)->watch.stamps[event];
}

uint64_t trial_tsc(const struct trial *trial, enum event event)
{
    return current(trial)->watch.tsc[event];
}

unsigned trial_status(const struct trial *trial, enum event event)
{
    return current(trial)->watch.status[event];
}

bool trial_phase(const struct trial *trial, unsigned number, struct phase_mark *mark)
{
    const struct watch *watch = &current(trial)->watch;

    if (number >= PHASES || !watch->phases[number].seen)
        return false;
    *mark = watch->phases[number];
    return true;
}

int trial_wait_phase(struct trial *trial, unsigned number, struct error *error)
{
    struct phase_mark mark;
    char what[32];
    int status = 0;

    snprintf(what, sizeof what, "phase %u", number);
    while (!trial_phase(trial, number, &mark) && status == 0)
        status = step(trial, NULL, error);
    return status < 0 ? explain(trial, status, what, "", error) : 0;
}

double trial_tsc_ns(const struct trial *trial, uint64_t from, uint64_t to)
{
    return (double)(to - from) * 1e6 / trial->setup->machine->tsc_khz;
}

static bool counts_virtual_time(const struct trial_setup *setup)
{
    return setup->driver->uses_machine && setup->machine->icount;
}

bool trial_icount(const struct trial *trial)
{
    return counts_virtual_time(trial->setup);
}

bool trial_idled(const struct trial *trial, enum event event)
{
    return current(trial)->watch.idled[event];
}

bool trial_users(const struct trial *trial)
{
    return trial->setup->users_program;
}

const char *trial_address(const struct trial *trial)
{
    const struct launch *launch = &current(trial)->launch;

    return launch->network ? launch->instance.address : NULL;
}

const char *trial_interface(const struct trial *trial)
{
    const struct launch *launch = &current(trial)->launch;

    return launch->network ? launch->instance.interface : NULL;
}

uint16_t trial_port(const struct trial *trial)
{
    return current(trial)->launch.port;
}

int trial_pcap(struct trial *trial, struct error *error)
{
    char name[256];
    int fd;

    if (trial->setup->pcap_dir <= 0)
        return -1;
    snprintf(name, sizeof name, "%s-%u.pcap", trial->setup->label, ++trial->captures);
    fd = openat(trial->setup->pcap_dir, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    return fd < 0 ? fail(error, errno, "--keep-pcap: %s: %s", name, strerror(errno)) : fd;
}

const char *trial_url(const struct trial *trial)
{
    return trial->setup->url;
}

unsigned trial_vms(const struct trial *trial)
{
    return trial->setup->vms;
}

const struct workload *trial_serves(const struct trial *trial, const char *protocol)
{
    for (unsigned i = 0; i < trial->setup->offer_count; i++)
        if (strcmp(trial->workloads[i].protocol, protocol) == 0)
            return &trial->workloads[i];
    return NULL;
}

const struct workload *trial_workload(const struct trial *trial)
{
    return trial->setup->offer ? trial_serves(trial, trial->setup->offer->protocol) : NULL;
}

enum profile trial_profile(const struct trial *trial)
{
    return trial->setup->profile;
}

pid_t trial_pid(const struct trial *trial)
{
    const struct slot *slot = current(trial);

    return slot->has_guest ? slot->guest.pid : 0;
}

int trial_cpu_time(const struct trial *trial, struct cpu_time *time, struct error *error)
{
    bool vhost = current(trial)->launch.tap && trial->setup->machine->vhost;

    return vhost ? cpu_time_with_vhost(trial_pid(trial), time, error)
                 : cpu_time(trial_pid(trial), time, error);
}

static struct outcome *outcome_of(struct trial_report *report, const char *name)
{
    for (unsigned i = 0; i < report->count; i++)
        if (strcmp(report->outcomes[i].metric->name, name) == 0)
            return &report->outcomes[i];
    return NULL;
}

bool trial_expects(const struct trial *trial, const char *name)
{
    const struct outcome *outcome = outcome_of(trial->report, name);

    return outcome && outcome->expected;
}

void trial_record(struct trial *trial, const char *name, double value, const char *note)
{
    struct outcome *outcome = outcome_of(trial->report, name);

    if (!outcome || outcome->failure)
        return;
    outcome->recorded = true;
    outcome->value = value;
    outcome->note = note;
}

void trial_keep(struct trial *trial, const char *name, const char *field, cJSON *json)
{
    struct outcome *outcome = outcome_of(trial->report, name);

    if (!outcome) {
        cJSON_Delete(json);
        return;
    }
    if (!outcome->kept)
        outcome->kept = cJSON_CreateObject();
    cJSON_AddItemToObject(outcome->kept, field, json);
}

void trial_observe(struct trial *trial, const char *name, int64_t from, int64_t to, bool busy)
{
    if (trial->pulse)
        trial_keep(trial, name, "evidence", pulse_evidence(trial->pulse, from, to, busy));
}

/* No sample is without evidence: what a scenario has not observed gets that of the whole trial. */
static void observe_rest(struct trial *trial, int64_t began)
{
    const struct trial_report *report = trial->report;

    for (unsigned i = 0; i < report->count; i++) {
        const struct outcome *outcome = &report->outcomes[i];

        if ((outcome->recorded || outcome->failure) && !json_field(outcome->kept, "evidence"))
            trial_observe(trial, outcome->metric->name, began, clock_now(), false);
    }
}

struct pulse *trial_pulse(const struct trial *trial)
{
    return trial->pulse;
}

void trial_fail(struct trial *trial, const char *name, const struct error *why)
{
    struct outcome *outcome = outcome_of(trial->report, name);

    if (!outcome || outcome->recorded || outcome->failure)
        return;
    watch_read(&current(trial)->watch, clock_now()); /* the last words are evidence */
    outcome->failure = strdup(why->text);
    outcome->console = strdup(current(trial)->watch.console);
    if (!trial->report->error.text[0])
        fail(&trial->report->error, EIO, "%s: %s", name, why->text);
}

#define MANY_CONNECTIONS 32 /* of scenarios that open many */

/* What the program lacks that the target brings, by what it offers. */
static unsigned lacks_of(const struct trial *trial)
{
    const struct workload *workload = trial_workload(trial);
    const struct trial_setup *setup = trial->setup;
    unsigned lacks = 0;

    if (!workload)
        return setup->users_program ? NEEDS_TLS : 0;
    if (!trial_serves(trial, "https"))
        lacks |= NEEDS_TLS;
    if (strcmp(workload->protocol, "https") == 0)
        lacks |= NEEDS_ANSWERS | NEEDS_REQUESTS;
    if (strcmp(workload->protocol, "icmp") == 0)
        lacks |= NEEDS_REQUESTS;
    if (strcmp(workload->protocol, "iperf2") == 0)
        lacks |= NEEDS_REVERSE;
    if (workload->connections && workload->connections < MANY_CONNECTIONS)
        lacks |= NEEDS_CONNECTIONS;
    if (!workload->udp)
        lacks |= NEEDS_UDP;
    return lacks;
}

static bool is_expected(const struct trial *trial, const struct metric *metric)
{
    const struct trial_setup *setup = trial->setup;
    unsigned needs = metric->needs, lacks = NEEDS_KERNEL_MARKER | NEEDS_RATE | lacks_of(trial);

    if (metric->profile != PROFILE_ANY && metric->profile != setup->profile)
        return false;
    /* Wall time means nothing in virtual time, and the other way round. */
    if (counts_virtual_time(setup) ? !(needs & NEEDS_ICOUNT) && !metric->counted
                                   : (needs & NEEDS_ICOUNT) != 0)
        return false;
    if (setup->ready->kind != READY_MARKER) /* one that starts by a marker also ends by one */
        lacks |= NEEDS_EXIT_MARKER;
    if (!setup->probed)
        lacks |= NEEDS_REPLY;
    if (setup->users_program)
        lacks |= NEEDS_OWN_PROGRAM;
    if (!setup->runs_program)
        lacks |= NEEDS_PROGRAM;
    if (!setup->memory_step_kib)
        lacks |= NEEDS_SIZE;
    if (!setup->driver->uses_machine)
        lacks |= NEEDS_MACHINE | NEEDS_TCG;
    else if (setup->machine->accel != ACCEL_TCG)
        lacks |= NEEDS_TCG;
    return !(needs & lacks);
}

/* Beside the first sample, whatever it is: what the guest said, sent, and whether it is there. */
static void keep_tried(struct trial *trial, struct trying *trying)
{
    struct outcome *first = &trial->report->outcomes[0];
    struct watch *watch = &current(trial)->watch;
    bool alive = trial_pid(trial) > 0 && watch->stamps[EVENT_GONE] < 0;
    cJSON *tried = trying_end(trying, trial);

    watch_read(watch, clock_now());
    if (!first->console)
        first->console = strdup(watch->console);
    tried = tried ? tried : cJSON_CreateObject();
    cJSON_AddBoolToObject(tried, "alive", alive);
    trial_keep(trial, first->metric->name, "tried", tried);
}

int trial_run(const struct trial_setup *setup, struct trial_report *report)
{
    struct trial trial = {.setup = setup, .report = report};
    struct trying *trying = NULL;
    struct error error = {0};
    int64_t began = clock_now();
    int status;

    *report = (struct trial_report){0};
    if (!setup->driver->plays_script && !counts_virtual_time(setup)) {
        status = pulse_start(&trial.pulse, &report->error);
        if (status < 0)
            return status;
    }
    for (unsigned i = 0; i < setup->offer_count; i++)
        trial.workloads[i] = (struct workload){
            .protocol = setup->offers[i].protocol,
            .path = setup->offers[i].path,
            .port = setup->offers[i].port,
            .udp = setup->offers[i].udp,
            .connections = setup->offers[i].connections,
        };
    for (const struct metric *metric = setup->scenario->metrics; metric->name; metric++)
        report->outcomes[report->count++] =
            (struct outcome){.metric = metric, .expected = is_expected(&trial, metric)};
    status = slots_open(&trial.slots, setup, report, &error);
    trial.slots.pulse = trial.pulse;
    if (status == 0)
        status = trial_select(&trial, 0, &error);
    if (status < 0) {
        report->error = error;
        slots_close(&trial.slots);
        pulse_stop(trial.pulse);
        return status;
    }
    if (setup->trying && slots_prepare(&trial.slots, 0, 0, &error) == 0)
        trying = trying_begin(&trial); /* or it would miss what the guest sends first */
    status = trial_boot(&trial, 0, &error);
    if (status == 0)
        status = setup->scenario->measure(&trial, &error);
    if (status < 0)
        report->error = error;
    else
        fail(&error, EPROTO, "the scenario has recorded neither a value nor a failure");
    for (unsigned i = 0; i < report->count; i++)
        if (report->outcomes[i].expected)
            trial_fail(&trial, report->outcomes[i].metric->name, &error);
    if (setup->trying)
        keep_tried(&trial, trying);
    observe_rest(&trial, began);
    trial_end_crowd(&trial, 0);
    slots_close(&trial.slots);
    pulse_stop(trial.pulse);
    return trial.slots.broken < 0 ? trial.slots.broken : status == -ECANCELED ? status : 0;
}

void trial_report_free(struct trial_report *report)
{
    for (unsigned i = 0; i < report->count; i++) {
        free(report->outcomes[i].failure);
        free(report->outcomes[i].console);
        cJSON_Delete(report->outcomes[i].kept);
    }
    for (unsigned i = 0; i < PROGRAMS_MAX; i++) {
        free(report->boots[i].cmdline);
        free(report->boots[i].xml);
        free(report->boots[i].argv);
    }
    *report = (struct trial_report){0};
}
