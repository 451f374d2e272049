/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../latency/httpd.h"
#include "bench/base/clock.h"
#include "bench/measure/cputime.h"
#include "bench/measure/loading.h"
#include "bench/measure/memory.h"
#include "step.h"

#define READY_S 60.0 /* the last VM must be ready so long after its CPU was started */
#define RATE 200.0   /* requests per second to all */
#define WARMUP_S 0.5
#define MEET_S 20.0
#define MEET_ONCE 8
#define PATIENCE_S 30.0 /* 1,000 VMs that are asked at once all need a CPU first */
#define MORE_MAX 5

/* The VMs that are ready, by their numbers, in an array of its own. */
struct present {
    unsigned *numbers;
    const char **addresses;
    uint64_t *answers;
    unsigned count;
};

static int present_open(struct present *present, unsigned vms, struct error *error)
{
    *present = (struct present){
        .numbers = calloc(vms, sizeof *present->numbers),
        .addresses = calloc(vms, sizeof *present->addresses),
        .answers = calloc(vms, sizeof *present->answers),
    };
    return present->numbers && present->addresses && present->answers
               ? 0
               : fail(error, ENOMEM, "out of memory");
}

static void present_close(struct present *present)
{
    free(present->numbers);
    free(present->addresses);
    free(present->answers);
}

/* --- boot */

static bool has_memory(void *data)
{
    const struct step_plan *plan = data;

    return memory_available() >= plan->spare_kib;
}

static void note_failure(struct step *step, const char *why)
{
    if (!step->why[0])
        snprintf(step->why, sizeof step->why, "%s", why);
}

/* Wait for every VM that was booted. */
static int await_all(struct trial *trial, struct step *step, struct present *present,
                     struct error *error)
{
    int status = 0;

    trial_allow(trial, READY_S);
    step->began = INT64_MAX;
    for (unsigned i = 0; i < step->vms && status != -ECANCELED; i++) {
        struct error why = {0};

        status = trial_select(trial, i, error);
        if (status < 0)
            return status;
        if (trial_stamp(trial, EVENT_CREATE) >= 0 && trial_stamp(trial, EVENT_CREATE) < step->began)
            step->began = trial_stamp(trial, EVENT_CREATE);
        if (trial_pid(trial) == 0)
            continue; /* its boot failed */
        status = trial_wait(trial, EVENT_READY, &why);
        if (status < 0) {
            note_failure(step, why.text);
            continue;
        }
        if (trial_stamp(trial, EVENT_READY) > step->all_ready)
            step->all_ready = trial_stamp(trial, EVENT_READY);
        present->numbers[present->count] = i;
        present->addresses[present->count++] = trial_address(trial);
    }
    step->ready = present->count;
    return status == -ECANCELED ? fail(error, ECANCELED, "interrupted") : 0;
}

static int boot_all(struct trial *trial, const struct step_plan *plan, unsigned vms,
                    struct step *step, struct present *present, struct error *error)
{
    struct crowd crowd;
    int status = trial_boot_crowd(trial, 0, vms, 0, has_memory, (void *)plan, &crowd, error);

    if (status < 0)
        return status;
    step->vms = crowd.booted + crowd.failed;
    step->out_of_memory = step->vms < vms;
    note_failure(step, crowd.why);
    return await_all(trial, step, present, error);
}

/* --- one more, while all run */

