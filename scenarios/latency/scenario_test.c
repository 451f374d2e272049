/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/measure/loading.h"
#include "bench/measure/packets.h"
#include "httpd.h"
#include "test.h"

#define FIRST_REPLY_S 2.0 /* how long to wait for a single reply */
#define EVIDENCE_S 1.0    /* how long to capture after a failure */
#define CLIENT_BOUND 95.0 /* % of a CPU: from here on the client is the limit */

static double cpu_percent(const struct test *test)
{
    return test->report.seconds > 0 ? 100 * test->report.cpu_s / test->report.seconds : 0;
}

const char *test_note(const struct test *test)
{
    return cpu_percent(test) >= CLIENT_BOUND ? "client-bound" : NULL;
}

static int check_report(const struct test *test, struct error *error)
{
    const struct load_report *report = &test->report;
    char text[256];

    if (!test->load.per_request && report->connected < test->load.connections)
        return fail(error, EIO, "%u of %u connections were open after %g s", report->connected,
                    test->load.connections, test->load.patience_s);
    if (load_failed(report)) {
        load_explain(report, text, sizeof text);
        return fail(error, EIO, "%s", text);
    }
    if (report->answered == 0)
        return fail(error, EIO, "no request was answered in the time that is measured");
    return load_check_client(report, error);
}

/* Whether what the wire showed is all that there was. */
static void check_wire(struct test *test, const struct wire *wire, int64_t lost)
{
    uint64_t good = test->report.all - load_failed(&test->report);

    if (lost > 0)
        fail(&test->wire_fault, EIO, "the capture lost %lld packets", (long long)lost);
    else if (wire->count != good)
        fail(&test->wire_fault, EIO, "on the wire were %zu replies, but %llu were received",
             wire->count, (unsigned long long)good);
}

static int run(struct service *service, struct test *test, struct error *error)
{
    struct wire wire = {0};
    struct cpu_time before, after;
    int64_t lost;
    int status = trial_cpu_time(service->trial, &before, error);

    if (status < 0)
        return status;
    status = loading_run(service->trial, &test->load, &test->report, test->on_wire ? &wire : NULL,
                         &lost, error);
    if (status == 0)
        status = trial_cpu_time(service->trial, &after, error);
    if (status == 0)
        test->used = (struct cpu_time){after.vcpu_s - before.vcpu_s, after.vmm_s - before.vmm_s};
    if (test->on_wire) {
        check_wire(test, &wire, lost);
        wire_count(&wire, test->report.from, test->report.to, &test->wire);
    }
    wire_free(&wire);
    return status;
}

static bool speaks(const struct service *service, const char *protocol)
{
    return service->workload && strcmp(service->workload->protocol, protocol) == 0;
}

int test_run(struct service *service, struct test *test, struct error *error)
{
    int status;

    test->load.address = trial_address(service->trial);
    test->load.port = service->port;
    test->load.path = service->path;
    test->load.echo = speaks(service, "echo");
    test->load.icmp = speaks(service, "icmp");
    test->load.same = service->same;
    test->load.length = service->length;
    test->load.hash = service->hash;
    test->wire = (struct histogram){0};
    test->wire_fault = (struct error){0};
    status = run(service, test, error);
    service->failed += load_failed(&test->report);
    return status < 0 ? status : check_report(test, error);
}

