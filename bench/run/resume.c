/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reading half of record.h: journal lines onto the document, and back to a run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/run/record.h"
#include "bench/result/results.h"

/* The element of `list` whose field `name` is `value`, or NULL. */
static cJSON *find(const cJSON *list, const char *name, const char *value)
{
    cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(json_text(item, name), value) == 0)
            return item;
    }
    return NULL;
}

/* The element of `list` that is about `scenario` and, of its programs, `payload`; or NULL. */
static cJSON *find_program(const cJSON *list, const char *scenario, const char *payload)
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
    cJSON_AddStringToObject(series, "target", target);
    cJSON_AddStringToObject(series, "unit", metric->unit);
    cJSON_AddStringToObject(series, "direction",
                            metric->direction == LOWER_IS_BETTER ? "lower" : "higher");
    cJSON_AddStringToObject(series, "clock", metric->clock);
    cJSON_AddStringToObject(series, "definition", metric->definition);
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
    cJSON *target = find(json_field(document, "targets"), "name", json_text(launch, "target"));
    cJSON *launches = json_field(target, "launches"), *copy;

    if (!launches)
        return fail(error, EINVAL, "launch of unknown target \"%s\"", json_text(launch, "target"));
    if (find_program(launches, json_text(launch, "scenario"), json_text(launch, "payload")))
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
    cJSON *target = find(json_field(document, "targets"), "name", json_text(dropped, "target"));

    if (target)
        json_replace(target, "dropped", cJSON_CreateString(json_text(dropped, "reason")));
    results_warn(document, "dropped", "run it with --accel tcg, or ask tare doctor",
                 "target %s was left out: %s", json_text(dropped, "target"),
                 json_text(dropped, "reason"));
}

int record_apply(cJSON *document, const cJSON *line, struct error *error)
{
    const cJSON *body = line->child;
    const char *kind = body && body->string ? body->string : "";

    if (strcmp(kind, "trial") == 0)
        return apply_trial(document, body, error);
    if (strcmp(kind, "launch") == 0)
        return apply_launch(document, body, error);
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

/* Join the field `name` of all of `list` with commas, each value once, as an owned string in
 * `about`. Equal ones are neighbours. */
static const char *join(cJSON *about, const char *key, const cJSON *list, const char *name)
{
    const char *last = "";
    char text[4096] = "";
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        size_t used = strlen(text);

        if (*json_text(item, "twin_of"))
            continue; /* its original brings it along */
        if (strcmp(json_text(item, name), last) == 0)
            continue;
        last = json_text(item, name);
        snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "", last);
    }
    json_replace(about, key, cJSON_CreateString(text));
    return json_text(about, key);
}

/* The text field `name`, or NULL where there is none. */
static const char *optional(const cJSON *about, const char *name)
{
    const char *text = json_text(about, name);

    return *text ? text : NULL;
}

/* Which builds were compared, from the targets that were made of them. */
static void restore_twins(const cJSON *document, struct run_options *options)
{
    const char *kind = json_text(json_field(document, "run"), "compare");
    const cJSON *targets = json_field(document, "targets"), *twin;

    options->twins = strcmp(kind, "ab") == 0   ? TWINS_AB
                     : strcmp(kind, "aa") == 0 ? TWINS_AA
                                               : TWINS_NONE;
    cJSON_ArrayForEach(twin, targets)
    {
        const char *original = json_text(twin, "twin_of");

        if (options->twins != TWINS_AB || !*original)
            continue;
        options->twin_of = original;
        options->builds[0] =
            optional(json_field(find(targets, "name", original), "kernel"), "path");
        options->builds[1] = optional(json_field(twin, "kernel"), "path");
    }
}

