/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/base/name.h"
#include "bench/result/fields.h"
#include "bench/result/until.h"
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

/* "" is none. */
static const char *optional(const char *text)
{
    return *text ? text : NULL;
}

/* Which builds were compared, from the targets that were made of them. */
static void restore_builds(const cJSON *document, struct plan_options *options)
{
    const cJSON *targets = json_field(document, "targets"), *twin;

    cJSON_ArrayForEach(twin, targets)
    {
        const char *original = json_text(twin, "twin_of");

        if (options->twins != TWINS_AB || !*original)
            continue;
        options->twin_of = original;
        options->builds[0] =
            optional(json_text(json_field(json_find(targets, "name", original), "kernel"), "path"));
        options->builds[1] = optional(json_text(json_field(twin, "kernel"), "path"));
    }
}

/* The run of a journal, as text: what plan_check_options() can be asked about. */
struct raw_run {
    size_t repeat, warmup, seed, memory_mib, vcpus, vms;
    unsigned accel, profile, twins, backend;
    const char *machine, *pin, *payload, *args, *ready, *url;
    bool icount;
    const cJSON *until;
};

/* The sampling rule of a journal; its looks must be at the places of this tare's. */
static int read_until(const cJSON *until, size_t repeat, struct plan_options *options,
                      struct error *error)
{
    struct raw_until {
        double percent, minutes;
        size_t first, every, most;
    } raw = {.minutes = 0};
    static const struct field fields[] = {
        NEEDED("percent", NUMBER, raw_until, percent), MAYBE("minutes", NUMBER, raw_until, minutes),
        NEEDED("first", COUNT, raw_until, first),      NEEDED("every", COUNT, raw_until, every),
        NEEDED("most", COUNT, raw_until, most),        END_OF_FIELDS,
    };
    int status = until ? fields_read(until, "run.until", fields, &raw, error) : 0;

    if (status < 0)
        return status;
    if (until && (raw.first != UNTIL_FIRST || raw.every != UNTIL_EVERY || raw.most != repeat))
        return fail(error, EINVAL, "--resume: the journal's --until is not this tare's");
    options->until = raw.percent;
    options->minutes = raw.minutes;
    return 0;
}

static int read_run(const cJSON *about, struct raw_run *raw, struct error *error)
{
    static const char *const accels[] = {"auto", "kvm", "tcg", NULL};
    static const char *const profiles[] = {"quick", "full", NULL};
    static const char *const twins[] = {"none", "ab", "aa", NULL};
    static const char *const backends[] = {"qemu", "vhost", NULL};
    static const struct field fields[] = {
        NEEDED("repeat", COUNT, raw_run, repeat),
        NEEDED("warmup", COUNT, raw_run, warmup),
        NEEDED("seed", COUNT, raw_run, seed),
        NEEDED("memory_mib", COUNT, raw_run, memory_mib),
        NEEDED("vcpus", COUNT, raw_run, vcpus),
        NEEDED_WORD("accel_asked", accels, raw_run, accel),
        MAYBE_WORD("profile", profiles, raw_run, profile),
        MAYBE_WORD("compare", twins, raw_run, twins),
        NEEDED("machine", TEXT, raw_run, machine),
        NEEDED("pin", TEXT, raw_run, pin),
        NEEDED("icount", FLAG, raw_run, icount),
        MAYBE_WORD("net_backend", backends, raw_run, backend),
        MAYBE("payload", TEXT, raw_run, payload),
        MAYBE("args", TEXT, raw_run, args),
        MAYBE("ready", TEXT, raw_run, ready),
        MAYBE("url", TEXT, raw_run, url),
        MAYBE("vms", COUNT, raw_run, vms),
        MAYBE("until", OBJECT, raw_run, until),
        END_OF_FIELDS,
    };

    return fields_read(about, "run", fields, raw, error);
}

/* A count as an option has it. What is too large stays too large. */
static unsigned narrow(size_t count)
{
    return count > UINT_MAX ? UINT_MAX : (unsigned)count;
}

/* The command line takes the path of a target.json, too. A journal may not: it comes from somebody
 * else, and a target can be a program of this host. */
static int check_targets(const cJSON *targets, struct error *error)
{
    const cJSON *target;

    cJSON_ArrayForEach(target, targets)
    {
        if (!name_is_valid(json_text(target, "name")))
            return fail(error, EINVAL, "--resume: target \"%s\": is no name: " NAME_RULE,
                        json_text(target, "name"));
    }
    return 0;
}

