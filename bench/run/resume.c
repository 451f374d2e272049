/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/run/record.h"
#include "bench/run/resume.h"

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
static void restore_twins(const cJSON *document, struct plan_options *options)
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
            optional(json_field(json_find(targets, "name", original), "kernel"), "path");
        options->builds[1] = optional(json_field(twin, "kernel"), "path");
    }
}

int resume_options(cJSON *document, struct plan_options *options, struct error *error)
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
    options->url = optional(about, "url");
    options->profile =
        strcmp(json_text(about, "profile"), "full") == 0 ? PROFILE_FULL : PROFILE_QUICK;
    options->repeat = (unsigned)json_number(about, "repeat");
    options->warmup = (unsigned)json_number(about, "warmup");
    options->seed = (uint64_t)json_number(about, "seed");
    options->accel = strcmp(asked, "kvm") == 0   ? CHOOSE_KVM
                     : strcmp(asked, "tcg") == 0 ? CHOOSE_TCG
                                                 : CHOOSE_AUTO;
    options->unjudged |= cJSON_IsFalse(json_field(about, "judged"));
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
                            const struct planned_program *program)
{
    const cJSON *then =
        record_find_program(json_field(document, "payloads"), scenario, program->about.payload);

    return strcmp(json_text(then, "sha256"), program->payload.archive.sha256) == 0;
}

/* Whether kernels and payloads are the bytes that the run began with. */
static int check_same(const cJSON *document, const struct plan *plan, struct error *error)
{
    for (unsigned t = 0; t < plan->target_count; t++) {
        const struct target *target = &plan->targets[t];
        const cJSON *then = json_find(json_field(document, "targets"), "name", target->name);
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
    for (unsigned s = 0; s < plan->scenario_count; s++)
        for (unsigned p = 0; p < plan->program_counts[s]; p++)
            if (!is_same_program(document, plan->scenarios[s]->name, &plan->programs[s][p]))
                return fail(error, ESTALE,
                            "--resume: %s, the payload of scenario %s, has changed since the run "
                            "was cut; start a new run",
                            plan->programs[s][p].payload.archive.path, plan->scenarios[s]->name);
    return 0;
}

/* Whether the trials are those of the journal: its samples are told apart by their number only. */
static bool is_same_order(const cJSON *order, const struct plan *plan)
{
    const cJSON *then;
    unsigned i = 0;

    cJSON_ArrayForEach(then, order)
    {
        const struct planned *planned = &plan->trials[i];

        if (i++ == plan->trial_count ||
            strcmp(json_text(then, "target"), plan->targets[planned->target].name) != 0 ||
            strcmp(json_text(then, "scenario"), plan->scenarios[planned->scenario]->name) != 0 ||
            json_number(then, "repetition") != planned->repetition)
            return false;
    }
    return i == plan->trial_count;
}

static void mark_done(const cJSON *samples, struct run *run)
{
    const cJSON *sample;

    cJSON_ArrayForEach(sample, samples)
    {
        unsigned order = (unsigned)json_number(sample, "order");

        if (order < run->plan->trial_count)
            run->done[order] = true;
        if (json_number(sample, "t") > run->elapsed_s)
            run->elapsed_s = json_number(sample, "t");
    }
}

int resume_progress(const cJSON *document, struct run *run, struct error *error)
{
    const cJSON *about = json_field(document, "run"), *series;
    int status = check_same(document, run->plan, error);

    if (status < 0)
        return status;
    if (!is_same_order(json_field(about, "order"), run->plan))
        return fail(error, EINVAL, "--resume: the journal's plan is not this tare's");
    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        mark_done(json_field(series, "samples"), run);
        mark_done(json_field(series, "warmup"), run);
    }
    for (unsigned t = 0; t < run->plan->target_count; t++)
        run->dropped[t] = *json_text(json_find(json_field(document, "targets"), "name",
                                               run->plan->targets[t].name),
                                     "dropped") != '\0';
    if (strcmp(json_text(about, "accel"), "none") != 0) {
        run->accel_decided = true;
        run->machine.accel = strcmp(json_text(about, "accel"), "kvm") == 0 ? ACCEL_KVM : ACCEL_TCG;
    }
    return 0;
}

int resume_host(const cJSON *document, const cJSON *host, struct error *error)
{
    static const char *const fields[] = {"cpu", "microcode", "kernel", "qemu_sha256"};
    const cJSON *then = json_field(document, "host");

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *before = json_text(then, fields[i]), *now = json_text(host, fields[i]);

        if (*before && strcmp(before, now) != 0)
            return fail(error, ESTALE,
                        "--resume: the host's %s was \"%s\" and is \"%s\"; its samples cannot be "
                        "mixed, start a new run",
                        fields[i], before, now);
    }
    return 0;
}