static int by_value(const void *left, const void *right)
{
    const double *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static int boot_one_more(struct trial *trial, unsigned number, double *took_ms, struct error *error)
{
    struct crowd crowd;
    int status = trial_boot_crowd(trial, number, 1, 0, NULL, NULL, &crowd, error);

    if (status == 0 && crowd.booted < 1)
        return fail(error, EIO, "%s", crowd.why);
    if (status == 0)
        status = trial_select(trial, number, error);
    if (status == 0)
        status = trial_wait(trial, EVENT_READY, error);
    if (status == 0)
        *took_ms =
            (double)(trial_stamp(trial, EVENT_READY) - trial_stamp(trial, EVENT_CREATE)) / 1e6;
    trial_end_crowd(trial, number);
    return status;
}

static int boot_more(struct trial *trial, const struct step_plan *plan, struct step *step,
                     struct error *error)
{
    double took[MORE_MAX];
    unsigned count = 0;
    int status = 0;

    step->more_from = clock_now();
    for (unsigned i = 0; i < plan->more && i < MORE_MAX && status != -ECANCELED; i++) {
        status = boot_one_more(trial, step->vms, &took[count], &step->more_fault);
        count += status == 0;
    }
    step->more_to = clock_now();
    note_failure(step, step->more_fault.text);
    qsort(took, count, sizeof *took, by_value);
    if (count > 0 && !step->more_fault.text[0])
        step->boot_while_ms = took[count / 2];
    return status == -ECANCELED ? fail(error, ECANCELED, "interrupted") : 0;
}

/* --- at rest */

/* The CPU time of all so far. */
static int used_by(struct trial *trial, const struct present *present, double *used,
                   struct error *error)
{
    *used = 0;
    for (unsigned i = 0; i < present->count; i++) {
        struct cpu_time time;
        int status = trial_select(trial, present->numbers[i], error);

        if (status == 0 && trial_stamp(trial, EVENT_GONE) >= 0)
            status = fail(error, ESRCH, "its process was gone while it had nothing to do");
        if (status == 0)
            status = trial_cpu_time(trial, &time, error);
        if (status < 0)
            return status;
        *used += time.vcpu_s + time.vmm_s;
    }
    return 0;
}

static int rest(struct trial *trial, const struct step_plan *plan, struct step *step,
                const struct present *present, struct error *error)
{
    double before, after;
    int status, told = used_by(trial, present, &before, &step->idle_fault);

    step->idle_from = clock_now();
    status = trial_pause(trial, plan->idle_s, error);
    step->idle_to = clock_now();
    if (told == 0)
        told = used_by(trial, present, &after, &step->idle_fault);
    if (told == 0)
        step->idle_percent = 100 * (after - before) /
                             ((double)(step->idle_to - step->idle_from) / 1e9) / present->count;
    note_failure(step, step->idle_fault.text);
    return status;
}

/* --- requests */

/* Ask no more who has died: nobody would answer, not even by refusing. */
static int drop_gone(struct trial *trial, struct step *step, struct present *present,
                     struct error *error)
{
    unsigned left = 0;

    for (unsigned i = 0; i < present->count; i++) {
        struct error ignored = {0};

        if (trial_select(trial, present->numbers[i], &ignored) < 0)
            continue;
        if (trial_stamp(trial, EVENT_GONE) >= 0) {
            note_failure(step, "its process was gone when it was to answer");
            continue;
        }
        present->numbers[left] = present->numbers[i];
        present->addresses[left++] = present->addresses[i];
    }
    present->count = left;
    return left > 0 ? 0 : fail(error, EIO, "every VM has died: %s", step->why);
}

static struct load load_on(const struct present *present)
{
    return (struct load){.port = HTTPD_PORT,
                         .path = "/",
                         .connections = present->count,
                         .addresses = present->addresses,
                         .answers = present->answers,
                         .patience_s = PATIENCE_S};
}

/* The first request of all: it takes a VM, under TCG most of all, many times as long as any other,
 * and so would fill the measured time with that. A few at a time: asked at once, 1,000 VMs would
 * all be done only when the last is. Who fails here will again. */
static int meet_all(struct trial *trial, struct step *step, struct present *present,
                    struct load_report *report, struct error *error)
{
    int status = drop_gone(trial, step, present, error);

    for (unsigned i = 0; i < present->count && status == 0; i += MEET_ONCE) {
        struct load load = load_on(present);
        int64_t lost;

        load.connections = present->count - i < MEET_ONCE ? present->count - i : MEET_ONCE;
        load.addresses += i;
        load.answers += i;
        load.requests = load.connections;
        load.measured_s = load.patience_s = MEET_S;
        status = loading_run(trial, &load, report, NULL, &lost, error);
    }
    return status;
}

/* Whether each request got its reply, and was sent in time. */
static void check_replies(struct step *step, const struct load_report *report)
{
    char text[256];

    if (load_failed(report) == 0 && report->answered == report->due) {
        load_check_client(report, &step->reply_fault);
        return;
    }
    load_explain(report, text, sizeof text);
    fail(&step->reply_fault, EIO, "%s", text);
    note_failure(step, text);
}

/* To all, at the stated rate. */
static int put_load(struct trial *trial, const struct step_plan *plan, struct step *step,
                    struct present *present, struct load_report *report, struct error *error)
{
    struct load load;
    int64_t lost;
    int status = drop_gone(trial, step, present, error);

    if (status < 0)
        return status;
    load = load_on(present);
    load.arrivals = ARRIVALS_CONSTANT;
    load.rate = step->rate = RATE;
    load.warmup_s = WARMUP_S;
    load.measured_s = plan->load_s;
    status = loading_run(trial, &load, report, NULL, &lost, error);
    step->requests = report->due;
    step->answered = report->answered;
    step->latency = report->latency;
    step->load_from = report->from;
    step->load_to = report->to;
    if (status == 0)
        check_replies(step, report);
    return status;
}

/* One request to each of them, all at once: who answers? */
static int call_roll(struct trial *trial, struct step *step, struct present *present,
                     struct load_report *report, struct error *error)
{
    struct load load;
    char text[256];
    int64_t lost;
    int status = drop_gone(trial, step, present, error);

    if (status < 0)
        return status;
    load = load_on(present);
    memset(present->answers, 0, present->count * sizeof *present->answers);
    load.requests = present->count;
    load.measured_s = PATIENCE_S;
    status = loading_run(trial, &load, report, NULL, &lost, error);
    for (unsigned i = 0; i < present->count; i++)
        step->answering += present->answers[i] > 0;
    if (status == 0 && load_failed(report)) {
        load_explain(report, text, sizeof text);
        note_failure(step, text);
    }
    snprintf(text, sizeof text, "%u of %u VMs did not answer", present->count - step->answering,
             present->count);
    if (step->answering < present->count)
        note_failure(step, text);
    return status;
}

/* --- */

static int measure_all(struct trial *trial, const struct step_plan *plan, unsigned vms,
                       struct step *step, struct present *present, struct error *error)
{
    struct load_report *report = calloc(1, sizeof *report);
    uint64_t before = memory_available();
    int status = report ? boot_all(trial, plan, vms, step, present, error)
                        : fail(error, ENOMEM, "out of memory");

    if (status == 0 && present->count == 0)
        status = fail(error, EIO, "none of %u VMs was ready: %s", step->vms, step->why);
    if (status == 0)
        status = rest(trial, plan, step, present, error);
    if (status == 0)
        status = meet_all(trial, step, present, report, error);
    if (status == 0)
        status = put_load(trial, plan, step, present, report, error);
    if (status == 0)
        status = call_roll(trial, step, present, report, error);
    if (status == 0) {
        step->memory_mib = ((double)before - (double)memory_available()) / 1024 / present->count;
        status = boot_more(trial, plan, step, error);
    }
    free(report);
    return status;
}

int step_take(struct trial *trial, const struct step_plan *plan, unsigned vms, struct step *step,
              struct error *error)
{
    struct present present;
    int status = present_open(&present, vms, error);

    *step = (struct step){.vms = vms};
    if (status == 0)
        status = measure_all(trial, plan, vms, step, &present, error);
    if (status < 0)
        note_failure(step, error->text);
    trial_end_crowd(trial, 0);
    step->end = clock_now();
    present_close(&present);
    return status;
}

cJSON *step_json(const struct step *step)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "vms", step->vms);
    cJSON_AddNumberToObject(json, "ready", step->ready);
    cJSON_AddNumberToObject(json, "answering", step->answering);
    cJSON_AddBoolToObject(json, "passed", step->answering == step->vms);
    if (step->ready > 0)
        cJSON_AddNumberToObject(json, "ready_all_ms",
                                (double)(step->all_ready - step->began) / 1e6);
    if (step->boot_while_ms > 0)
        cJSON_AddNumberToObject(json, "boot_while_ms", step->boot_while_ms);
    if (step->requests > 0) {
        cJSON_AddNumberToObject(json, "memory_mib", step->memory_mib);
        if (!step->idle_fault.text[0])
            cJSON_AddNumberToObject(json, "idle_percent", step->idle_percent);
        cJSON_AddNumberToObject(json, "offered", step->rate);
        cJSON_AddNumberToObject(json, "requests", (double)step->requests);
        cJSON_AddNumberToObject(json, "answered", (double)step->answered);
    }
    if (step->answered > 0) {
        cJSON_AddNumberToObject(json, "p50_ms", histogram_quantile(&step->latency, 0.5) / 1e6);
        cJSON_AddNumberToObject(json, "p99_ms", histogram_quantile(&step->latency, 0.99) / 1e6);
    }
    if (step->why[0])
        cJSON_AddStringToObject(json, "reason", step->why);
    return json;
}
