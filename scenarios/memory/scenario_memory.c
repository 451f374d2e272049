/* SPDX-License-Identifier: GPL-3.0-or-later */
/* memory: how much of its memory does a VM touch, with how little can it do, what does QEMU hold?
 */
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../latency/httpd.h"
#include "bench/measure/loading.h"
#include "bench/measure/memory.h"
#include "minimum.h"

#define STEP_KIB 256
#define FIRST_KIB 1024
#define BOOTS 3
#define PATIENCE 5.0 /* a boot with little memory may take so many times the first one's time, */
#define PATIENCE_MIN_S 1.0 /* and at least this */

#define MORE 4 /* VMs beside the first, for what one more takes */

#define REQUESTS 1000
#define CONNECTIONS 32
#define LARGE_BYTES 1048576
#define LARGE_PATH "/bytes/1048576"
#define REQUESTS_S 15.0 /* all requests must be answered by then, */
#define REQUEST_S 3.0   /* and each in this time */

#define ACCOUNTS "none: the host kernel's accounting of memory"

enum { STAY, HELLO, HTTPD };

static const struct metric metrics[] = {
    {.name = "guest_touched",
     .title = "memory that the VM touched until the program was ready",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "create call",
     .stop = "the program is ready",
     .definition =
         "what the host had to give of the guest's memory, that is of the memfd behind it, "
         "until the program was ready; of the floor: until its end",
     .needs = NEEDS_MACHINE,
     .leads = true,
     .counted = true},
    {.name = "minimum",
     .title = "smallest memory in which the program runs",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "memory of the VM",
     .stop = "memory of the VM",
     .definition =
         "smallest memory of the VM, in steps of 256 KiB (a tender's: 1 MiB), with which the "
         "program succeeds in "
         "3 of 3 boots: hello says hello and ends with status 0; your own is ready, and has "
         "not failed by then",
     .needs = NEEDS_SIZE,
     .counted = true},
    {.name = "pss",
     .title = "memory of the VM's process, of what is shared its share",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "create call",
     .stop = "the program is ready",
     .definition = "proportional set size of QEMU, or of the plain process: the guest's memory "
                   "included, TCG's translation buffer left out",
     .needs = NEEDS_PROGRAM},
    {.name = "uss",
     .title = "memory that the VM's process shares with nobody",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "create call",
     .stop = "the program is ready",
     .definition = "unique set size, as pss: what would be free if this process ended",
     .needs = NEEDS_PROGRAM},
    {.name = "tcg_buffer",
     .title = "TCG's translation buffer",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "create call",
     .stop = "the program is ready",
     .definition = "what of TCG's translation buffer is in use; a VM under KVM has none",
     .needs = NEEDS_PROGRAM | NEEDS_TCG},
    {.name = "marginal",
     .title = "memory that one VM more takes from the host",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "before its create call",
     .stop = "the program is ready",
     .definition = "fall of the host's MemAvailable per VM while 4 more are booted beside the "
                   "first; the median of 3 times",
     .needs = NEEDS_PROGRAM},
    {.name = "image",
     .title = "size of what the VM starts from",
     .unit = "B",
     .clock = "none: the size of files",
     .start = "none",
     .stop = "none",
     .definition = "bytes of the files of kernel or image, of the disks, and of the archive with "
                   "the program; of a plain process those of its program",
     .counted = true},
    {.name = "httpd_guest_touched",
     .title = "memory that the VM touched until its server had answered",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "create call",
     .stop = "the last of the requests was answered",
     .definition = "guest_touched of httpd after 1,000 requests over 32 connections and one for "
                   "1 MiB",
     .needs = NEEDS_MACHINE | NEEDS_PROGRAM | NEEDS_OWN_PROGRAM},
    {.name = "httpd_minimum",
     .title = "smallest memory in which a server does its work",
     .unit = "MiB",
     .clock = ACCOUNTS,
     .start = "memory of the VM",
     .stop = "memory of the VM",
     .definition =
         "minimum of httpd: in 3 of 3 boots it answers 1,000 requests over 32 connections "
         "and one for 1 MiB, each in time",
     .needs = NEEDS_MACHINE | NEEDS_PROGRAM | NEEDS_OWN_PROGRAM},
    {.name = NULL},
};

/* A program of the scenario and when it has succeeded. */
struct subject {
    struct trial *trial;
    unsigned program;
    int (*succeeds)(struct trial *trial, struct error *error); /* after trial_boot() */
    double allowed_s;                                          /* until it is ready */
};

static double mib(double bytes)
{
    return bytes / 1048576;
}

/* If the program has ended, it must have succeeded. */
static int check_end(const struct trial *trial, struct error *error)
{
    if (trial_stamp(trial, EVENT_END) >= 0 && trial_status(trial, EVENT_END) != 0)
        return fail(error, EPIPE, "the program ended with status %u",
                    trial_status(trial, EVENT_END));
    return 0;
}