int record_options(cJSON *document, struct run_options *options, struct error *error)
{
    cJSON *about = json_field(document, "run");
    const char *asked = json_text(about, "accel_asked"), *pin = json_text(about, "pin");

    if (strcmp(json_text(document, "schema"), "tare/1") != 0 || !about)
        return fail(error, EINVAL, "not a journal of tare/1");
    options->scenarios = join(about, "scenarios", json_field(document, "payloads"), "scenario");
    options->targets = join(about, "targets", json_field(document, "targets"), "name");
    restore_twins(document, options);
    options->payload = optional(about, "payload");
    options->args = optional(about, "args");
    options->ready = optional(about, "ready");
    options->full = strcmp(json_text(about, "profile"), "full") == 0;
    options->repeat = (unsigned)json_number(about, "repeat");
    options->warmup = (unsigned)json_number(about, "warmup");
    options->seed = (uint64_t)json_number(about, "seed");
    options->accel = strcmp(asked, "kvm") == 0   ? CHOOSE_KVM
                     : strcmp(asked, "tcg") == 0 ? CHOOSE_TCG
                                                 : CHOOSE_AUTO;
    options->machine = (struct machine){
        .type = json_text(about, "machine"),
        .memory_mib = (unsigned)json_number(about, "memory_mib"),
        .vcpus = (unsigned)json_number(about, "vcpus"),
        .icount = cJSON_IsTrue(json_field(about, "icount")),
        .pin = strcmp(pin, "off") == 0 ? NULL : pin,
    };
    return 0;
}

static bool is_same_program(const cJSON *document, const char *scenario,
                            const struct run_program *program)
{
    const cJSON *then =
        find_program(json_field(document, "payloads"), scenario, program->about.payload);

    return strcmp(json_text(then, "sha256"), program->payload.archive.sha256) == 0;
}

/* Whether kernels and payloads are the bytes that the run began with. */
static int check_same(const cJSON *document, const struct run *run, struct error *error)
{
    for (unsigned t = 0; t < run->target_count; t++) {
        const struct target *target = &run->targets[t];
        const cJSON *then = find(json_field(document, "targets"), "name", target->name);
        const cJSON *kernel = json_field(then, "kernel");
        const cJSON *initrd = json_field(then, "initrd");
        bool same =
            !target->kernel.data || strcmp(json_text(kernel, "sha256"), target->kernel.sha256) == 0;

        for (size_t i = 0; i < target->extra_count; i++)
            same = same && strcmp(json_text(cJSON_GetArrayItem(initrd, (int)i), "sha256"),
                                  target->extras[i].sha256) == 0;
        if (!same)
            return fail(error, ESTALE,
                        "--resume: the kernel or initrd of target %s has changed since the run was "
                        "cut; its samples cannot be mixed, start a new run",
                        target->name);
    }
    for (unsigned s = 0; s < run->scenario_count; s++)
        for (unsigned p = 0; p < run->program_counts[s]; p++)
            if (!is_same_program(document, run->scenarios[s]->name, &run->programs[s][p]))
                return fail(error, ESTALE,
                            "--resume: %s, the payload of scenario %s, has changed since the run "
                            "was cut; start a new run",
                            run->programs[s][p].payload.archive.path, run->scenarios[s]->name);
    return 0;
}

static void mark_done(const cJSON *samples, struct run *run)
{
    const cJSON *sample;

    cJSON_ArrayForEach(sample, samples)
    {
        unsigned order = (unsigned)json_number(sample, "order");

        if (order < run->plan_count)
            run->done[order] = true;
        if (json_number(sample, "t") > run->elapsed_s)
            run->elapsed_s = json_number(sample, "t");
    }
}

int record_resume(const cJSON *document, struct run *run, struct error *error)
{
    const cJSON *about = json_field(document, "run"), *series;
    int status = check_same(document, run, error);

    if (status < 0)
        return status;
    if (cJSON_GetArraySize(json_field(about, "order")) != (int)run->plan_count)
        return fail(error, EINVAL, "--resume: the journal's plan is not this tare's");
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        mark_done(json_field(series, "samples"), run);
        mark_done(json_field(series, "warmup"), run);
    }
    for (unsigned t = 0; t < run->target_count; t++)
        run->dropped[t] =
            *json_text(find(json_field(document, "targets"), "name", run->targets[t].name),
                       "dropped") != '\0';
    if (strcmp(json_text(about, "accel"), "none") != 0) {
        run->accel_decided = true;
        run->options.machine.accel =
            strcmp(json_text(about, "accel"), "kvm") == 0 ? ACCEL_KVM : ACCEL_TCG;
    }
    return 0;
}
