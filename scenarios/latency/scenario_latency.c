/* SPDX-License-Identifier: GPL-3.0-or-later */
/* latency: how soon does a server answer, how many requests can it answer, and at what cost? */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "../iperf/search.h"
#include "httpd.h"
#include "test.h"

#define CONNECTIONS 32
#define PATIENCE_S 2.0 /* a request without its whole reply for so long has failed */
#define SEED 1         /* of arrivals: the same for every target */

#define BOUND_MS 10.0     /* rate_max: the 99th percentile of the latency is at most this, */
#define REACHED_PART 0.95 /* and at least this part of the rate was answered in time */
#define STEP_PATIENCE_S 0.5
#define SEARCH_LOW 50
#define SEARCH_HIGH 200e3
#define SEARCH_TRIES 2
#define CONFIRMATIONS 2
#define CONFIRM_LESS 0.95 /* after a confirmation that failed: this part of the rate */
#define CONFIRM_TRIES 8

enum { HTTPD, HTTPSD };

static const struct schedule {
    double warmup_s, measured_s; /* of an open loop */
    double closed_s;             /* of a closed loop */
    double step_s;               /* of the search, and of a confirmation */
    double ratio;                /* the search ends at such a step */
} quick = {.warmup_s = 0.3, .measured_s = 3, .closed_s = 1, .step_s = 0.5, .ratio = 1.1},
  full = {.warmup_s = 1, .measured_s = 10, .closed_s = 5, .step_s = 2, .ratio = 1.05};

#define CLIENT_CLOCK "host CLOCK_MONOTONIC"
#define WIRE_CLOCK "host kernel's stamps of packets"

#define QUANTILE(which, words, rate, only)                                                         \
    {.name = which "_" rate,                                                                       \
     .title = words " of the latency at " rate " requests/s",                                      \
     .unit = "us",                                                                                 \
     .clock = CLIENT_CLOCK,                                                                        \
     .start = "the request was due",                                                               \
     .stop = "the last byte of its reply was read",                                                \
     .definition = words " of the latency, " rate " requests/s in Poisson arrivals over 32 "       \
                         "connections, an open loop",                                              \
     .needs = NEEDS_REQUESTS | NEEDS_CONNECTIONS,                                                  \
     .profile = only},                                                                             \
    {                                                                                              \
        .name = "wire_" which "_" rate,                                                            \
        .title = words " of the latency on the wire at " rate " requests/s", .unit = "us",         \
        .clock = WIRE_CLOCK, .start = "the request's first packet on the guest's interface",       \
        .stop = "the reply's last packet there",                                                   \
        .definition = words " of the guest's own part of the same test",                           \
        .needs = NEEDS_REQUESTS | NEEDS_CONNECTIONS, .profile = only                               \
    }
#define QUANTILES(rate, only)                                                                      \
    QUANTILE("p50", "median", rate, only), QUANTILE("p90", "90th percentile", rate, only),         \
        QUANTILE("p99", "99th percentile", rate, only),                                            \
        QUANTILE("p999", "99.9th percentile", rate, only), QUANTILE("max", "maximum", rate, only)