static int gets_ready(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_READY, error);

    return status < 0 ? status : check_end(trial, error);
}

static int says_hello(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_GONE, error);

    if (status == 0 && trial_stamp(trial, EVENT_END) < 0)
        return fail(error, EPIPE, "the guest ended without the program's status");
    return status < 0 ? status : check_end(trial, error);
}

/* Whether `requests` over `connections` are all answered, each by `length` bytes. */
static int answers(struct trial *trial, const char *path, unsigned requests, unsigned connections,
                   uint64_t length, struct error *error)
{
    const struct load load = {.address = trial_address(trial),
                              .port = HTTPD_PORT,
                              .path = path,
                              .connections = connections,
                              .requests = requests,
                              .measured_s = REQUESTS_S,
                              .patience_s = REQUEST_S};
    static struct load_report report;
    char text[256];
    int64_t lost;
    int status = loading_run(trial, &load, &report, NULL, &lost, error);

    if (status < 0)
        return status;
    if (load_failed(&report)) {
        load_explain(&report, text, sizeof text);
        return fail(error, EIO, "%s: %s", path, text);
    }
    if (report.connected < connections || report.answered < requests)
        return fail(error, EIO, "%s: %llu of %u requests were answered, over %u of %u connections",
                    path, (unsigned long long)report.answered, requests, report.connected,
                    connections);
    if (report.length != length)
        return fail(error, EIO, "%s: a reply has %llu bytes", path,
                    (unsigned long long)report.length);
    return 0;
}

static int serves(struct trial *trial, struct error *error)
{
    int status = trial_address(trial) ? gets_ready(trial, error)
                                      : fail(error, ENOTSUP, "the target has no network");

    if (status == 0)
        status = answers(trial, "/", REQUESTS, CONNECTIONS, HTTPD_ROOT_BYTES, error);
    if (status == 0)
        status = answers(trial, LARGE_PATH, 1, 1, LARGE_BYTES, error);
    return status;
}

/* Boot the subject with `kib` of memory so often as it succeeds, 3 times at most. An errno only if
 * the user interrupted. */
static int try_size(const struct subject *subject, unsigned kib, bool *passed, cJSON *steps,
                    struct error *error)
{
    struct trial *trial = subject->trial;
    cJSON *step = cJSON_CreateObject();
    struct error why = {0};
    int status = 0, boots = 0;

    trial_memory(trial, kib);
    while (boots < BOOTS && status == 0) {
        status = trial_boot(trial, subject->program, &why);
        trial_allow(trial, subject->allowed_s);
        if (status == 0)
            status = subject->succeeds(trial, &why);
        boots += status == 0;
    }
    trial_memory(trial, 0);
    *passed = boots == BOOTS;
    cJSON_AddNumberToObject(step, "memory_kib", kib);
    cJSON_AddBoolToObject(step, "passed", *passed);
    cJSON_AddNumberToObject(step, "boots", boots);
    if (status < 0)
        cJSON_AddStringToObject(step, "reason", why.text);
    cJSON_AddItemToArray(steps, step);
    return status == -ECANCELED ? fail(error, ECANCELED, "%s", why.text) : 0;
}

static int measure_minimum(const struct subject *subject, const char *name, struct error *error)
{
    struct trial *trial = subject->trial;
    unsigned least = trial_memory_step(trial), step = least > STEP_KIB ? least : STEP_KIB;
    struct minimum search = {.first = FIRST_KIB / step, .high = trial_memory_given(trial) / step};
    cJSON *steps;
    unsigned size;
    int status = 0;

    if (!trial_expects(trial, name))
        return 0;
    steps = cJSON_CreateArray();
    while (status == 0 && (size = minimum_next(&search)) > 0) {
        bool passed;

        status = try_size(subject, size * step, &passed, steps, error);
        if (status == 0)
            minimum_tell(&search, size, passed);
    }
    trial_keep(trial, name, "steps", steps);
    if (status < 0)
        return status;
    if (search.good == 0)
        return fail(error, EIO, "no memory size up to that of the run passed %d of %d boots", BOOTS,
                    BOOTS);
    trial_record(trial, name, mib((double)search.good * step * 1024), NULL);
    return 0;
}

static void record_touched(struct trial *trial, const char *name)
{
    int64_t touched = trial_touched(trial);

    if (touched >= 0)
        trial_record(trial, name, mib((double)touched), NULL);
}

static void record_image(struct trial *trial)
{
    int64_t kernel, payload;
    struct error why = {0};
    cJSON *parts;

    if (trial_image(trial, &kernel, &payload, &why) < 0) {
        trial_fail(trial, "image", &why);
        return;
    }
    parts = cJSON_CreateObject();
    cJSON_AddNumberToObject(parts, "kernel_bytes", (double)kernel);
    cJSON_AddNumberToObject(parts, "payload_bytes", (double)payload);
    trial_keep(trial, "image", "parts", parts);
    trial_record(trial, "image", (double)(kernel + payload), NULL);
}

