/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the steps of scenario density are a series, and the metrics what its steps say. */
#include <math.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/results.h"
#include "bench/result/verify_checks.h"

#define STATED 64 /* as scenarios/density/ */

/* A sample of density.vms, and where it is. */
struct place {
    const cJSON *document, *series, *sample, *steps;
    struct verify *verify;
};

static void fault(const struct place *place, const char *what, double says, double is)
{
    verify_fault(place->verify, "density of %s: repetition %.0f: %s is %.10g, not %.10g",
                 json_text(place->series, "target"), json_number(place->sample, "repetition"), what,
                 says, is);
}

static void expect(const struct place *place, const char *what, double says, double is)
{
    if (!verify_is_close(says, is))
        fault(place, what, says, is);
}

/* 1, 2, 4, ..., but for the last, which a limit can have made smaller; none with more VMs that
 * answer than were ready, or ready than were begun. Returns the most that all answered. */
static double check_steps(const struct place *place)
{
    double best = 0, due = 1;
    const cJSON *step;

    cJSON_ArrayForEach(step, place->steps)
    {
        double vms = json_number(step, "vms"), ready = json_number(step, "ready");
        double answering = json_number(step, "answering");
        bool all = answering == vms;

        if (step->next ? vms != due : vms > due || vms <= due / 2)
            fault(place, "a step's number of VMs", vms, due);
        if (ready > vms || answering > ready)
            fault(place, "a step's number of VMs that answered", answering, fmin(ready, vms));
        if (cJSON_IsTrue(json_field(step, "passed")) != all)
            verify_fault(place->verify,
                         "density of %s: repetition %.0f: a step of %.0f VMs has not passed and "
                         "failed as its numbers say",
                         json_text(place->series, "target"),
                         json_number(place->sample, "repetition"), vms);
        if (json_number(step, "answered") > json_number(step, "requests"))
            fault(place, "a step's number of answered requests", json_number(step, "answered"),
                  json_number(step, "requests"));
        if (all && vms > best)
            best = vms;
        due *= 2;
    }
    return best;
}

/* The limit that ended the series, where the steps can tell: all VMs that were to be, or not. */
static void check_limit(const struct place *place)
{
    const char *limit = json_text(place->sample, "limit");
    double asked = json_number(json_field(place->document, "run"), "vms");
    const cJSON *step, *last = NULL;

    cJSON_ArrayForEach(step, place->steps) last = step;
    if (!*limit)
        verify_fault(place->verify, "density of %s: repetition %.0f: does not say what ended it",
                     json_text(place->series, "target"), json_number(place->sample, "repetition"));
    if (asked > 0 && json_number(last, "vms") > asked)
        fault(place, "the last step's number of VMs", json_number(last, "vms"), asked);
    if (strcmp(limit, "vms") == 0 && json_number(last, "vms") != asked)
        fault(place, "the limit --vms", asked, json_number(last, "vms"));
}

/* What the step of the stated number says, that metric must. */
static void check_metrics(const struct place *place)
{
    static const struct {
        const char *metric, *field;
    } same[] = {
        {"ready_all", "ready_all_ms"}, {"boot_while_n", "boot_while_ms"},
        {"memory_each", "memory_mib"}, {"idle_cpu", "idle_percent"},
        {"reply_p50", "p50_ms"},       {"reply_p99", "p99_ms"},
    };
    const char *target = json_text(place->series, "target");
    double asked = json_number(json_field(place->document, "run"), "vms"), repetition;
    double vms = asked > 0 && asked < STATED ? asked : STATED;
    const cJSON *step, *found = NULL, *value;

    repetition = json_number(place->sample, "repetition");
    cJSON_ArrayForEach(step, place->steps) if (json_number(step, "vms") == vms) found = step;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        value = results_value(results_series(place->document, "density", same[i].metric, target),
                              repetition);
        if (value)
            expect(place, same[i].metric, value->valuedouble, json_number(found, same[i].field));
    }
    value = results_value(results_series(place->document, "density", "boots_per_s", target),
                          repetition);
    if (value)
        expect(place, "boots_per_s", value->valuedouble,
               1e3 * vms / json_number(found, "ready_all_ms"));
    value = results_value(results_series(place->document, "density", "unanswering", target),
                          repetition);
    if (value)
        expect(place, "unanswering", value->valuedouble, vms - json_number(found, "answering"));
}

static void check_sample(const struct place *place)
{
    double best = check_steps(place);
    const cJSON *value = json_field(place->sample, "value");

    if (!value)
        return;
    expect(place, "vms", value->valuedouble, best);
    check_limit(place);
    check_metrics(place);
}

void verify_density(const cJSON *document, struct verify *verify)
{
    const cJSON *series, *sample;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        if (strcmp(json_text(series, "scenario"), "density") != 0 ||
            strcmp(json_text(series, "metric"), "vms") != 0)
            continue;
        cJSON_ArrayForEach(sample, json_field(series, "samples")) check_sample(
            &(struct place){document, series, sample, json_field(sample, "steps"), verify});
    }
}
