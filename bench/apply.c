/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reading half of record.h: journal lines onto the document, and back to a run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "record.h"

static const char *text_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsString(item) ? item->valuestring : "";
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

/* The element of `list` whose field `name` is `value`, or NULL. */
static cJSON *find(const cJSON *list, const char *name, const char *value)
{
    cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(text_of(item, name), value) == 0)
            return item;
    }
    return NULL;
}

static void replace(cJSON *object, const char *name, cJSON *value)
{
    if (!cJSON_ReplaceItemInObjectCaseSensitive(object, name, value))
        cJSON_AddItemToObject(object, name, value);
}

static cJSON *series_of(cJSON *document, const char *scenario, const char *target,
                        const struct metric *metric)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "metrics"), *series;

    cJSON_ArrayForEach(series, list)
    {
        if (strcmp(text_of(series, "scenario"), scenario) == 0 &&
            strcmp(text_of(series, "metric"), metric->name) == 0 &&
            strcmp(text_of(series, "target"), target) == 0)
            return series;
    }
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
    cJSON_AddItemToArray(list, series);
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
    const char *name = text_of(trial, "scenario"), *target = text_of(trial, "target");
    const struct scenario *scenario = scenario_find(name);
    double repetition = number_of(trial, "repetition");
    const cJSON *entry;

    if (!scenario)
        return fail(error, EINVAL, "scenario \"%s\": unknown to this tare", name);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(trial, "samples"))
    {
        const struct metric *metric = metric_find(scenario, text_of(entry, "metric"));
        cJSON *series, *sample;

        if (!metric)
            return fail(error, EINVAL, "metric \"%s\": unknown to this tare",
                        text_of(entry, "metric"));
        series = series_of(document, name, target, metric);
        sample = cJSON_Duplicate(entry, true);
        cJSON_DeleteItemFromObjectCaseSensitive(sample, "metric");
        cJSON_AddNumberToObject(sample, "t", number_of(trial, "t"));
        cJSON_AddNumberToObject(sample, "order", number_of(trial, "order"));
        cJSON_AddNumberToObject(sample, "repetition", repetition);
        cJSON_AddItemToArray(
            cJSON_GetObjectItemCaseSensitive(series, repetition > 0 ? "samples" : "warmup"),
            sample);
    }
    return 0;
}

static int apply_launch(cJSON *document, const cJSON *launch, struct error *error)
{
    cJSON *target = find(cJSON_GetObjectItemCaseSensitive(document, "targets"), "name",
                         text_of(launch, "target"));
    cJSON *launches = cJSON_GetObjectItemCaseSensitive(target, "launches"), *copy;

    if (!launches)
        return fail(error, EINVAL, "launch of unknown target \"%s\"", text_of(launch, "target"));
    if (find(launches, "scenario", text_of(launch, "scenario")))
        return 0; /* a resumed run tells it again */
    copy = cJSON_Duplicate(launch, true);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "target");
    cJSON_AddItemToArray(launches, copy);
    return 0;
}

static void apply_accel(cJSON *document, const cJSON *accel)
{
    cJSON *about = cJSON_GetObjectItemCaseSensitive(document, "run");

    replace(about, "accel", cJSON_CreateString(text_of(accel, "accel")));
    replace(about, "accel_reason", cJSON_CreateString(text_of(accel, "reason")));
}

static void apply_dropped(cJSON *document, const cJSON *dropped)
{
    cJSON *warning = cJSON_CreateObject();
    char text[1024];

    snprintf(text, sizeof text, "target %s was left out: %s", text_of(dropped, "target"),
             text_of(dropped, "reason"));
    cJSON_AddStringToObject(warning, "code", "dropped");
    cJSON_AddStringToObject(warning, "text", text);
    cJSON_AddStringToObject(warning, "remedy", "run it with --accel tcg, or ask tare doctor");
    cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(document, "warnings"), warning);
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
        replace(document, "part", cJSON_Duplicate(body, true));
    else
        return fail(error, EINVAL, "unknown kind of line \"%s\"", kind);
    return 0;
}

/* Join the field `name` of all of `list` with commas, as an owned string in `about`. */
static const char *join(cJSON *about, const char *key, const cJSON *list, const char *name)
{
    char text[4096] = "";
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        size_t used = strlen(text);

        snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "", text_of(item, name));
    }
    replace(about, key, cJSON_CreateString(text));
    return text_of(about, key);
}

