/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/base/json.h"
#include "output.h"

/* Where the two directions are in the document. */
struct place {
    const char *interval; /* in an element of `intervals` */
    const char *sent, *received;
};

static const struct place client_first = {"sum", "sum_sent", "sum_received"};
static const struct place other_way = {"sum_bidir_reverse", "sum_sent_bidir_reverse",
                                       "sum_received_bidir_reverse"};

static void copy_number(cJSON *to, const char *name, const cJSON *from, const char *field)
{
    const cJSON *item = json_field(from, field);

    if (cJSON_IsNumber(item))
        cJSON_AddNumberToObject(to, name, item->valuedouble);
}

/* The bytes of each of several connections in this direction. */
static void add_streams(cJSON *entry, const cJSON *interval, const cJSON *sum)
{
    const cJSON *streams = json_field(interval, "streams"), *stream;
    bool by_client = cJSON_IsTrue(json_field(sum, "sender"));
    cJSON *list = cJSON_CreateArray();

    cJSON_ArrayForEach(stream, streams)
    {
        if (cJSON_IsTrue(json_field(stream, "sender")) == by_client)
            cJSON_AddItemToArray(list, cJSON_CreateNumber(json_number(stream, "bytes")));
    }
    if (cJSON_GetArraySize(list) > 1)
        cJSON_AddItemToObject(entry, "streams", list);
    else
        cJSON_Delete(list);
}

/* How long an interval counted. Counts and clock restart where the warm-up ends. For the interval
 * in which that happens, iperf3 3.12 reports the length of both parts with the bytes of the second
 * only, which would be half the rate. */
static double counted_seconds(const cJSON *sum)
{
    double seconds = json_number(sum, "seconds");

    return cJSON_IsFalse(json_field(sum, "omitted")) ? fmin(seconds, json_number(sum, "end"))
                                                     : seconds;
}

/* One interval, with its end in seconds since the run's start, warm-up included. */
static cJSON *entry_of(const cJSON *interval, const cJSON *sum, double end)
{
    double seconds = counted_seconds(sum);
    cJSON *entry = cJSON_CreateObject();

    cJSON_AddNumberToObject(entry, "start", end - seconds);
    cJSON_AddNumberToObject(entry, "seconds", seconds);
    if (seconds > 0)
        cJSON_AddNumberToObject(entry, "value", json_number(sum, "bytes") * 8 / seconds);
    copy_number(entry, "bytes", sum, "bytes");
    if (cJSON_IsTrue(json_field(sum, "omitted")))
        cJSON_AddTrueToObject(entry, "warmup");
    copy_number(entry, "retransmits", sum, "retransmits");
    copy_number(entry, "packets", sum, "packets");
    copy_number(entry, "lost", sum, "lost_packets");
    add_streams(entry, interval, sum);
    return entry;
}

static void read_intervals(const cJSON *document, const struct place *place, struct flow *flow,
                           double *moved_bytes)
{
    const cJSON *interval;
    double end = 0, silent = 0;

    cJSON_ArrayForEach(interval, json_field(document, "intervals"))
    {
        const cJSON *sum = json_field(interval, place->interval);
        double seconds = json_number(sum, "seconds");

        if (!sum)
            continue;
        if (!flow->series)
            flow->series = cJSON_CreateArray();
        end += seconds;
        if (cJSON_IsFalse(json_field(sum, "omitted")))
            flow->seconds += counted_seconds(sum);
        cJSON_AddItemToArray(flow->series, entry_of(interval, sum, end));
        silent = json_number(sum, "bytes") > 0 ? 0 : silent + seconds;
        flow->silent_s = fmax(flow->silent_s, silent);
        *moved_bytes += json_number(sum, "bytes");
    }
}

static double total(const cJSON *series, const char *name)
{
    const cJSON *entry;
    double sum = 0;

    cJSON_ArrayForEach(entry, series) sum += json_number(entry, name);
    return sum;
}

/* A count that iperf3 3.12 printed as unsigned although it was negative: it subtracts the datagrams
 * of the warm-up from a smaller number. */
static double signed_count(const cJSON *object, const char *name)
{
    double count = json_number(object, name);

    return count >= 0x1p63 ? count - 0x1p64 : count;
}

/* The percentage of iperf3 3.12 mixes counts with and without the warm-up, and misses what is lost
 * after the last datagram that arrives. A receiving client counts losses in each interval; its
 * `packets` is the highest number so far. A sending client gets the server's losses, which cover
 * the whole test; its `packets` are those it sent. */
