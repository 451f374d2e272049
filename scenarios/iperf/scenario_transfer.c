/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/clock.h"
#include "bench/measure/client.h"
#include "bench/measure/loading.h"
#include "bench/measure/packets.h"
#include "iperf3d.h"
#include "transfer.h"

#define ARGUMENTS_MAX 32
#define PARALLEL "--parallel="
#define SLACK_S 5.0       /* a test takes longer than it measures: connecting, exchanging results */
#define TURN_S 1.0        /* between two tests of a server that does not say when it takes one */
#define STALL_S 1.0       /* without a byte is a failure */
#define EVIDENCE_S 1.0    /* how long to capture after a failure */
#define CLIENT_BOUND 95.0 /* % of a CPU: from here on the client is the limit */
#define CLOCKS_APART 0.05 /* of a test: the two ends' clocks differ */

int server_wait(struct server *server, struct error *error)
{
    server->test = 1;
    return trial_wait(server->trial, EVENT_READY, error);
}

static double longest_silence(const struct output *output)
{
    return fmax(output->rx.silent_s, output->tx.silent_s);
}

static int run_client(struct trial *trial, char *const *argv, double seconds,
                      struct transfer *transfer, struct error *error)
{
    struct cpu_time before, after;
    struct client client;
    int status = trial_cpu_time(trial, &before, error);

    if (status < 0)
        return status;
    transfer->from = clock_now();
    status = client_run(trial, argv, seconds, &client, error);
    transfer->to = clock_now();
    transfer->client_s = client.cpu_s;
    if (status == 0)
        status = output_read(client.output, &transfer->output, error);
    client_free(&client);
    if (status == 0)
        status = trial_cpu_time(trial, &after, error);
    if (status == 0)
        transfer->used = (struct cpu_time){.vcpu_s = after.vcpu_s - before.vcpu_s,
                                           .vmm_s = after.vmm_s - before.vmm_s};
    if (status == 0 && longest_silence(&transfer->output) >= STALL_S)
        status =
            fail(error, EIO, "stalled: no byte for %.2g s", longest_silence(&transfer->output));
    return status;
}

static unsigned server_port(const struct server *server)
{
    const struct workload *workload = trial_workload(server->trial);

    return workload ? workload->port : IPERF3D_PORT;
}

/* Wait until the server takes a test. Ours marks that. A server that the target brings says
 * nothing, and to ask it would be a test to it: it gets a second. */
static int wait_for_turn(struct server *server, struct error *error)
{
    if (trial_workload(server->trial))
        return trial_linger(server->trial, TURN_S, error);
    trial_allow(server->trial, SLACK_S);
    return trial_wait_phase(server->trial, server->test++, error);
}

/* As iperf3's report has it. */
static void take_bulk(const struct load_report *report, struct output *output)
{
    struct flow *flow = &output->rx;
    double silent = 0;

    flow->series = cJSON_CreateArray();
    for (unsigned i = 0; i < report->interval_count; i++) {
        const struct load_interval *interval = &report->intervals[i];
        double bytes = (double)interval->bytes;
        cJSON *entry = cJSON_CreateObject();

        cJSON_AddNumberToObject(entry, "start", interval->start);
        cJSON_AddNumberToObject(entry, "seconds", interval->seconds);
        cJSON_AddNumberToObject(entry, "value", 8 * bytes / interval->seconds);
        cJSON_AddNumberToObject(entry, "bytes", bytes);
        if (interval->warmup)
            cJSON_AddTrueToObject(entry, "warmup");
        cJSON_AddItemToArray(flow->series, entry);
        output->moved_bytes += bytes;
        silent = bytes > 0 ? 0 : silent + interval->seconds;
        flow->silent_s = fmax(flow->silent_s, silent);
        if (!interval->warmup) {
            flow->seconds += interval->seconds;
            flow->received += bytes;
        }
    }
    flow->received_bps = flow->seconds > 0 ? 8 * flow->received / flow->seconds : 0;
    flow->sent_bps = flow->received_bps;
    flow->retransmits = (double)report->retransmits;
    output->cpu_percent = report->seconds > 0 ? 100 * report->cpu_s / report->seconds : 0;
}

/* A test by iperf 2's protocol, which tare speaks itself: its server only takes bytes. */
static int run_bulk(struct server *server, const struct pace *pace, unsigned connections,
                    struct transfer *transfer, struct error *error)
{
    struct trial *trial = server->trial;
    const struct load load = {.address = trial_address(trial),
                              .port = (uint16_t)server_port(server),
                              .connections = connections,
                              .bulk = true,
                              .interval_s = pace->interval_s,
                              .warmup_s = pace->warmup_s,
                              .measured_s = pace->measured_s,
                              .patience_s = SLACK_S};
    static struct load_report report;
    struct cpu_time before, after;
    char text[256];
    int64_t lost;
    int status = trial_cpu_time(trial, &before, error);