int service_wait(struct service *service, struct test *test, struct error *error)
{
    const struct load_report *report = &test->report;
    bool ours;
    int status = trial_wait(service->trial, EVENT_READY, error);

    if (status < 0)
        return status;
    service->port = trial_port(service->trial);
    service->path = trial_url(service->trial);
    service->workload = trial_workload(service->trial);
    if (service->workload) {
        service->port = service->workload->port;
        service->path = service->workload->path;
    }
    ours = service->port == 0 && !service->workload; /* a user's program is known by its port */
    if (ours)
        service->port = HTTPD_PORT;
    service->same = false;
    if (speaks(service, "https"))
        return 0; /* it is asked for nothing but handshakes */
    *test = (struct test){.load = {.connections = 1,
                                   .requests = 1,
                                   .measured_s = FIRST_REPLY_S,
                                   .patience_s = FIRST_REPLY_S}};
    status = test_run(service, test, error);
    if (status < 0)
        return status;
    service->same = ours;
    service->length = report->length;
    service->hash = report->hash;
    if (ours && strcmp(service->path, "/") == 0 && report->length != HTTPD_ROOT_BYTES)
        return fail(error, EIO, "the first reply has %llu bytes in place of %d",
                    (unsigned long long)report->length, HTTPD_ROOT_BYTES);
    return 0;
}

/* How often what went wrong. */
static cJSON *describe_failures(const struct load_report *report)
{
    cJSON *json = cJSON_CreateObject();

    for (int i = 0; i < LOAD_FAILURES; i++)
        if (report->failed[i])
            cJSON_AddNumberToObject(json, load_failures[i], (double)report->failed[i]);
    return json;
}

static cJSON *describe(const struct test *test)
{
    static const char *const arrivals[] = {"closed", "constant", "poisson"};
    const struct load_report *report = &test->report;
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "arrivals", arrivals[test->load.arrivals]);
    cJSON_AddNumberToObject(json, "connections", test->load.connections);
    if (!test->load.per_request)
        cJSON_AddNumberToObject(json, "connected", report->connected);
    cJSON_AddNumberToObject(json, "seconds", test->load.measured_s);
    cJSON_AddNumberToObject(json, "requests", (double)report->due);
    cJSON_AddNumberToObject(json, "answered", (double)report->answered);
    cJSON_AddNumberToObject(json, "offered", report->offered);
    cJSON_AddNumberToObject(json, "reached", report->reached);
    cJSON_AddItemToObject(json, "failed", describe_failures(report));
    if (report->lag.count) {
        cJSON_AddNumberToObject(json, "lag_p50_us", histogram_quantile(&report->lag, 0.5) / 1e3);
        cJSON_AddNumberToObject(json, "lag_p99_us", histogram_quantile(&report->lag, 0.99) / 1e3);
        cJSON_AddNumberToObject(json, "lag_max_us", (double)report->lag.max / 1e3);
    }
    return json;
}

void test_keep(struct trial *trial, const char *metric, const struct test *test,
               const struct histogram *histogram)
{
    const struct load_report *report = &test->report;
    cJSON *client;

    if (report->seconds == 0)
        return; /* it did not begin */
    trial_keep(trial, metric, "load", describe(test));
    client = cJSON_CreateObject();
    cJSON_AddNumberToObject(client, "cpu_percent", cpu_percent(test));
    cJSON_AddNumberToObject(client, "cpu_s", report->cpu_s);
    trial_keep(trial, metric, "client", client);
    if (histogram && histogram->count)
        trial_keep(trial, metric, "histogram", histogram_json(histogram));
    if (report->service.count)
        trial_keep(trial, metric, "service", histogram_json(&report->service));
}

int test_failed(struct service *service, struct test *test, const char *const *metrics, int status,
                const struct error *why, struct error *error)
{
    cJSON *packets = status == -EAGAIN || status == -ECANCELED
                         ? NULL
                         : packets_collect(service->trial, service->port, EVIDENCE_S);

    for (; *metrics; metrics++) {
        if (packets)
            trial_keep(service->trial, *metrics, "packets", cJSON_Duplicate(packets, true));
        trial_fail(service->trial, *metrics, why);
    }
    cJSON_Delete(packets);
    if (status == -EAGAIN)
        return 0;
    if (status == -ECANCELED)
        return fail(error, ECANCELED, "%s", why->text);
    status = trial_boot(service->trial, 0, error);
    return status < 0 ? status : service_wait(service, test, error);
}
