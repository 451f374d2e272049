/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench/measure/capture.h"
#include "bench/measure/loading.h"
#include "bench/measure/trial.h"

#define SLACK_S 5.0      /* a load takes longer than it measures: threads, captures */
#define LAST_BLOCK_S 0.3 /* the last packets of a capture have come by then */

struct loading {
    const struct load *load;
    struct load_report *report;
    struct wire *wire; /* or NULL */
    struct capture *capture;
    int stop, done; /* eventfds: the load is to stop; it has ended */
    int epoll;      /* readable if it has ended or packets came */
    pthread_t thread;
    bool runs;
};

static void *run(void *data)
{
    struct loading *loading = data;

    load_run(loading->load, loading->stop, loading->report);
    eventfd_write(loading->done, 1);
    return NULL;
}

static void stop(struct loading *loading)
{
    if (!loading->runs)
        return;
    eventfd_write(loading->stop, 1);
    pthread_join(loading->thread, NULL);
    loading->runs = false;
}

static int watch_for(struct loading *loading, int fd, struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN};

    if (epoll_ctl(loading->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return fail(error, errno, "epoll: %s", strerror(errno));
    return 0;
}

static int open_capture(struct loading *loading, struct trial *trial, struct error *error)
{
    char filter[64];
    int status, file;

    loading->wire->port = loading->load->port;
    snprintf(filter, sizeof filter, "tcp port %u", loading->load->port);
    status = capture_open_all(trial_interface(trial), filter, &loading->capture, error);
    if (status < 0)
        return status;
    status = watch_for(loading, capture_fd(loading->capture), error);
    file = status < 0 ? -1 : trial_pcap(trial, error);
    return file >= 0 ? capture_keep(loading->capture, file, error) : error->text[0] ? -EIO : status;
}

static int begin(struct loading *loading, struct trial *trial, struct error *error)
{
    int status;

    loading->stop = eventfd(0, EFD_CLOEXEC);
    loading->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loading->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loading->stop < 0 || loading->done < 0 || loading->epoll < 0)
        return fail(error, errno, "a load: %s", strerror(errno));
    status = watch_for(loading, loading->done, error);
    if (status == 0 && loading->wire)
        status = open_capture(loading, trial, error);
    if (status < 0)
        return status;
    status = pthread_create(&loading->thread, NULL, run, loading);
    loading->runs = status == 0;
    return status ? fail(error, status, "a thread for a load: %s", strerror(status)) : 0;
}

/* Take what was captured so far. */
static int take_packets(struct loading *loading, struct error *error)
{
    int64_t stamp;
    int got = 0;

    while (loading->capture && (got = capture_next(loading->capture, &stamp, error)) > 0) {
        size_t captured, length;
        const unsigned char *bytes = capture_bytes(loading->capture, &captured, &length);

        if (wire_take(loading->wire, bytes, captured, stamp) < 0)
            return fail(error, ENOMEM, "out of memory");
    }
    return got;
}

static int await_end(struct loading *loading, struct trial *trial, struct error *error)
{
    eventfd_t ended;
    int status = 0;

    while (status == 0 && eventfd_read(loading->done, &ended) < 0) {
        status = trial_await(trial, loading->epoll, "the end of the load", error);
        if (status == 0)
            status = take_packets(loading, error);
    }
    return status;
}

/* The packets of the last block, which the kernel gives away only when it is old. */
static int await_packets(struct loading *loading, struct trial *trial, int64_t *lost,
                         struct error *error)
{
    struct error why = {0};
    int status = 0;

    trial_allow_exactly(trial, LAST_BLOCK_S);
    while (status == 0) {
        status = trial_await(trial, capture_fd(loading->capture), "the last packets", &why);
        if (status == 0)
            status = take_packets(loading, &why);
    }
    if (status != -ETIMEDOUT) /* by then all have come */
        return fail(error, -status, "%s", why.text);
    if (wire_end(loading->wire) < 0)
        return fail(error, ENOMEM, "out of memory");
    *lost = capture_lost(loading->capture, error);
    return *lost < 0 ? (int)*lost : 0;
}

static void end(struct loading *loading)
{
    stop(loading);
    capture_close(loading->capture);
    if (loading->stop >= 0)
        close(loading->stop);
    if (loading->done >= 0)
        close(loading->done);
    if (loading->epoll >= 0)
        close(loading->epoll);
}

int loading_run(struct trial *trial, const struct load *load, struct load_report *report,
                struct wire *wire, int64_t *lost, struct error *error)
{
    struct loading loading = {
        .load = load, .report = report, .wire = wire, .stop = -1, .done = -1, .epoll = -1};
    int status;

    *lost = 0;
    *report = (struct load_report){0};
    trial_allow(trial, load->warmup_s + load->measured_s + 2 * load->patience_s + SLACK_S);
    status = begin(&loading, trial, error);
    if (status == 0)
        status = await_end(&loading, trial, error);
    stop(&loading);
    if (status == 0 && wire)
        status = await_packets(&loading, trial, lost, error);
    end(&loading);
    if (status == 0 && report->error)
        status = fail(error, report->error, "the client: %s", strerror(report->error));
    return status;
}
