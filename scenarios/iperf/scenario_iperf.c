/* SPDX-License-Identifier: GPL-3.0-or-later */
/* iperf: how fast is a guest's network, and how much CPU does it take? */
#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "bench/base/clock.h"
#include "bench/measure/watch.h"
#include "search.h"
#include "transfer.h"

#define SETTLE_S 0.5     /* let work left over from the boot end before the guest counts as idle */
#define DATAGRAM "1400"  /* bytes: a datagram fits one Ethernet frame */
#define FIXED_BPS "1G"   /* of udp_rx_1g, udp_tx_1g */
#define FIXED_RATE 1e9   /* the same */
#define LOSS_PASSES 1.0  /* %: a rate that loses less passes */
#define SENT_PASSES 0.95 /* of the rate asked for: below this the sender is the limit */
#define SEARCH_FIRST 250e6 /* bit/s, and so on */
#define SEARCH_LOW 1e6
#define SEARCH_HIGH 40e9
#define SEARCH_RATIO 1.05
#define SEARCH_TRIES 2

static const struct schedule {
    double idle_s;
    struct pace test, step; /* step: of the search for a rate */
} quick = {.idle_s = 2, .test = {1, 1, 0.1}},
  full = {.idle_s = 10, .test = {1, 10, 0.5}, .step = {1, 3, 0.5}};

/* A metric's description has two parts: its title, and the rest of its definition. */
#define RATE(which, what, more, only, need, first)                                                 \
    {                                                                                              \
        .name = which, .title = what, .unit = "bit/s", .direction = HIGHER_IS_BETTER,              \
        .clock = "the host's", .start = "end of the run's warm-up", .stop = "end of the run",      \
        .definition = what more ": bytes that the receiver counted, in the client's seconds",      \
        .profile = only, .needs = need, .leads = first                                             \
    }
#define COUNT(which, words, what, need)                                                            \
    {                                                                                              \
        .name = which, .title = words, .unit = "segments", .clock = "none: a count",               \
        .start = "start of the run", .stop = "end of the run", .definition = what, .needs = need   \
    }
/* Only where the sender kept the rate: a guest that sends less loses less. */
#define LOSS(which, words)                                                                         \
    {                                                                                              \
        .name = which, .title = words, .unit = "%", .clock = "none: a count",                      \
        .start = "start of the run", .stop = "end of the run",                                     \
        .definition = "datagrams that were sent and did not arrive; only where 95 % of that rate " \
                      "or more were sent",                                                         \
        .needs = NEEDS_RATE | NEEDS_UDP, .profile = PROFILE_QUICK, .no_ratio = true                \
    }
#define COST(which, words, what, need)                                                             \
    {                                                                                              \
        .name = which, .title = "CPU seconds per GB, " words, .unit = "s/GB",                      \
        .clock = "the host's accounting of CPU time", .start = "start of the client",              \
        .stop = "end of the client",                                                               \
        .definition = "CPU seconds of " what " per 10^9 bytes, warm-up included in both",          \
        .needs = need                                                                              \
    }

