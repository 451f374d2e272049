/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"
#include "export.h"
#include "plot.h"
#include "results.h"

extern char **environ;

/* What the figure says of itself goes by environment: gnuplot reads it without any quoting. */
static void describe(const cJSON *document, const cJSON *series, const char *stem)
{
    const cJSON *about = json_field(document, "run"), *host = json_field(document, "host");
    bool tcg = strcmp(json_text(about, "accel"), "tcg") == 0;
    char title[256], caption[512], unit[64];

    snprintf(title, sizeof title, "%s.%s", json_text(series, "scenario"),
             json_text(series, "metric"));
    snprintf(
        caption, sizeof caption, "%s, %.0f MiB, %.0f vCPU, %s; %s, %.0f cores%s%s",
        json_text(about, "machine"), json_number(about, "memory_mib"), json_number(about, "vcpus"),
        tcg ? "TCG, does not predict KVM" : json_text(about, "accel"), json_text(host, "cpu"),
        json_number(host, "cores"), cJSON_IsTrue(json_field(about, "quiet")) ? "" : "; not quiet",
        cJSON_IsTrue(json_field(about, "valid")) ? "" : "; INVALID");
    snprintf(unit, sizeof unit, "%s (%s is better)", json_text(series, "unit"),
             json_text(series, "direction"));
    setenv("TARE_TITLE", title, 1);
    setenv("TARE_CAPTION", caption, 1);
    setenv("TARE_UNIT", unit, 1);
    setenv("TARE_STEM", stem, 1);
}

static int run_gnuplot(const char *script, struct error *error)
{
    char *const argv[] = {(char *)"gnuplot", (char *)script, NULL};
    int code, status;
    pid_t pid;

    code = posix_spawnp(&pid, "gnuplot", NULL, NULL, argv, environ);
    if (code != 0)
        return fail(error, code, "gnuplot: %s; remedy: apt-get install gnuplot-nox",
                    strerror(code));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return fail(error, errno, "gnuplot: %s", strerror(errno));
    if (status != 0)
        return fail(error, EIO, "gnuplot %s: failed (status %d)", script, status);
    return 0;
}

/* 1 when drawn, 0 when there is nothing to draw, or a negative errno. */
static int draw(const cJSON *document, const cJSON *series, const char *datadir,
                const char *directory, struct error *error)
{
    const char *scenario = json_text(series, "scenario"), *metric = json_text(series, "metric");
    char stem[PATH_MAX], data[PATH_MAX + 8], script[PATH_MAX];
    int count, status;
    FILE *out;

    snprintf(stem, sizeof stem, "%s/%s-%s", directory, scenario, metric);
    snprintf(data, sizeof data, "%s.dat", stem);
    snprintf(script, sizeof script, "%s/plots/targets.gp", datadir);
    out = fopen(data, "we");
    if (!out)
        return fail(error, errno, "%s: %s", data, strerror(errno));
    count = export_figure(document, scenario, metric, out);
    if (fclose(out) != 0 || count < 0)
        return fail(error, EIO, "%s: cannot be written", data);
    if (count == 0) {
        unlink(data);
        return 0;
    }
    describe(document, series, stem);
    status = run_gnuplot(script, error);
    return status < 0 ? status : 1;
}

int plot_write(const cJSON *document, const char *datadir, const char *directory,
               struct error *error)
{
    const cJSON *metrics = json_field(document, "metrics"), *series, *before;
    int status = 0, figures = 0;

    if (mkdir(directory, 0777) < 0 && errno != EEXIST)
        return fail(error, errno, "%s: %s", directory, strerror(errno));
    cJSON_ArrayForEach(series, metrics)
    {
        for (before = metrics->child; before != series; before = before->next)
            if (strcmp(json_text(before, "scenario"), json_text(series, "scenario")) == 0 &&
                strcmp(json_text(before, "metric"), json_text(series, "metric")) == 0)
                break;
        if (before != series)
            continue; /* drawn at its first series */
        status = draw(document, series, datadir, directory, error);
        if (status < 0)
            return status;
        figures += status;
    }
    return figures;
}