static double lost_percent(const struct flow *flow, const cJSON *sum_sent, const cJSON *received)
{
    bool receives = json_field(flow->series->child, "lost") != NULL;
    double last = fmax(signed_count(sum_sent, "packets") - signed_count(received, "packets"), 0);
    double lost = receives ? total(flow->series, "lost") : json_number(received, "lost_packets");
    double sent = total(flow->series, "packets") + (receives ? last : 0);

    return sent > 0 ? fmin(100 * (lost + last) / sent, 100) : 0;
}

/* a / b - 1 */
static double excess(double a, double b)
{
    return b > 0 ? a / b - 1 : 0;
}

static double rate_of(double bytes, double seconds)
{
    return seconds > 0 ? 8 * bytes / seconds : 0;
}

/* Rates are by the client's clock: the guest's may be wrong, and iperf3 3.12 gives the server's
 * seconds also for what its client received while both sent. */
static int read_flow(const cJSON *document, const struct place *place, bool reverse,
                     struct output *output, struct flow *flow, struct error *error)
{
    const cJSON *end = json_field(document, "end");
    const cJSON *sent = json_field(end, place->sent), *received = json_field(end, place->received);

    read_intervals(document, place, flow, &output->moved_bytes);
    if (!flow->series || !sent || !received)
        return fail(error, EPROTO, "iperf3: its report has no \"%s\"",
                    flow->series ? place->received : place->interval);
    flow->received = json_number(received, "bytes");
    flow->received_bps = rate_of(flow->received, flow->seconds);
    flow->sent_bps = rate_of(json_number(sent, "bytes"), flow->seconds);
    flow->retransmits = json_number(sent, "retransmits");
    flow->clock_error = excess(json_number(reverse ? sent : received, "seconds"), flow->seconds);
    flow->lost_percent = lost_percent(flow, sent, received);
    return 0;
}

int output_read(const char *text, struct output *output, struct error *error)
{
    cJSON *document = cJSON_Parse(text);
    const cJSON *start = json_field(json_field(document, "start"), "test_start");
    const cJSON *end = json_field(document, "end");
    bool reverse = json_number(start, "reverse") != 0;
    bool both = json_field(end, other_way.received) != NULL;
    const char *reason = json_text(document, "error");
    int status;

    *output = (struct output){0};
    if (!document)
        return fail(error, EPROTO, "iperf3: no report of it: %.200s", *text ? text : "no output");
    if (*reason) /* first, because it explains what is missing */
        fail(error, EIO, "iperf3: %s", reason);
    status = read_flow(document, &client_first, reverse, output,
                       reverse ? &output->tx : &output->rx, error);
    if (status == 0 && both)
        status = read_flow(document, &other_way, false, output, &output->tx, error);
    output->cpu_percent = json_number(json_field(end, "cpu_utilization_percent"), "host_total");
    if (*reason)
        status = -EIO;
    cJSON_Delete(document);
    return status;
}

/* Two intervals of the same time as one. */
static cJSON *add_entries(const cJSON *rx, const cJSON *tx)
{
    double bytes[2] = {json_number(rx, "bytes"), json_number(tx, "bytes")};
    double seconds = json_number(rx, "seconds");
    cJSON *entry = cJSON_CreateObject();

    cJSON_AddNumberToObject(entry, "start", json_number(rx, "start"));
    cJSON_AddNumberToObject(entry, "seconds", seconds);
    if (seconds > 0)
        cJSON_AddNumberToObject(entry, "value", rate_of(bytes[0] + bytes[1], seconds));
    cJSON_AddNumberToObject(entry, "bytes", bytes[0] + bytes[1]);
    if (json_field(rx, "warmup"))
        cJSON_AddTrueToObject(entry, "warmup");
    cJSON_AddItemToObject(entry, "streams", cJSON_CreateDoubleArray(bytes, 2));
    return entry;
}

struct flow output_both(const struct output *output)
{
    const struct flow *rx = &output->rx, *tx = &output->tx;
    const cJSON *one = rx->series ? rx->series->child : NULL;
    const cJSON *other = tx->series ? tx->series->child : NULL;
    struct flow both = {.seconds = rx->seconds,
                        .received = rx->received + tx->received,
                        .received_bps = rx->received_bps + tx->received_bps,
                        .clock_error = rx->clock_error};

    if (cJSON_GetArraySize(rx->series) != cJSON_GetArraySize(tx->series))
        return both;
    both.series = cJSON_CreateArray();
    for (; one; one = one->next, other = other->next)
        cJSON_AddItemToArray(both.series, add_entries(one, other));
    return both;
}

void output_free(struct output *output)
{
    cJSON_Delete(output->rx.series);
    cJSON_Delete(output->tx.series);
    *output = (struct output){0};
}
