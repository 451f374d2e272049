/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "scenarios/marker.h"
#include "bench/base/clock.h"
#include "bench/base/cpus.h"
#include "bench/run/host.h"
#include "bench/run/hostfile.h"
#include "bench/run/quota.h"

#define QUIET_LOAD 0.3    /* CPUs */
#define QUIET_PERCENT 1.0 /* withheld, or held back */

void host_snapshot(const char *root, struct host_snapshot *snapshot)
{
    struct host_quota quota;
    struct cpus cpus = {0};
    char line[512];

    host_quota(root, &quota);
    *snapshot = (struct host_snapshot){.throttled_s = quota.throttled_s};
    snapshot->time_s = (double)clock_now() / 1e9;
    host_line(root, "/proc/loadavg", line, sizeof line);
    snapshot->load1 = strtod(line, NULL);
    host_line(root, "/proc/stat", line, sizeof line);
    cpus_parse(line, &cpus);
    snapshot->busy_s = (double)cpus.busy / 1e9;
    snapshot->steal_s = (double)cpus.stolen / 1e9;
}

static double positive(double value)
{
    return value > 0 ? value : 0; /* ticks are coarse */
}

struct host_use host_use(const struct host_snapshot *before, const struct host_snapshot *after,
                         double own_cpu_s)
{
    struct host_use use = {.seconds = after->time_s - before->time_s};
    double percent = 100 / (use.seconds * (double)sysconf(_SC_NPROCESSORS_ONLN));

    if (use.seconds <= 0)
        return (struct host_use){0};
    use.other_load = positive((after->busy_s - before->busy_s - own_cpu_s) / use.seconds);
    use.steal_percent = positive((after->steal_s - before->steal_s) * percent);
    use.throttled_percent = positive((after->throttled_s - before->throttled_s) * percent);
    return use;
}

struct host_use host_watch(const char *root)
{
    struct timespec left = {.tv_sec = (time_t)HOST_WATCH_S};
    struct host_snapshot before, after;

    host_snapshot(root, &before);
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        ;
    host_snapshot(root, &after);
    return host_use(&before, &after, 0);
}

bool host_use_is_quiet(const struct host_use *use)
{
    return use->other_load < QUIET_LOAD && use->steal_percent < QUIET_PERCENT &&
           use->throttled_percent < QUIET_PERCENT;
}

unsigned host_tsc_khz(void)
{
    int64_t start = clock_read(CLOCK_MONOTONIC_RAW), end;
    unsigned long long first = marker_tsc(), last;
    double khz;

    do {
        end = clock_read(CLOCK_MONOTONIC_RAW);
        last = marker_tsc();
    } while (end - start < 20000000);
    khz = (double)(last - first) * 1e6 / (double)(end - start);
    return (unsigned)(khz / 100 + 0.5) * 100;
}