static const struct metric metrics[] = {
    {.name = "closed_c1_p50",
     .title = "median latency of one client",
     .unit = "us",
     .clock = CLIENT_CLOCK,
     .start = "the request was sent",
     .stop = "the last byte of its reply was read",
     .definition = "one connection, each request sent when the last was answered",
     .needs = NEEDS_ANSWERS,
     .leads = true},
    {.name = "closed_c32_rate",
     .title = "requests per second of 32 clients",
     .unit = "requests/s",
     .direction = HIGHER_IS_BETTER,
     .clock = CLIENT_CLOCK,
     .start = "end of the warm-up",
     .stop = "end of the test",
     .definition = "32 connections, each request sent when the last of its connection was "
                   "answered",
     .needs = NEEDS_REQUESTS | NEEDS_CONNECTIONS,
     .leads = true},
    {.name = "vcpu_us_per_request",
     .title = "CPU time of the vCPU per request",
     .unit = "us",
     .clock = "the host's accounting of CPU time",
     .start = "start of the client",
     .stop = "end of the client",
     .definition = "CPU time of the vCPU, or the process, per request of closed_c32_rate, warm-up "
                   "included in both",
     .needs = NEEDS_REQUESTS | NEEDS_CONNECTIONS},
    {.name = "connect_p50",
     .title = "median latency of a request with a connection of its own",
     .unit = "us",
     .clock = CLIENT_CLOCK,
     .start = "the connection is asked for",
     .stop = "the last byte of the reply was read",
     .definition = "a connection for each request, one after the other",
     .needs = NEEDS_REQUESTS},
    {.name = "connect_rate",
     .title = "requests per second with a connection each",
     .unit = "requests/s",
     .direction = HIGHER_IS_BETTER,
     .clock = CLIENT_CLOCK,
     .start = "end of the warm-up",
     .stop = "end of the test",
     .definition = "a connection for each request, 32 at once",
     .needs = NEEDS_REQUESTS | NEEDS_CONNECTIONS},
    QUANTILES("1000", PROFILE_ANY),
    QUANTILES("200", PROFILE_FULL),
    {.name = "rate_max",
     .title = "highest rate with a 99th percentile of at most 10 ms",
     .unit = "requests/s",
     .direction = HIGHER_IS_BETTER,
     .clock = CLIENT_CLOCK,
     .start = "end of the warm-up",
     .stop = "end of the test",
     .definition = "answered per second at the highest rate found in Poisson arrivals over 32 "
                   "connections, of which no request fails, 95 % are answered within the test, and "
                   "the 99th percentile is at most 10 ms; steps of 0.5 s (full: 2 s), confirmed "
                   "twice in a row, the lower of both",
     .needs = NEEDS_REQUESTS | NEEDS_CONNECTIONS},
    {.name = "tls_handshake_p50",
     .title = "median time of a TLS handshake",
     .unit = "us",
     .clock = CLIENT_CLOCK,
     .start = "the connection is open",
     .stop = "the handshake is complete",
     .definition =
         "full handshakes of TLS 1.3 with an ECDSA P-256 certificate, one after the other, "
         "each on a connection of its own",
     .needs = NEEDS_TLS},
    {.name = "errors",
     .title = "failed requests of all tests",
     .unit = "requests",
     .clock = "none: a count",
     .start = "start of the trial",
     .stop = "end of the trial",
     .definition = "requests without a connection, cut off, late (2 s), answered by another status "
                   "than 2xx or by another body; the search for rate_max not counted"},
    {.name = NULL},
};

static const struct schedule *schedule_of(const struct service *service)
{
    return trial_profile(service->trial) == PROFILE_FULL ? &full : &quick;
}

static struct load open_load(const struct schedule *schedule, double rate)
{
    return (struct load){.connections = CONNECTIONS,
                         .arrivals = ARRIVALS_POISSON,
                         .rate = rate,
                         .seed = SEED,
                         .warmup_s = schedule->warmup_s,
                         .measured_s = schedule->measured_s,
                         .patience_s = PATIENCE_S};
}

static struct load closed_load(const struct schedule *schedule, unsigned connections,
                               bool per_request)
{
    return (struct load){.connections = connections,
                         .per_request = per_request,
                         .warmup_s = schedule->warmup_s,
                         .measured_s = schedule->closed_s,
                         .patience_s = PATIENCE_S};
}

static const struct stated_rate {
    double rate;
    enum profile profile;
    const char *client[6], *wire[6]; /* by quantiles[] */
} stated_rates[] = {
    {1000,
     PROFILE_ANY,
     {"p50_1000", "p90_1000", "p99_1000", "p999_1000", "max_1000", NULL},
     {"wire_p50_1000", "wire_p90_1000", "wire_p99_1000", "wire_p999_1000", "wire_max_1000", NULL}},
    {200,
     PROFILE_FULL,
     {"p50_200", "p90_200", "p99_200", "p999_200", "max_200", NULL},
     {"wire_p50_200", "wire_p90_200", "wire_p99_200", "wire_p999_200", "wire_max_200", NULL}},
};
static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 1};

static void record_quantiles(struct trial *trial, const char *const *names,
                             const struct histogram *histogram, const char *note)
{
    for (int i = 0; names[i]; i++)
        trial_record(trial, names[i], histogram_quantile(histogram, quantiles[i]) / 1e3, note);
}

static int measure_stated(struct service *service, struct test *test,
                          const struct stated_rate *stated, struct error *error)
{
    struct trial *trial = service->trial;
    const char *concerned[11];
    struct error why = {0};
    int status;

    if (!trial_expects(trial, stated->client[0]))
        return 0;
    for (int i = 0; i < 5; i++) {
        concerned[2 * i] = stated->client[i];
        concerned[2 * i + 1] = stated->wire[i];
    }
    concerned[10] = NULL;
    *test = (struct test){.load = open_load(schedule_of(service), stated->rate), .on_wire = true};
    status = test_run(service, test, &why);
    test_keep(trial, stated->client[0], test, &test->report.latency);
    test_keep(trial, stated->wire[0], test, &test->wire);
    if (status < 0)
        return test_failed(service, test, concerned, status, &why, error);
    record_quantiles(trial, stated->client, &test->report.latency, test_note(test));
    for (int i = 0; stated->wire[i] && test->wire_fault.text[0]; i++)
        trial_fail(trial, stated->wire[i], &test->wire_fault);
    record_quantiles(trial, stated->wire, &test->wire, test_note(test));
    return 0;
}

