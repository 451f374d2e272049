/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "../latency/httpd.h"
#include "bench/base/clock.h"
#include "bench/base/histogram.h"
#include "bench/measure/loading.h"
#include "cold.h"

#define QUICK_STARTS 10
#define FULL_STARTS 100
#define PATIENCE_S 5.0

/* A cold start, in ns. */
struct start {
    int64_t total, vmm, guest;
};

struct cold {
    struct start starts[FULL_STARTS];
    unsigned count;
    struct load_report report;
};

/* Of the cold start at this percentile the whole and its parts, so that these add up. */
static const struct point {
    unsigned percent;
    const char *total, *vmm, *guest;
} points[] = {
    {50, "cold_p50", "cold_vmm_p50", "cold_guest_p50"},
    {99, "cold_p99", "cold_vmm_p99", "cold_guest_p99"},
};
#define POINTS (sizeof points / sizeof *points)

/* One request to the guest that is ready; when its reply was there. */
static int request(struct trial *trial, struct load_report *report, int64_t *replied,
                   struct error *error)
{
    const struct load load = {.address = trial_address(trial),
                              .port = HTTPD_PORT,
                              .path = "/",
                              .connections = 1,
                              .per_request = true,
                              .requests = 1,
                              .measured_s = PATIENCE_S,
                              .patience_s = PATIENCE_S};
    char text[256];
    int64_t lost;
    int status = loading_run(trial, &load, report, NULL, &lost, error);

    if (status == 0 && report->answered < 1) {
        load_explain(report, text, sizeof text);
        return fail(error, EIO, "%s", text);
    }
    *replied = report->from + report->latency.max;
    return status;
}

static int start_one(struct trial *trial, struct cold *cold, struct error *error)
{
    int64_t came = clock_now(), resumed, replied = 0;
    struct crowd crowd;
    int status = trial_select(trial, 0, error);

    if (status == 0)
        status = trial_boot_crowd(trial, 0, 1, 0, NULL, NULL, &crowd, error);

    if (status == 0 && crowd.booted < 1)
        status = fail(error, EIO, "%s", crowd.why);
    if (status == 0)
        status = trial_wait(trial, EVENT_READY, error);
    if (status == 0)
        status = request(trial, &cold->report, &replied, error);
    if (status == 0) {
        resumed = trial_stamp(trial, EVENT_RESUME);
        cold->starts[cold->count++] =
            (struct start){replied - came, resumed - came, replied - resumed};
    }
    trial_end_crowd(trial, 0);
    return status;
}

static int by_total(const void *left, const void *right)
{
    const struct start *a = left, *b = right;

    return (a->total > b->total) - (a->total < b->total);
}

static void record_one(struct trial *trial, const char *name, int64_t ns, int64_t from)
{
    if (!trial_expects(trial, name))
        return;
    trial_observe(trial, name, from, clock_now(), false);
    trial_record(trial, name, (double)ns / 1e6, NULL);
}

static void record(struct trial *trial, struct cold *cold, int64_t from)
{
    struct histogram *totals = calloc(1, sizeof *totals);

    qsort(cold->starts, cold->count, sizeof *cold->starts, by_total);
    for (unsigned i = 0; i < cold->count && totals; i++)
        histogram_add(totals, cold->starts[i].total);
    if (totals)
        trial_keep(trial, "cold_p50", "histogram", histogram_json(totals));
    free(totals);
    for (unsigned i = 0; i < POINTS; i++) { /* by nearest rank */
        const struct start *at = &cold->starts[(points[i].percent * cold->count + 99) / 100 - 1];

        record_one(trial, points[i].total, at->total, from);
        record_one(trial, points[i].vmm, at->vmm, from);
        record_one(trial, points[i].guest, at->guest, from);
    }
}

static void fail_all(struct trial *trial, const struct error *why)
{
    for (unsigned i = 0; i < POINTS; i++) {
        const char *const names[] = {points[i].total, points[i].vmm, points[i].guest};

        for (unsigned n = 0; n < sizeof names / sizeof *names; n++)
            if (trial_expects(trial, names[n]))
                trial_fail(trial, names[n], why);
    }
}

int cold_measure(struct trial *trial, struct error *error)
{
    unsigned starts = trial_profile(trial) == PROFILE_FULL ? FULL_STARTS : QUICK_STARTS;
    struct cold *cold = calloc(1, sizeof *cold);
    struct error why = {0};
    int64_t from = clock_now();
    int status = cold ? 0 : fail(&why, ENOMEM, "out of memory");

    for (unsigned i = 0; i < starts && status == 0; i++)
        status = start_one(trial, cold, &why);
    if (status == 0)
        record(trial, cold, from);
    else
        fail_all(trial, &why);
    free(cold);
    return status == -ECANCELED ? fail(error, ECANCELED, "%s", why.text) : 0;
}
