/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/json.h"
#include "bench/result/fields.h"
#include "bench/result/model.h"
#include "bench/result/results.h"
#include "bench/result/verify_checks.h"

void verify_fault(struct verify *verify, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (verify->faults < VERIFY_TOLD &&
        vasprintf(&verify->told[verify->faults], format, arguments) < 0)
        verify->told[verify->faults] = NULL;
    va_end(arguments);
    verify->faults++;
}

bool verify_is_close(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* Readers of JSON differ in which of two members of one name they take. */
static void check_members(const cJSON *item, const char *where, struct verify *verify)
{
    const cJSON *member, *other;

    cJSON_ArrayForEach(member, item)
    {
        for (other = item->child; cJSON_IsObject(item) && other != member; other = other->next)
            if (strcmp(other->string, member->string) == 0)
                verify_fault(verify, "%s: field \"%s\": twice", where, member->string);
        check_members(member, member->string ? member->string : where, verify);
    }
}

static bool has_warning(const cJSON *document, const char *code)
{
    return json_find(json_field(document, "warnings"), "code", code) != NULL;
}

/* The id holds when the run began, in ns, and its seed. */
static void check_id(const cJSON *about, struct verify *verify)
{
    unsigned long long began, seed;
    struct tm utc = {0};
    const char *end = strptime(json_text(about, "started"), "%Y-%m-%dT%H:%M:%SZ", &utc);

    if (!end || *end)
        verify_fault(verify, "run: field \"started\": is no time");
    else if (sscanf(json_text(about, "id"), "%llx-%llx", &began, &seed) != 2)
        verify_fault(verify, "run: field \"id\": is not a time and a seed");
    else if (fabs((double)began / 1e9 - (double)timegm(&utc)) > 2)
        verify_fault(verify, "run: started at %s, and by its id at another time",
                     json_text(about, "started"));
    else if ((double)seed != json_number(about, "seed"))
        verify_fault(verify, "run: the seed is %.0f, and by its id %llu",
                     json_number(about, "seed"), seed);
}

/* What the run says of itself goes together. */
static int check_run(const cJSON *document, struct verify *verify, struct error *error)
{
    static const char *const accels[] = {"none", "tcg", "kvm", NULL};
    struct raw_run {
        size_t seed, repeat, warmup;
        unsigned accel;
        double duration;
        bool complete, quiet, valid, judged;
        const cJSON *reasons;
    } run = {.judged = true};
    static const struct field fields[] = {
        NEEDED("seed", COUNT, raw_run, seed),
        NEEDED("repeat", COUNT, raw_run, repeat),
        NEEDED("warmup", COUNT, raw_run, warmup),
        NEEDED_WORD("accel", accels, raw_run, accel),
        NEEDED("duration_s", NUMBER, raw_run, duration),
        NEEDED("complete", FLAG, raw_run, complete),
        NEEDED("quiet", FLAG, raw_run, quiet),
        NEEDED("valid", FLAG, raw_run, valid),
        MAYBE("judged", FLAG, raw_run, judged),
        NEEDED("invalid_reasons", LIST, raw_run, reasons),
        END_OF_FIELDS,
    };
    const cJSON *about = json_field(document, "run");
    int status = fields_read(about, "run", fields, &run, error);

    if (status < 0)
        return status;
    if (run.valid != (cJSON_GetArraySize(run.reasons) == 0))
        verify_fault(verify, "run: is %svalid, with %d reasons why not", run.valid ? "" : "in",
                     cJSON_GetArraySize(run.reasons));
    if (!run.complete && run.valid)
        verify_fault(verify, "run: is not complete, and yet valid");
    if (strcmp(accels[run.accel], "tcg") == 0 && !has_warning(document, "tcg"))
        verify_fault(verify, "warnings: none says that TCG does not predict KVM");
    if (run.judged && !run.quiet && !has_warning(document, "not-quiet") &&
        !has_warning(document, "resumed"))
        verify_fault(verify, "warnings: none says why the machine was not quiet");
    check_id(about, verify);
    return 0;
}

static void check_targets(const cJSON *document, struct verify *verify)
{
    const cJSON *list = json_field(document, "targets"), *target;
    bool compares = *json_text(json_field(document, "run"), "compare"), twins = false;

    cJSON_ArrayForEach(target, list)
    {
        const char *name = json_text(target, "name"), *original = json_text(target, "twin_of");
        const cJSON *a = results_target(document, original);

        if (json_find(list, "name", name) != target)
            verify_fault(verify, "targets: %s: twice", name);
        if (json_field(target, "dropped") && !has_warning(document, "dropped"))
            verify_fault(verify, "warnings: none says that target %s was left out", name);
        if (!*original)
            continue;
        twins = true;
        if (json_field(a, "twin_of") ||
            strcmp(json_text(a, "driver"), json_text(target, "driver")) != 0)
            verify_fault(verify, "targets: %s: cannot be the twin of %s", name, original);
    }
    if (twins != compares)
        verify_fault(verify, "run: field \"compare\": %s a target that is a twin",
                     compares ? "needs" : "missing, with");
}

static bool is_same(const cJSON *one, const cJSON *other)
{
    return (!one && !other) || cJSON_Compare(one, other, true);
}

/* What the metric `series` is of must be the same for all its targets. */
static void check_metric(const cJSON *list, const cJSON *series, struct verify *verify)
{
    static const char *const same[] = {"title", "unit",       "direction", "clock",       "start",
                                       "stop",  "definition", "ratio",     "conditional", "leads"};
    const cJSON *other;

    cJSON_ArrayForEach(other, list)
    {
        if (other == series)
            return; /* each pair once */
        if (strcmp(json_text(other, "scenario"), json_text(series, "scenario")) != 0 ||
            strcmp(json_text(other, "metric"), json_text(series, "metric")) != 0)
            continue;
        if (strcmp(json_text(other, "target"), json_text(series, "target")) == 0)
            verify_fault(verify, "metrics: %s.%s of %s: twice", json_text(series, "scenario"),
                         json_text(series, "metric"), json_text(series, "target"));
        for (size_t i = 0; i < sizeof same / sizeof *same; i++)
            if (!is_same(json_field(other, same[i]), json_field(series, same[i])))
                verify_fault(verify, "metrics: %s.%s: field \"%s\": differs between %s and %s",
                             json_text(series, "scenario"), json_text(series, "metric"), same[i],
                             json_text(other, "target"), json_text(series, "target"));
    }
}

int verify_document(const cJSON *document, struct verify *verify, struct error *error)
{
    const cJSON *list = json_field(document, "metrics"), *series;
    struct model model;
    int status = model_read(document, &model, error);

    *verify = (struct verify){.faults = 0};
    model_free(&model);
    if (status < 0)
        return status;
    check_members(document, "the document", verify);
    status = check_run(document, verify, error);
    if (status < 0)
        return status;
    check_targets(document, verify);
    cJSON_ArrayForEach(series, list) check_metric(list, series, verify);
    verify_density(document, verify);
    status = verify_trials(document, verify);
    if (status == 0)
        status = verify_machines(document, verify);
    if (status == 0)
        status = verify_outcomes(document, verify, error);
    if (status == 0)
        status = verify_until(document, verify, error);
    return status < 0 && !(error && *error->text) ? fail(error, -status, "%s", strerror(-status))
                                                  : status;
}

void verify_free(struct verify *verify)
{
    for (size_t i = 0; i < VERIFY_TOLD; i++)
        free(verify->told[i]);
    *verify = (struct verify){.faults = 0};
}
