/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reading half of record.h: journal lines onto the document. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/run/record.h"
#include "bench/result/fields.h"
#include "bench/result/results.h"

cJSON *record_find_program(const cJSON *list, const char *scenario, const char *payload)
{
    cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(json_text(item, "scenario"), scenario) == 0 &&
            strcmp(json_text(item, "payload"), payload) == 0)
            return item;
    }
    return NULL;
}

static cJSON *series_of(cJSON *document, const char *scenario, const char *target,
                        const struct metric *metric)
{
    cJSON *series = results_series(document, scenario, metric->name, target);

    if (series)
        return series;
    series = cJSON_CreateObject();
    cJSON_AddStringToObject(series, "scenario", scenario);
    cJSON_AddStringToObject(series, "metric", metric->name);
    cJSON_AddStringToObject(series, "title", metric->title);
    cJSON_AddStringToObject(series, "target", target);
    cJSON_AddStringToObject(series, "unit", metric->unit);
    cJSON_AddStringToObject(series, "direction",
                            metric->direction == LOWER_IS_BETTER ? "lower" : "higher");
    cJSON_AddStringToObject(series, "clock", metric->clock);
    cJSON_AddStringToObject(series, "start", metric->start);
    cJSON_AddStringToObject(series, "stop", metric->stop);
    cJSON_AddStringToObject(series, "definition", metric->definition);
    if (metric->no_ratio)
        cJSON_AddFalseToObject(series, "ratio");
    if (metric->needs & (NEEDS_KERNEL_MARKER | NEEDS_RATE))
        cJSON_AddTrueToObject(series, "conditional");
    if (metric->leads)
        cJSON_AddTrueToObject(series, "leads");
    cJSON_AddArrayToObject(series, "samples");
    cJSON_AddArrayToObject(series, "warmup");
    cJSON_AddItemToArray(json_field(document, "metrics"), series);
    return series;
}

static const struct metric *metric_find(const struct scenario *scenario, const char *name)
{
    for (const struct metric *metric = scenario->metrics; metric->name; metric++)
        if (strcmp(metric->name, name) == 0)
            return metric;
    return NULL;
}

static int apply_trial(cJSON *document, const cJSON *trial, struct error *error)
{
    const char *name = json_text(trial, "scenario"), *target = json_text(trial, "target");
    const struct scenario *scenario = scenario_find(name);
    double repetition = json_number(trial, "repetition");
    const cJSON *entry;

    if (!scenario)
        return fail(error, EINVAL, "scenario \"%s\": unknown to this tare", name);
    cJSON_ArrayForEach(entry, json_field(trial, "samples"))
    {
        const struct metric *metric = metric_find(scenario, json_text(entry, "metric"));
        cJSON *series, *sample;

        if (!metric)
            return fail(error, EINVAL, "metric \"%s\": unknown to this tare",
                        json_text(entry, "metric"));
        series = series_of(document, name, target, metric);
        sample = cJSON_Duplicate(entry, true);
        cJSON_DeleteItemFromObjectCaseSensitive(sample, "metric");
        cJSON_AddNumberToObject(sample, "t", json_number(trial, "t"));
        cJSON_AddNumberToObject(sample, "order", json_number(trial, "order"));
        cJSON_AddNumberToObject(sample, "repetition", repetition);
        cJSON_AddItemToArray(json_field(series, repetition > 0 ? "samples" : "warmup"), sample);
    }
    return 0;
}

static int apply_launch(cJSON *document, const cJSON *launch, struct error *error)
{
    cJSON *target = json_find(json_field(document, "targets"), "name", json_text(launch, "target"));
    cJSON *launches = json_field(target, "launches"), *copy;

    if (!launches)
        return fail(error, EINVAL, "launch of unknown target \"%s\"", json_text(launch, "target"));
    if (record_find_program(launches, json_text(launch, "scenario"), json_text(launch, "payload")))
        return 0; /* every repetition tells it again */
    copy = cJSON_Duplicate(launch, true);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "target");
    cJSON_AddItemToArray(launches, copy);
    return 0;
}

static void apply_accel(cJSON *document, const cJSON *accel)
{
    cJSON *about = json_field(document, "run");

    json_replace(about, "accel", cJSON_CreateString(json_text(accel, "accel")));
    json_replace(about, "accel_reason", cJSON_CreateString(json_text(accel, "reason")));
}

static void apply_dropped(cJSON *document, const cJSON *dropped)
{
    cJSON *target =
        json_find(json_field(document, "targets"), "name", json_text(dropped, "target"));

    if (target)
        json_replace(target, "dropped", cJSON_CreateString(json_text(dropped, "reason")));
    results_warn(document, "dropped", "run it with --accel tcg, or ask tare doctor",
                 "target %s was left out: %s", json_text(dropped, "target"),
                 json_text(dropped, "reason"));
}

static int apply_stopped(cJSON *document, const cJSON *stopped, struct error *error)
{
    static const char *const endings[] = {"narrow", "minutes", NULL};
    struct raw_stopped {
        size_t rounds;
        unsigned ended;
    } raw;
    static const struct field fields[] = {
        NEEDED("rounds", COUNT, raw_stopped, rounds),
        NEEDED_WORD("ended", endings, raw_stopped, ended),
        END_OF_FIELDS,
    };
    cJSON *until = json_field(json_field(document, "run"), "until");
    int status = fields_read(stopped, "stopped", fields, &raw, error);

    if (status < 0)
        return status;
    if (!until)
        return fail(error, EINVAL, "stopped by a rule that the run does not have");
    if (raw.rounds < 1 || (double)raw.rounds > json_number(until, "most"))
        return fail(error, EINVAL, "stopped: field \"rounds\": %zu is not from 1 to the most, %g",
                    raw.rounds, json_number(until, "most"));
    json_replace(until, "rounds", cJSON_CreateNumber((double)raw.rounds));
    json_replace(until, "ended", cJSON_CreateString(endings[raw.ended]));
    return 0;
}

int record_apply(cJSON *document, const cJSON *line, struct error *error)
{
    const cJSON *body = line->child;
    const char *kind = body && body->string ? body->string : "";

    if (strcmp(kind, "trial") == 0)
        return apply_trial(document, body, error);
    if (strcmp(kind, "launch") == 0)
        return apply_launch(document, body, error);
    if (strcmp(kind, "stopped") == 0)
        return apply_stopped(document, body, error);
    if (strcmp(kind, "accel") == 0)
        apply_accel(document, body);
    else if (strcmp(kind, "dropped") == 0)
        apply_dropped(document, body);
    else if (strcmp(kind, "part") == 0)
        json_replace(document, "part", cJSON_Duplicate(body, true));
    else
        return fail(error, EINVAL, "unknown kind of line \"%s\"", kind);
    return 0;
}
