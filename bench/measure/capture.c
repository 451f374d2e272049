/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/capture.h"

#define SNAPLEN 128
#define BUFFER (256 << 10)
#define BUFFER_ALL (16 << 20) /* some 50,000 packets */
#define BLOCK_MS 100
#define CLOCK_SLACK_NS 100000 /* how far two readings of the clocks' difference may be apart */

struct capture {
    pcap_t *pcap;
    struct pcap_pkthdr *header; /* of the packet taken last */
    const unsigned char *bytes;
    pcap_dumper_t *dumper; /* or NULL */
    int64_t ahead;         /* CLOCK_REALTIME less CLOCK_MONOTONIC */
};

/* CLOCK_REALTIME less CLOCK_MONOTONIC. Both are slewed alike, so only a step changes it. The
 * reading between the closest two of the other is taken: whatever comes between makes it worse. */
static int64_t measure_ahead(void)
{
    int64_t closest = INT64_MAX, ahead = 0;

    for (int i = 0; i < 5; i++) {
        int64_t before = clock_now();
        int64_t real = clock_read(CLOCK_REALTIME);
        int64_t after = clock_now();

        if (after - before < closest) {
            closest = after - before;
            ahead = real - before - closest / 2;
        }
    }
    return ahead;
}

static int activate(pcap_t *pcap, const char *interface, const char *filter, bool all,
                    struct error *error)
{
    struct bpf_program program;
    int status;

    pcap_set_snaplen(pcap, SNAPLEN);
    pcap_set_buffer_size(pcap, all ? BUFFER_ALL : BUFFER);
    pcap_set_timeout(pcap, BLOCK_MS);
    pcap_set_immediate_mode(pcap, !all); /* else packets wait until a block is full, or old */
    pcap_set_tstamp_type(pcap, PCAP_TSTAMP_HOST);
    pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
    if (pcap_activate(pcap) < 0 || pcap_setnonblock(pcap, 1, NULL) < 0)
        return fail(error, EIO, "capture on %s: %s", interface, pcap_geterr(pcap));
    if (pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
        return fail(error, EINVAL, "capture on %s: \"%s\": %s", interface, filter,
                    pcap_geterr(pcap));
    status = pcap_setfilter(pcap, &program) < 0
                 ? fail(error, EIO, "capture on %s: %s", interface, pcap_geterr(pcap))
                 : 0;
    pcap_freecode(&program);
    return status;
}

static int open_kind(const char *interface, const char *filter, bool all, struct capture **out,
                     struct error *error)
{
    struct capture *capture = calloc(1, sizeof *capture);
    char reason[PCAP_ERRBUF_SIZE];
    int status;

    *out = NULL;
    if (!capture)
        return fail(error, ENOMEM, "out of memory");
    capture->pcap = pcap_create(interface, reason);
    status = capture->pcap ? activate(capture->pcap, interface, filter, all, error)
                           : fail(error, EIO, "capture on %s: %s", interface, reason);
    if (status < 0) {
        capture_close(capture);
        return status;
    }
    capture->ahead = measure_ahead();
    *out = capture;
    return 0;
}

int capture_open(const char *interface, const char *filter, struct capture **out,
                 struct error *error)
{
    return open_kind(interface, filter, false, out, error);
}

int capture_open_all(const char *interface, const char *filter, struct capture **out,
                     struct error *error)
{
    return open_kind(interface, filter, true, out, error);
}

int64_t capture_lost(const struct capture *capture, struct error *error)
{
    struct pcap_stat stats;

    if (pcap_stats(capture->pcap, &stats) < 0)
        return fail(error, EIO, "capture: %s", pcap_geterr(capture->pcap));
    return (int64_t)stats.ps_drop + stats.ps_ifdrop;
}

int capture_keep(struct capture *capture, int fd, struct error *error)
{
    FILE *file = fdopen(fd, "w");

    if (!file) {
        close(fd);
        return fail(error, ENOMEM, "out of memory");
    }
    capture->dumper = pcap_dump_fopen(capture->pcap, file);
    if (capture->dumper)
        return 0;
    fclose(file);
    return fail(error, EIO, "capture: %s", pcap_geterr(capture->pcap));
}

void capture_close(struct capture *capture)
{
    if (capture && capture->dumper)
        pcap_dump_close(capture->dumper);
    if (capture && capture->pcap)
        pcap_close(capture->pcap);
    free(capture);
}

int capture_fd(const struct capture *capture)
{
    return pcap_get_selectable_fd(capture->pcap);
}

int capture_next(struct capture *capture, int64_t *stamp, struct error *error)
{
    int64_t ahead;
    int got = pcap_next_ex(capture->pcap, &capture->header, &capture->bytes);

    if (got < 0)
        return fail(error, EIO, "capture: %s", pcap_geterr(capture->pcap));
    if (got == 0)
        return 0;
    if (capture->dumper)
        pcap_dump((unsigned char *)capture->dumper, capture->header, capture->bytes);
    ahead = measure_ahead();
    if (llabs(ahead - capture->ahead) > CLOCK_SLACK_NS)
        return fail(error, ESTALE, "the host's clock was set while packets were captured");
    /* By the precision asked for, the "microseconds" are nanoseconds. */
    *stamp = (int64_t)capture->header->ts.tv_sec * 1000000000 + capture->header->ts.tv_usec - ahead;
    return 1;
}

const unsigned char *capture_bytes(const struct capture *capture, size_t *captured, size_t *length)
{
    *captured = capture->header->caplen;
    *length = capture->header->len;
    return capture->bytes;
}