static const struct metric metrics[] = {
    RATE("tcp_rx", "TCP to the guest", "", PROFILE_ANY, NEEDS_NOTHING, true),
    RATE("tcp_tx", "TCP from the guest", "", PROFILE_ANY, NEEDS_REVERSE, true),
    RATE("tcp_rx_p4", "TCP to the guest, 4 connections", "", PROFILE_ANY, NEEDS_CONNECTIONS, false),
    RATE("tcp_tx_p4", "TCP from the guest, 4 connections", "", PROFILE_ANY,
         NEEDS_CONNECTIONS | NEEDS_REVERSE, false),
    RATE("tcp_bidir", "TCP both ways at once", ", together", PROFILE_ANY, NEEDS_REVERSE, false),
    {.name = "tcp_bidir_share",
     .title = "TCP both ways at once, the smaller way's share",
     .unit = "%",
     .direction = HIGHER_IS_BETTER,
     .clock = "none: a count",
     .start = "end of the run's warm-up",
     .stop = "end of the run",
     .definition = "bytes received by the end that received fewer, of those that both received: 50 "
                   "where the two ways share alike",
     .needs = NEEDS_REVERSE,
     .no_ratio = true},
    RATE("udp_rx", "UDP to the guest, at the highest rate", " found that loses under 1 %",
         PROFILE_FULL, NEEDS_UDP, false),
    RATE("udp_tx", "UDP from the guest, at the highest rate", " found that loses under 1 %",
         PROFILE_FULL, NEEDS_UDP, false),
    RATE("udp_rx_1g", "UDP to the guest, 1 Gbit/s offered", "", PROFILE_QUICK, NEEDS_UDP, false),
    RATE("udp_tx_1g", "UDP from the guest, 1 Gbit/s asked for", "", PROFILE_QUICK, NEEDS_UDP,
         false),
    LOSS("udp_rx_1g_loss", "datagrams lost to the guest, 1 Gbit/s offered"),
    LOSS("udp_tx_1g_loss", "datagrams lost from the guest, 1 Gbit/s asked for"),
    COUNT("retransmits_rx", "TCP segments sent again to the guest",
          "sent again by the host, in tcp_rx", NEEDS_NOTHING),
    COUNT("retransmits_tx", "TCP segments sent again from the guest",
          "sent again by the guest, in tcp_tx", NEEDS_REVERSE),
    COST("vcpu_s_per_gb_rx", "vCPU, to the guest", "the vCPU, or the process, in tcp_rx",
         NEEDS_NOTHING),
    COST("vcpu_s_per_gb_tx", "vCPU, from the guest", "the vCPU, or the process, in tcp_tx",
         NEEDS_REVERSE),
    COST("vmm_s_per_gb_rx", "QEMU without its vCPU, to the guest",
         "QEMU's other threads, in tcp_rx", NEEDS_NOTHING),
    COST("vmm_s_per_gb_tx", "QEMU without its vCPU, from the guest",
         "QEMU's other threads, in tcp_tx", NEEDS_REVERSE),
    {.name = "idle_cpu",
     .title = "CPU of an idle guest that listens",
     .unit = "%",
     .clock = "the host's accounting of CPU time",
     .start = "0.5 s after the server listens",
     .stop = "2 s later, 10 s with --profile full",
     .definition = "CPU time of the idle, listening guest's process, of one CPU",
     .no_ratio = true},
    {.name = NULL},
};

/* The TCP tests. A metric that a test does not measure is NULL. */
static const struct tcp_test {
    const char *options[3];
    const char *rx, *tx;
    const char *both, *share; /* of both directions */
    const char *retransmits, *vcpu, *vmm;
} tcp_tests[] = {
    {.rx = "tcp_rx",
     .retransmits = "retransmits_rx",
     .vcpu = "vcpu_s_per_gb_rx",
     .vmm = "vmm_s_per_gb_rx"},
    {.options = {"--reverse"},
     .tx = "tcp_tx",
     .retransmits = "retransmits_tx",
     .vcpu = "vcpu_s_per_gb_tx",
     .vmm = "vmm_s_per_gb_tx"},
    {.options = {"--parallel=4"}, .rx = "tcp_rx_p4"},
    {.options = {"--parallel=4", "--reverse"}, .tx = "tcp_tx_p4"},
    {.options = {"--bidir"}, .both = "tcp_bidir", .share = "tcp_bidir_share"},
};

static const struct schedule *schedule_of(const struct server *server)
{
    return trial_profile(server->trial) == PROFILE_FULL ? &full : &quick;
}

/* After a failure of the guest, given by `status` and `why`: go on with a fresh guest, unless that
 * would not help. */
static int go_on(struct server *server, int status, const char *const *concerned,
                 const struct error *why, struct error *error)
{
    if (status == 0)
        return 0;
    if (status == -ECANCELED || status == -ENOENT)
        return fail(error, -status, "%s", why->text);
    return server_replace(server, concerned, why, error);
}

static int measure_idle(struct server *server, struct error *error)
{
    static const char *const concerned[] = {"idle_cpu", NULL};
    struct cpu_time before, after;
    struct error why = {0};
    int64_t start;
    int status = trial_linger(server->trial, SETTLE_S, &why);

    start = clock_now();
    if (status == 0)
        status = trial_cpu_time(server->trial, &before, &why);
    if (status == 0)
        status = trial_linger(server->trial, schedule_of(server)->idle_s, &why);
    if (status == 0)
        status = trial_cpu_time(server->trial, &after, &why);
    if (status == 0)
        trial_record(server->trial, concerned[0],
                     100 * (after.vcpu_s - before.vcpu_s + after.vmm_s - before.vmm_s) /
                         ((double)(clock_now() - start) / 1e9),
                     NULL);
    trial_observe(server->trial, concerned[0], start, clock_now(), false);
    return go_on(server, status, concerned, &why, error);
}