/* What the guest's process holds while the program runs. */
static void weigh(struct trial *trial)
{
    struct memory_use use;
    struct error why = {0};
    cJSON *parts;

    if (!trial_expects(trial, "pss"))
        return;
    if (memory_of(trial_pid(trial), &use, &why) < 0) {
        trial_fail(trial, "pss", &why);
        trial_fail(trial, "uss", &why);
        if (trial_expects(trial, "tcg_buffer"))
            trial_fail(trial, "tcg_buffer", &why);
        return;
    }
    if (use.ram) {
        parts = cJSON_CreateObject();
        cJSON_AddNumberToObject(parts, "guest_kib", (double)use.ram);
        trial_keep(trial, "pss", "parts", parts);
    }
    trial_record(trial, "pss", (double)use.pss / 1024, NULL);
    trial_record(trial, "uss", (double)use.uss / 1024, NULL);
    if (trial_expects(trial, "tcg_buffer"))
        trial_record(trial, "tcg_buffer", (double)use.tcg / 1024, NULL);
}

/* How much less memory the host has per VM when MORE further ones are there and ready. */
static int boot_more(struct trial *trial, double *fall_mib, struct error *error)
{
    uint64_t before = memory_available();
    int status = 0;

    for (unsigned i = 1; i <= MORE && status == 0; i++) {
        status = trial_select(trial, i, error);
        if (status == 0)
            status = trial_boot(trial, STAY, error);
        if (status == 0)
            status = gets_ready(trial, error);
    }
    *fall_mib = ((double)before - (double)memory_available()) / 1024 / MORE;
    trial_end_crowd(trial, 1);
    return status;
}

static double middle(double a, double b, double c)
{
    return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Beside the guest that is there. */
static int measure_marginal(struct trial *trial, struct error *error)
{
    struct memory_use use;
    struct error why = {0};
    double falls[3];
    int status = 0;

    if (!trial_expects(trial, "marginal"))
        return 0;
    for (unsigned i = 0; i < 3 && status == 0; i++)
        status = boot_more(trial, &falls[i], &why);
    if (status == -ECANCELED)
        return fail(error, ECANCELED, "%s", why.text);
    if (status == 0)
        status = trial_select(trial, 0, &why);
    if (status == 0)
        status = memory_of(trial_pid(trial), &use, &why);
    if (status < 0) {
        trial_fail(trial, "marginal", &why);
        return trial_select(trial, 0, error);
    }
    trial_keep(trial, "marginal", "backing", memory_backing(&use));
    trial_record(trial, "marginal", middle(falls[0], falls[1], falls[2]), NULL);
    return 0;
}

/* How long a boot with little memory may take, by one that has just become ready. */
static double patience(const struct trial *trial)
{
    double took =
        (double)(trial_stamp(trial, EVENT_READY) - trial_stamp(trial, EVENT_RESUME)) / 1e9;

    return fmax(PATIENCE * took, PATIENCE_MIN_S);
}

static int measure_httpd(struct trial *trial, struct error *error)
{
    struct subject httpd = {.trial = trial, .program = HTTPD, .succeeds = serves};
    int status = trial_boot(trial, HTTPD, error);

    if (status == 0)
        status = serves(trial, error);
    if (status < 0)
        return status;
    record_touched(trial, "httpd_guest_touched");
    httpd.allowed_s = patience(trial);
    return measure_minimum(&httpd, "httpd_minimum", error);
}

static int measure(struct trial *trial, struct error *error)
{
    bool own = trial_expects(trial, "httpd_minimum");
    struct subject subject = {.trial = trial};
    int status = gets_ready(trial, error);

    if (status < 0)
        return status;
    record_touched(trial, "guest_touched");
    record_image(trial);
    weigh(trial);
    subject.allowed_s = patience(trial);
    subject.program = trial_users(trial) ? STAY : HELLO;
    subject.succeeds = trial_users(trial) ? gets_ready : says_hello;
    status = measure_marginal(trial, error);
    if (status == 0)
        status = measure_minimum(&subject, "minimum", error);
    return status == 0 && own ? measure_httpd(trial, error) : status;
}

static const struct program programs[] = {
    [STAY] = {.payload = "stay"},
    [HELLO] = {.payload = "hello"},
    [HTTPD] = {.payload = "httpd", .network = true},
    {.payload = NULL},
};

const struct scenario scenario_memory = {
    .name = "memory",
    .summary = "how much memory a VM touches, with how little it can do, what QEMU holds",
    .programs = programs,
    .takes_payload = true,
    .weighs = true,
    .metrics = metrics,
    .deadline_s = 30,
    .takes_s = {30, 30},
    .measure = measure,
};