int resume_options(cJSON *document, struct plan_options *options, struct error *error)
{
    static const enum accel_choice accels[] = {CHOOSE_AUTO, CHOOSE_KVM, CHOOSE_TCG};
    static const enum twins twins[] = {TWINS_NONE, TWINS_AB, TWINS_AA};
    cJSON *about = json_field(document, "run");
    struct raw_run raw = {.twins = 0};
    int status;

    if (strcmp(json_text(document, "schema"), "tare/1") != 0 || !about)
        return fail(error, EINVAL, "not a journal of tare/1");
    status = read_run(about, &raw, error);
    if (status == 0)
        status = read_until(raw.until, raw.repeat, options, error);
    if (status == 0)
        status = check_targets(json_field(document, "targets"), error);
    if (status < 0)
        return status;
    options->scenarios = join(about, "scenarios", json_field(document, "payloads"), "scenario");
    options->targets = join(about, "targets", json_field(document, "targets"), "name");
    options->twins = twins[raw.twins];
    restore_builds(document, options);
    options->payload = optional(raw.payload);
    options->args = optional(raw.args);
    options->ready = optional(raw.ready);
    options->url = optional(raw.url);
    options->vms = narrow(raw.vms);
    options->profile = raw.profile == 1 ? PROFILE_FULL : PROFILE_QUICK;
    options->repeat = narrow(raw.repeat);
    options->warmup = narrow(raw.warmup);
    options->seed = raw.seed;
    options->accel = accels[raw.accel];
    options->unjudged |= cJSON_IsFalse(json_field(about, "judged"));
    options->machine = (struct machine){
        .type = raw.machine,
        .memory_mib = narrow(raw.memory_mib),
        .vcpus = narrow(raw.vcpus),
        .icount = raw.icount,
        .pin = strcmp(raw.pin, "off") == 0 ? NULL : raw.pin,
        .vhost = raw.backend == 1,
    };
    return plan_check_options(options, error);
}

static bool is_same_program(const cJSON *document, const char *scenario,
                            const struct planned_program *program)
{
    const cJSON *then =
        record_find_program(json_field(document, "payloads"), scenario, program->about.payload);

    return strcmp(json_text(then, "sha256"), program->payload.archive.sha256) == 0;
}

static bool is_same_file(const cJSON *then, const struct file *file)
{
    return strcmp(json_text(then, "sha256"), file->sha256) == 0;
}

/* Whether the files of `target` are the bytes of which `then` tells. Of one that was left out none
 * were needed, as long as it still is. */
static bool is_same_target(const cJSON *then, const struct target *target)
{
    const cJSON *initrd = json_field(then, "initrd"), *disks = json_field(then, "disks");
    bool same;

    if (target->absent)
        return *json_text(then, "dropped");
    same = is_same_file(json_field(then, "kernel"), &target->kernel) &&
           is_same_file(json_field(then, "tender"), &target->tender_file) &&
           is_same_file(json_field(then, "loader"), &target->grub);
    for (size_t i = 0; i < target->extra_count; i++)
        same = same && is_same_file(cJSON_GetArrayItem(initrd, (int)i), &target->extras[i]);
    for (unsigned i = 0; i < target->disk_count; i++)
        same = same && is_same_file(cJSON_GetArrayItem(disks, (int)i), &target->disks[i].file);
    return same;
}

/* Whether targets and payloads are the bytes that the run began with. */
static int check_same(const cJSON *document, const struct plan *plan, struct error *error)
{
    for (unsigned t = 0; t < plan->target_count; t++) {
        const char *name = plan->targets[t].name;

        if (!is_same_target(json_find(json_field(document, "targets"), "name", name),
                            &plan->targets[t]))
            return fail(error, ESTALE,
                        "--resume: a file of target %s has changed since the run was cut (kernel, "
                        "initrd, disk, tender or loader); its samples cannot be mixed, start a new "
                        "run",
                        name);
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

struct raw_sample {
    size_t order, repetition;
    double t;
};

/* Whether planned trial `order` is the one of which a sample of `series` tells. */
static bool is_planned(const struct plan *plan, const struct raw_sample *sample,
                       const cJSON *series)
{
    const struct planned *planned = plan->trials;

    if (sample->order >= plan->trial_count)
        return false;
    planned += sample->order;
    return planned->repetition == sample->repetition &&
           strcmp(plan->targets[planned->target].name, json_text(series, "target")) == 0 &&
           strcmp(plan->scenarios[planned->scenario]->name, json_text(series, "scenario")) == 0;
}

static int mark_done(const cJSON *series, const char *list, struct run *run, struct error *error)
{
    static const struct field fields[] = {
        NEEDED("order", COUNT, raw_sample, order),
        NEEDED("repetition", COUNT, raw_sample, repetition),
        NEEDED("t", NUMBER, raw_sample, t),
        END_OF_FIELDS,
    };
    const cJSON *item;

    cJSON_ArrayForEach(item, json_field(series, list))
    {
        struct raw_sample sample;
        int status = fields_read(item, "a sample of the journal", fields, &sample, error);

        if (status < 0)
            return status;
        if (!is_planned(run->plan, &sample, series))
            return fail(error, EINVAL, "a sample of the journal: trial %zu of the plan is another",
                        sample.order);
        run->done[sample.order] = true;
        run->elapsed_s = fmax(run->elapsed_s, sample.t);
    }
    return 0;
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
        status = mark_done(series, "samples", run, error);
        if (status == 0)
            status = mark_done(series, "warmup", run, error);
        if (status < 0)
            return status;
    }
    run->stopped = narrow((size_t)json_number(json_field(about, "until"), "rounds"));
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