/* `name`, if there is one and this trial is to record it; else NULL. */
static const char *expected(const struct trial *trial, const char *name)
{
    return name && trial_expects(trial, name) ? name : NULL;
}

/* A closed loop: its median latency and its rate, where they have names. */
static int measure_closed(struct service *service, struct test *test, const struct load *load,
                          const char *p50, const char *rate, const char *vcpu, struct error *error)
{
    struct trial *trial = service->trial;
    const char *concerned[4], **next = concerned;
    struct error why = {0};
    int status;

    p50 = expected(trial, p50);
    rate = expected(trial, rate);
    vcpu = expected(trial, vcpu);
    if (!p50 && !rate && !vcpu)
        return 0;
    for (int i = 0; i < 3; i++)
        if ((const char *[]){p50, rate, vcpu}[i])
            *next++ = (const char *[]){p50, rate, vcpu}[i];
    *next = NULL;
    *test = (struct test){.load = *load};
    status = test_run(service, test, &why);
    test_keep(trial, concerned[0], test, &test->report.latency);
    if (status < 0)
        return test_failed(service, test, concerned, status, &why, error);
    if (p50)
        trial_record(trial, p50, histogram_quantile(&test->report.latency, 0.5) / 1e3,
                     test_note(test));
    if (rate)
        trial_record(trial, rate, test->report.reached, test_note(test));
    if (vcpu)
        trial_record(trial, vcpu, 1e6 * test->used.vcpu_s / (double)test->report.all, NULL);
    return 0;
}

/* One step at `rate`. 0 if the guest could be asked, whether it passed or not. */
static int take_step(struct service *service, struct test *test, double rate, bool *passed,
                     cJSON *steps, struct error *error)
{
    const struct load_report *report = &test->report;
    struct error why = {0};
    uint64_t failed = service->failed;
    double p99;
    int status;
    cJSON *step;

    *test = (struct test){.load = open_load(schedule_of(service), rate)};
    test->load.measured_s = schedule_of(service)->step_s;
    test->load.patience_s = STEP_PATIENCE_S;
    status = test_run(service, test, &why);
    service->failed = failed; /* too high a rate is no fault of the server */
    p99 = histogram_quantile(&report->latency, 0.99) / 1e6;
    *passed = status == 0 && p99 <= BOUND_MS && report->reached >= REACHED_PART * report->offered;
    step = cJSON_CreateObject();
    cJSON_AddNumberToObject(step, "offered", rate);
    cJSON_AddBoolToObject(step, "passed", *passed);
    cJSON_AddNumberToObject(step, "reached", report->reached);
    cJSON_AddNumberToObject(step, "p99_ms", p99);
    cJSON_AddNumberToObject(step, "failed", (double)load_failed(report));
    if (status < 0)
        cJSON_AddStringToObject(step, "reason", why.text);
    cJSON_AddItemToArray(steps, step);
    return status == 0 || status == -EIO || status == -EAGAIN
               ? 0
               : fail(error, -status, "%s", why.text);
}

/* Whether `rate` passes twice in a row: then *reached is the lower rate of replies. */
static int confirm(struct service *service, struct test *test, double rate, double *reached,
                   cJSON *steps, struct error *error)
{
    bool passed = true;
    int status = 0;

    *reached = 0;
    for (int i = 0; i < CONFIRMATIONS && passed && status == 0; i++) {
        status = take_step(service, test, rate, &passed, steps, error);
        if (i == 0 || test->report.reached < *reached)
            *reached = test->report.reached;
    }
    if (!passed)
        *reached = 0;
    return status;
}

static int search_rate(struct service *service, struct test *test, double first, double *reached,
                       cJSON *steps, struct error *error)
{
    struct search search = {.first = first,
                            .low = SEARCH_LOW,
                            .high = SEARCH_HIGH,
                            .ratio = schedule_of(service)->ratio,
                            .tries = SEARCH_TRIES};
    int status = 0;
    double rate;

    *reached = 0;
    while (status == 0 && (rate = search_next(&search)) > 0) {
        bool passed;

        status = take_step(service, test, rate, &passed, steps, error);
        if (status == 0)
            search_tell(&search, rate, passed);
    }
    if (status == 0 && search.good == 0)
        return fail(error, EIO, "no rate down to %d requests/s had a 99th percentile of %g ms",
                    SEARCH_LOW, BOUND_MS);
    rate = search.good;
    for (int i = 0; status == 0 && *reached == 0 && i < CONFIRM_TRIES; i++, rate *= CONFIRM_LESS)
        status = confirm(service, test, rate, reached, steps, error);
    if (status == 0 && *reached == 0)
        status = fail(error, EIO, "no rate from %.0f requests/s on was confirmed", rate);
    return status;
}