static void record_rate(struct trial *trial, const char *metric, const struct transfer *transfer,
                        const struct flow *flow)
{
    if (metric)
        trial_record(trial, metric, flow->received_bps, transfer_note(transfer));
}

/* Which of the two ways gets more is chance where nothing but the host's scheduler decides it. */
static void record_both(struct trial *trial, const struct tcp_test *test,
                        const struct transfer *transfer)
{
    double each[2] = {transfer->output.rx.received_bps, transfer->output.tx.received_bps};
    double sum = each[0] + each[1];

    trial_record(trial, test->both, sum, transfer_note(transfer));
    trial_record(trial, test->share, sum > 0 ? 100 * fmin(each[0], each[1]) / sum : 0, NULL);
    trial_keep(trial, test->both, "each", cJSON_CreateDoubleArray(each, 2));
    trial_keep(trial, test->share, "each", cJSON_CreateDoubleArray(each, 2));
}

static void record_test(struct trial *trial, const struct tcp_test *test,
                        const struct transfer *transfer)
{
    const struct output *output = &transfer->output;
    double gb = output->moved_bytes / 1e9;

    record_rate(trial, test->rx, transfer, &output->rx);
    record_rate(trial, test->tx, transfer, &output->tx);
    if (test->both)
        record_both(trial, test, transfer);
    if (!test->retransmits)
        return;
    trial_record(trial, test->retransmits, output->rx.retransmits + output->tx.retransmits, NULL);
    trial_record(trial, test->vcpu, transfer->used.vcpu_s / gb, NULL);
    trial_record(trial, test->vmm, transfer->used.vmm_s / gb, NULL);
}

static void list_metrics(const struct tcp_test *test, const char **list)
{
    const char *const all[] = {test->rx,          test->tx,   test->both, test->share,
                               test->retransmits, test->vcpu, test->vmm};

    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            *list++ = all[i];
    *list = NULL;
}

static int measure_test(struct server *server, const struct tcp_test *test, struct error *error)
{
    const char *concerned[8];
    struct transfer transfer;
    struct error why = {0};
    int status;

    list_metrics(test, concerned);
    if (!trial_expects(server->trial, concerned[0]))
        return 0;
    status = transfer_run(server, &schedule_of(server)->test, test->options, &transfer, &why);
    if (test->rx)
        transfer_keep(server->trial, test->rx, &transfer, &transfer.output.rx);
    if (test->tx)
        transfer_keep(server->trial, test->tx, &transfer, &transfer.output.tx);
    if (test->both) {
        struct flow both = output_both(&transfer.output);

        transfer_keep(server->trial, test->both, &transfer, &both);
        cJSON_Delete(both.series);
    }
    if (status == 0)
        record_test(server->trial, test, &transfer);
    transfer_observe(server->trial, concerned, &transfer);
    transfer_free(&transfer);
    return go_on(server, status, concerned, &why, error);
}

/* One UDP test at `rate`, as iperf3's --bitrate takes it. */
static int run_udp(struct server *server, const struct pace *pace, bool reverse, const char *rate,
                   struct transfer *transfer, struct error *error)
{
    const char *const options[] = {
        "--udp", "--length", DATAGRAM, "--bitrate", rate, reverse ? "--reverse" : NULL, NULL};

    return transfer_run(server, pace, options, transfer, error);
}

static int measure_fixed(struct server *server, bool reverse, struct error *error)
{
    static const char *const concerned[2][3] = {{"udp_rx_1g", "udp_rx_1g_loss"},
                                                {"udp_tx_1g", "udp_tx_1g_loss"}};
    const char *const *names = concerned[reverse];
    struct transfer transfer;
    struct error why = {0};
    int status;
    const struct flow *flow = reverse ? &transfer.output.tx : &transfer.output.rx;

    if (!trial_expects(server->trial, names[0]))
        return 0;
    status = run_udp(server, &schedule_of(server)->test, reverse, FIXED_BPS, &transfer, &why);
    transfer_keep(server->trial, names[0], &transfer, flow);
    if (status == 0) {
        record_rate(server->trial, names[0], &transfer, flow);
        trial_keep(server->trial, names[0], "sent", cJSON_CreateNumber(flow->sent_bps));
        trial_keep(server->trial, names[1], "sent", cJSON_CreateNumber(flow->sent_bps));
        if (flow->sent_bps >= SENT_PASSES * FIXED_RATE)
            trial_record(server->trial, names[1], flow->lost_percent, NULL);
    }
    transfer_observe(server->trial, names, &transfer);
    transfer_free(&transfer);
    return go_on(server, status, names, &why, error);
}