int record_options(cJSON *document, struct run_options *options, struct error *error)
{
    cJSON *about = cJSON_GetObjectItemCaseSensitive(document, "run");
    const char *asked = text_of(about, "accel_asked"), *pin = text_of(about, "pin");

    if (strcmp(text_of(document, "schema"), "tare/1") != 0 || !about)
        return fail(error, EINVAL, "not a journal of tare/1");
    options->scenarios = join(about, "scenarios",
                              cJSON_GetObjectItemCaseSensitive(document, "payloads"), "scenario");
    options->targets = join(about, "targets", cJSON_GetObjectItemCaseSensitive(document, "targets"),
                            "name");
    options->repeat = (unsigned)number_of(about, "repeat");
    options->warmup = (unsigned)number_of(about, "warmup");
    options->seed = (uint64_t)number_of(about, "seed");
    options->accel = strcmp(asked, "kvm") == 0   ? CHOOSE_KVM
                     : strcmp(asked, "tcg") == 0 ? CHOOSE_TCG
                                                 : CHOOSE_AUTO;
    options->machine = (struct machine){
        .type = text_of(about, "machine"),
        .memory_mib = (unsigned)number_of(about, "memory_mib"),
        .vcpus = (unsigned)number_of(about, "vcpus"),
        .icount = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(about, "icount")),
        .pin = strcmp(pin, "off") == 0 ? NULL : pin,
    };
    return 0;
}

/* Whether kernels and payloads are the bytes that the run began with. */
static int check_same(const cJSON *document, const struct run *run, struct error *error)
{
    for (unsigned t = 0; t < run->target_count; t++) {
        const struct target *target = &run->targets[t];
        const cJSON *then = find(cJSON_GetObjectItemCaseSensitive(document, "targets"), "name",
                                 target->name);
        const cJSON *kernel = cJSON_GetObjectItemCaseSensitive(then, "kernel");
        const cJSON *initrd = cJSON_GetObjectItemCaseSensitive(then, "initrd");
        bool same = !target->kernel.data ||
                    strcmp(text_of(kernel, "sha256"), target->kernel.sha256) == 0;

        for (size_t i = 0; i < target->extra_count; i++)
            same = same && strcmp(text_of(cJSON_GetArrayItem(initrd, (int)i), "sha256"),
                                  target->extras[i].sha256) == 0;
        if (!same)
            return fail(error, ESTALE,
                        "--resume: the kernel or initrd of target %s has changed since the run was "
                        "cut; its samples cannot be mixed, start a new run",
                        target->name);
    }
    for (unsigned s = 0; s < run->scenario_count; s++) {
        const cJSON *then = find(cJSON_GetObjectItemCaseSensitive(document, "payloads"), "scenario",
                                 run->scenarios[s]->name);

        if (strcmp(text_of(then, "sha256"), run->payloads[s].archive.sha256) != 0)
            return fail(error, ESTALE,
                        "--resume: the payload of scenario %s has changed since the run was cut; "
                        "start a new run",
                        run->scenarios[s]->name);
    }
    return 0;
}

static void mark_done(const cJSON *samples, struct run *run)
{
    const cJSON *sample;

    cJSON_ArrayForEach(sample, samples)
    {
        unsigned order = (unsigned)number_of(sample, "order");

        if (order < run->plan_count)
            run->done[order] = true;
        if (number_of(sample, "t") > run->elapsed_s)
            run->elapsed_s = number_of(sample, "t");
    }
}

int record_resume(const cJSON *document, struct run *run, struct error *error)
{
    const cJSON *about = cJSON_GetObjectItemCaseSensitive(document, "run"), *series;
    int status = check_same(document, run, error);

    if (status < 0)
        return status;
    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(about, "order")) !=
        (int)run->plan_count)
        return fail(error, EINVAL, "--resume: the journal's plan is not this tare's");
    cJSON_ArrayForEach(series, cJSON_GetObjectItemCaseSensitive(document, "metrics"))
    {
        mark_done(cJSON_GetObjectItemCaseSensitive(series, "samples"), run);
        mark_done(cJSON_GetObjectItemCaseSensitive(series, "warmup"), run);
    }
    if (strcmp(text_of(about, "accel"), "none") != 0) {
        run->accel_decided = true;
        run->options.machine.accel =
            strcmp(text_of(about, "accel"), "kvm") == 0 ? ACCEL_KVM : ACCEL_TCG;
    }
    return 0;
}