static int measure_highest(struct service *service, struct test *test, double first,
                           struct error *error)
{
    static const char *const names[] = {"rate_max", NULL};
    cJSON *steps = cJSON_CreateArray();
    struct error why = {0};
    double reached;
    int status;

    if (!trial_expects(service->trial, names[0])) {
        cJSON_Delete(steps);
        return 0;
    }
    status = search_rate(service, test, first, &reached, steps, &why);

    trial_keep(service->trial, names[0], "steps", steps);
    if (status < 0)
        return test_failed(service, test, names, status, &why, error);
    trial_record(service->trial, names[0], reached, test_note(test));
    return 0;
}

/* Of ours in a guest of its own; a program that the target brings serves TLS beside the rest. */
static int wait_for_tls(struct service *service, struct error *error)
{
    const struct workload *workload = trial_serves(service->trial, "https");
    int status = workload ? 0 : trial_boot(service->trial, HTTPSD, error);

    service->port = workload ? workload->port : HTTPSD_PORT;
    return status == 0 ? trial_wait(service->trial, EVENT_READY, error) : status;
}

static int measure_tls(struct service *service, struct test *test, struct error *error)
{
    static const char *const name = "tls_handshake_p50";
    struct trial *trial = service->trial;
    struct error why = {0};
    int status;

    if (!trial_expects(trial, name))
        return 0;
    status = wait_for_tls(service, &why);
    *test = (struct test){.load = closed_load(schedule_of(service), 1, true)};
    test->load.tls = true;
    if (status == 0)
        status = test_run(service, test, &why);
    if (status == -ECANCELED)
        return fail(error, ECANCELED, "%s", why.text);
    test_keep(trial, name, test, &test->report.latency);
    if (status < 0)
        trial_fail(trial, name, &why);
    else
        trial_record(trial, name, histogram_quantile(&test->report.latency, 0.5) / 1e3,
                     test_note(test));
    return 0;
}

static int measure_all(struct service *service, struct test *test, struct error *error)
{
    const struct schedule *schedule = schedule_of(service);
    struct load one = closed_load(schedule, 1, false);
    struct load all = closed_load(schedule, CONNECTIONS, false);
    struct load connect_one = closed_load(schedule, 1, true);
    struct load connect_all = closed_load(schedule, CONNECTIONS, true);
    double first = SEARCH_LOW;
    int status = service_wait(service, test, error);

    if (status == 0)
        status = measure_closed(service, test, &one, "closed_c1_p50", NULL, NULL, error);
    if (status == 0)
        status = measure_closed(service, test, &all, NULL, "closed_c32_rate", "vcpu_us_per_request",
                                error);
    if (test->report.reached > 2 * SEARCH_LOW)
        first = test->report.reached / 2;
    if (status == 0)
        status = measure_closed(service, test, &connect_one, "connect_p50", NULL, NULL, error);
    if (status == 0)
        status = measure_closed(service, test, &connect_all, NULL, "connect_rate", NULL, error);
    for (unsigned i = 0; i < sizeof stated_rates / sizeof *stated_rates && status == 0; i++)
        if (stated_rates[i].profile == PROFILE_ANY ||
            stated_rates[i].profile == trial_profile(service->trial))
            status = measure_stated(service, test, &stated_rates[i], error);
    if (status == 0)
        status = measure_highest(service, test, first, error);
    if (status == 0)
        status = measure_tls(service, test, error);
    return status;
}

static int measure(struct trial *trial, struct error *error)
{
    struct service service = {.trial = trial};
    struct test *test = calloc(1, sizeof *test);
    int status;

    if (!test)
        return fail(error, ENOMEM, "out of memory");
    status = trial_address(trial) ? measure_all(&service, test, error)
                                  : fail(error, ENOTSUP, "the target has no network");
    free(test);
    if (status != -ECANCELED && trial_address(trial))
        trial_record(trial, "errors", (double)service.failed, NULL);
    return status;
}

static const struct program programs[] = {
    [HTTPD] = {.payload = "httpd", .network = true},
    [HTTPSD] = {.payload = "httpsd", .network = true},
    {.payload = NULL},
};

static const char *const protocols[] = {"http", "echo", "https", "icmp", NULL};

const struct scenario scenario_latency = {
    .name = "latency",
    .summary = "how soon a server answers, how many requests it can answer, and at what cost",
    .programs = programs,
    .needs_program = true,
    .takes_payload = true,
    .protocols = protocols,
    .sends_requests = true,
    .metrics = metrics,
    .deadline_s = 30,
    .takes_s = {26, 96},
    .measure = measure,
};