/* Make one step of the search, tell the search and add it to `steps`. *best is what was received at
 * the highest rate that passed. */
static int take_step(struct server *server, bool reverse, struct search *search, cJSON *steps,
                     double *best, struct error *error)
{
    double rate = search_next(search);
    struct transfer transfer;
    const struct flow *flow = reverse ? &transfer.output.tx : &transfer.output.rx;
    bool passed = false;
    char text[32];
    cJSON *step;
    int status;

    snprintf(text, sizeof text, "%.0f", rate);
    status = run_udp(server, &schedule_of(server)->step, reverse, text, &transfer, error);
    step = cJSON_CreateObject();
    cJSON_AddNumberToObject(step, "offered", rate);
    if (status == 0) {
        passed = flow->lost_percent < LOSS_PASSES && flow->sent_bps >= SENT_PASSES * rate;
        search_tell(search, rate, passed);
        cJSON_AddNumberToObject(step, "sent", flow->sent_bps);
        cJSON_AddNumberToObject(step, "received", flow->received_bps);
        cJSON_AddNumberToObject(step, "lost_percent", flow->lost_percent);
        cJSON_AddNumberToObject(step, "client_cpu_percent", transfer.output.cpu_percent);
    }
    if (passed)
        *best = flow->received_bps;
    cJSON_AddBoolToObject(step, "passed", passed);
    if (flow->series)
        cJSON_AddItemToObject(step, "series", cJSON_Duplicate(flow->series, true));
    cJSON_AddItemToArray(steps, step);
    transfer_free(&transfer);
    return status;
}

static int measure_highest(struct server *server, bool reverse, struct error *error)
{
    const char *const names[] = {reverse ? "udp_tx" : "udp_rx", NULL};
    struct search search = {.first = SEARCH_FIRST,
                            .low = SEARCH_LOW,
                            .high = SEARCH_HIGH,
                            .ratio = SEARCH_RATIO,
                            .tries = SEARCH_TRIES};
    cJSON *steps = cJSON_CreateArray();
    struct error why = {0};
    double best = 0;
    int64_t start = clock_now();
    int status = 0;

    if (!trial_expects(server->trial, names[0])) {
        cJSON_Delete(steps);
        return 0;
    }
    while (status == 0 && search_next(&search) > 0)
        status = take_step(server, reverse, &search, steps, &best, &why);
    if (status == 0 && search.good == 0)
        status =
            fail(&why, EIO, "no rate down to %g bit/s lost under %g %%", search.low, LOSS_PASSES);
    trial_keep(server->trial, names[0], "steps", steps);
    trial_observe(server->trial, names[0], start, clock_now(), true);
    if (status == 0)
        trial_record(server->trial, names[0], best, NULL);
    return go_on(server, status, names, &why, error);
}

static int measure(struct trial *trial, struct error *error)
{
    struct server server = {.trial = trial};
    int status;

    if (!trial_address(trial))
        return fail(error, ENOTSUP, "the target has no network");
    status = server_wait(&server, error);
    if (status == 0)
        status = measure_idle(&server, error);
    for (unsigned i = 0; i < sizeof tcp_tests / sizeof *tcp_tests && status == 0; i++)
        status = measure_test(&server, &tcp_tests[i], error);
    for (int reverse = 0; reverse < 2 && status == 0; reverse++)
        status = trial_profile(trial) == PROFILE_FULL ? measure_highest(&server, reverse, error)
                                                      : measure_fixed(&server, reverse, error);
    return status;
}

static const struct program programs[] = {{.payload = "iperf3d", .network = true},
                                          {.payload = NULL}};

static const char *const protocols[] = {"iperf3", "iperf2", NULL};

const struct scenario scenario_iperf = {
    .name = "iperf",
    .summary = "how much goes through the network, and what that costs: TCP, UDP, CPU time",
    .programs = programs,
    .needs_program = true,
    .protocols = protocols,
    .metrics = metrics,
    .deadline_s = 30,
    .takes_s = {17.5, 130},
    .measure = measure,
};