    transfer->from = clock_now();
    if (status == 0)
        status = loading_run(trial, &load, &report, NULL, &lost, error);
    transfer->to = clock_now();
    if (status == 0)
        status = trial_cpu_time(trial, &after, error);
    if (status < 0)
        return status;
    transfer->client_s = report.cpu_s;
    transfer->used = (struct cpu_time){.vcpu_s = after.vcpu_s - before.vcpu_s,
                                       .vmm_s = after.vmm_s - before.vmm_s};
    take_bulk(&report, &transfer->output);
    if (load_failed(&report)) {
        load_explain(&report, text, sizeof text);
        return fail(error, EIO, "%s", text);
    }
    if (transfer->output.rx.silent_s >= STALL_S)
        return fail(error, EIO, "stalled: no byte for %.2g s", transfer->output.rx.silent_s);
    return 0;
}

static bool speaks_iperf2(const struct server *server)
{
    const struct workload *workload = trial_workload(server->trial);

    return workload && strcmp(workload->protocol, "iperf2") == 0;
}

/* How many connections the options ask for. */
static unsigned connections_of(const char *const *options)
{
    for (; *options; options++)
        if (strncmp(*options, PARALLEL, strlen(PARALLEL)) == 0)
            return (unsigned)strtoul(*options + strlen(PARALLEL), NULL, 10);
    return 1;
}

int transfer_run(struct server *server, const struct pace *pace, const char *const *options,
                 struct transfer *transfer, struct error *error)
{
    char port[8], warmup[8], measured[8], interval[8];
    const char *argv[ARGUMENTS_MAX] = {"iperf3",
                                       "--json",
                                       "--client",
                                       trial_address(server->trial),
                                       "--port",
                                       port,
                                       "--omit",
                                       warmup,
                                       "--time",
                                       measured,
                                       "--interval",
                                       interval,
                                       "--connect-timeout",
                                       "2000",
                                       "--congestion",
                                       "reno"};
    unsigned count = 16;
    int status;

    *transfer = (struct transfer){0};
    snprintf(port, sizeof port, "%u", server_port(server));
    snprintf(warmup, sizeof warmup, "%u", pace->warmup_s);
    snprintf(measured, sizeof measured, "%u", pace->measured_s);
    snprintf(interval, sizeof interval, "%g", pace->interval_s);
    for (const char *const *option = options; *option && count < ARGUMENTS_MAX - 1; option++)
        argv[count++] = *option;
    status = wait_for_turn(server, error);
    if (status < 0)
        return status;
    if (speaks_iperf2(server))
        return run_bulk(server, pace, connections_of(options), transfer, error);
    return run_client(server->trial, (char *const *)argv,
                      pace->warmup_s + pace->measured_s + SLACK_S, transfer, error);
}

void transfer_free(struct transfer *transfer)
{
    output_free(&transfer->output);
}

const char *transfer_note(const struct transfer *transfer)
{
    const struct output *output = &transfer->output;
    double apart = fmax(fabs(output->rx.clock_error), fabs(output->tx.clock_error));

    if (output->cpu_percent >= CLIENT_BOUND)
        return "client-bound";
    return apart >= CLOCKS_APART ? "clocks-apart" : NULL;
}

void transfer_keep(struct trial *trial, const char *metric, const struct transfer *transfer,
                   const struct flow *flow)
{
    cJSON *client, *received;

    if (!flow->series)
        return;
    trial_keep(trial, metric, "series", cJSON_Duplicate(flow->series, true));
    if (flow->received > 0) {
        received = cJSON_CreateObject();
        cJSON_AddNumberToObject(received, "bytes", flow->received);
        cJSON_AddNumberToObject(received, "seconds", flow->seconds);
        cJSON_AddNumberToObject(received, "clock_error", flow->clock_error);
        trial_keep(trial, metric, "received", received);
    }
    client = cJSON_CreateObject();
    cJSON_AddNumberToObject(client, "cpu_percent", transfer->output.cpu_percent);
    cJSON_AddNumberToObject(client, "cpu_s", transfer->client_s);
    trial_keep(trial, metric, "client", client);
}

void transfer_observe(struct trial *trial, const char *const *metrics,
                      const struct transfer *transfer)
{
    for (; *metrics && transfer->from; metrics++)
        trial_observe(trial, *metrics, transfer->from, transfer->to, true);
}

int server_replace(struct server *server, const char *const *metrics, const struct error *why,
                   struct error *error)
{
    cJSON *packets = packets_collect(server->trial, server_port(server), EVIDENCE_S);
    int status;

    for (; *metrics; metrics++) {
        trial_keep(server->trial, *metrics, "packets", cJSON_Duplicate(packets, true));
        trial_fail(server->trial, *metrics, why);
    }
    cJSON_Delete(packets);
    status = trial_boot(server->trial, 0, error);
    return status < 0 ? status : server_wait(server, error);
}
