/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/machine.h"
#include "bench/result/results.h"
#include "bench/plan/part.h"
#include "bench/result/until.h"
#include "bench/run/record.h"
#include "bench/base/version.h"

#define EVIDENCE_MAX 1000 /* bytes of console kept beside a failed sample */

static void add_time(cJSON *object, const char *name)
{
    char text[32];
    time_t now = time(NULL);
    struct tm utc;

    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    cJSON_AddStringToObject(object, name, text);
}

static cJSON *describe_file(const struct file *file)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "path", file->path);
    cJSON_AddStringToObject(object, "sha256", file->sha256);
    cJSON_AddNumberToObject(object, "bytes", (double)file->size);
    return object;
}

static void add_disks(cJSON *object, const struct target *target)
{
    cJSON *list = cJSON_AddArrayToObject(object, "disks");

    for (unsigned i = 0; i < target->disk_count; i++)
        cJSON_AddItemToArray(list, describe_file(&target->disks[i].file));
}

/* What is measured of the program that the target brings. */
static void add_workloads(cJSON *object, const struct plan *plan, const struct target *target)
{
    cJSON *list;

    if (!target_is_foreign(target))
        return;
    cJSON_AddBoolToObject(object, "own_program", true);
    list = cJSON_AddArrayToObject(object, "workloads");
    for (unsigned s = 0; s < plan->scenario_count; s++) {
        const struct offer *offer = part_offer(plan->scenarios[s], target);
        cJSON *workload;

        if (!offer)
            continue;
        workload = cJSON_CreateObject();
        cJSON_AddStringToObject(workload, "scenario", plan->scenarios[s]->name);
        cJSON_AddStringToObject(workload, "protocol", offer->protocol);
        if (offer->port)
            cJSON_AddNumberToObject(workload, "port", offer->port);
        if (*offer->path)
            cJSON_AddStringToObject(workload, "path", offer->path);
        cJSON_AddItemToArray(list, workload);
    }
}

/* Which targets take no part in which scenarios. */
static void add_skipped(cJSON *document, const struct plan *plan)
{
    cJSON *list = cJSON_AddArrayToObject(document, "skipped");

    for (unsigned s = 0; s < plan->scenario_count; s++) {
        for (unsigned t = 0; t < plan->target_count; t++) {
            char why[256];
            cJSON *object;

            if (part_taken(plan->scenarios[s], &plan->targets[t], why, sizeof why))
                continue;
            object = cJSON_CreateObject();
            cJSON_AddStringToObject(object, "scenario", plan->scenarios[s]->name);
            cJSON_AddStringToObject(object, "target", plan->targets[t].name);
            cJSON_AddStringToObject(object, "reason", why);
            cJSON_AddItemToArray(list, object);
        }
    }
}

static void add_targets(cJSON *document, const struct plan *plan)
{
    cJSON *list = cJSON_AddArrayToObject(document, "targets");

    for (unsigned t = 0; t < plan->target_count; t++) {
        const struct target *target = &plan->targets[t];
        cJSON *object = cJSON_CreateObject(), *initrd;
        char difference[128];

        cJSON_AddStringToObject(object, "name", target->name);
        if (target->twin_of)
            cJSON_AddStringToObject(object, "twin_of", target->twin_of);
        cJSON_AddStringToObject(object, "summary", target->summary);
        if (target->baseline_rank)
            cJSON_AddNumberToObject(object, "baseline_rank", target->baseline_rank);
        cJSON_AddStringToObject(object, "driver", target->driver->name);
        cJSON_AddItemToObject(object, "kernel",
                              target->kernel.data ? describe_file(&target->kernel)
                                                  : cJSON_CreateNull());
        initrd = cJSON_AddArrayToObject(object, "initrd");
        for (size_t i = 0; i < target->extra_count && !target->absent; i++)
            cJSON_AddItemToArray(initrd, describe_file(&target->extras[i]));
        if (target->disk_count > 0 && !target->absent)
            add_disks(object, target);
        if (target->tender_file.data)
            cJSON_AddItemToObject(object, "tender", describe_file(&target->tender_file));
        if (target->grub.data)
            cJSON_AddItemToObject(object, "loader", describe_file(&target->grub));
        target_difference(target, &plan->options.machine, difference, sizeof difference);
        if (*difference) {
            cJSON_AddStringToObject(object, "machine",
                                    target_machine(target, &plan->options.machine).type);
            cJSON_AddStringToObject(object, "differs", difference);
        }
        if (target->absent)
            cJSON_AddStringToObject(object, "dropped", target->absent);
        add_workloads(object, plan, target);
        cJSON_AddArrayToObject(object, "launches");
        cJSON_AddItemToArray(list, object);
    }
}

static void add_payloads(cJSON *document, const struct plan *plan)
{
    cJSON *list = cJSON_AddArrayToObject(document, "payloads");

    for (unsigned s = 0; s < plan->scenario_count; s++) {
        for (unsigned p = 0; p < plan->program_counts[s]; p++) {
            const struct planned_program *program = &plan->programs[s][p];
            cJSON *object = describe_file(&program->payload.archive);

            cJSON_AddStringToObject(object, "scenario", plan->scenarios[s]->name);
            cJSON_AddStringToObject(object, "payload", program->about.payload);
            cJSON_AddStringToObject(object, "program_sha256", program->payload.program.sha256);
            cJSON_AddItemToArray(list, object);
        }
    }
}

static void add_order(cJSON *about, const struct plan *plan)
{
    cJSON *list = cJSON_AddArrayToObject(about, "order");

    for (unsigned i = 0; i < plan->trial_count; i++) {
        const struct planned *planned = &plan->trials[i];
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "target", plan->targets[planned->target].name);
        cJSON_AddStringToObject(object, "scenario", plan->scenarios[planned->scenario]->name);
        cJSON_AddNumberToObject(object, "repetition", planned->repetition);
        cJSON_AddItemToArray(list, object);
    }
}

/* The rule by which the run may end before its last repetition. */
static void add_until(cJSON *about, const struct plan_options *options)
{
    cJSON *until;

    if (options->until <= 0)
        return;
    until = cJSON_AddObjectToObject(about, "until");
    cJSON_AddNumberToObject(until, "percent", options->until);
    cJSON_AddNumberToObject(until, "first", UNTIL_FIRST);
    cJSON_AddNumberToObject(until, "every", UNTIL_EVERY);
    cJSON_AddNumberToObject(until, "most", options->repeat);
    if (options->minutes > 0)
        cJSON_AddNumberToObject(until, "minutes", options->minutes);
}

static void add_about(cJSON *document, const struct plan *plan)
{
    static const char *const choices[] = {"auto", "kvm", "tcg"};
    const struct plan_options *options = &plan->options;
    cJSON *about = cJSON_AddObjectToObject(document, "run"), *argv;
    char id[64];
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(id, sizeof id, "%llx-%llx", (unsigned long long)now.tv_sec * 1000000000 + now.tv_nsec,
             (unsigned long long)options->seed);
    cJSON_AddStringToObject(about, "id", id);
    add_time(about, "started");
    cJSON_AddNumberToObject(about, "duration_s", 0);
    cJSON_AddStringToObject(about, "tare", TARE_VERSION);
    if (options->commit)
        cJSON_AddStringToObject(about, "commit", options->commit);
    cJSON_AddStringToObject(about, "compiler", "gcc " __VERSION__);
    argv = cJSON_AddArrayToObject(about, "argv");
    for (int i = 0; i < options->argc; i++)
        cJSON_AddItemToArray(argv, cJSON_CreateString(options->argv[i]));
    cJSON_AddNumberToObject(about, "seed", (double)options->seed);
    cJSON_AddNumberToObject(about, "repeat", options->repeat);
    cJSON_AddNumberToObject(about, "warmup", options->warmup);
    add_until(about, options);
    if (options->payload)
        cJSON_AddStringToObject(about, "payload", options->payload);
    cJSON_AddStringToObject(about, "profile", options->profile == PROFILE_FULL ? "full" : "quick");
    cJSON_AddStringToObject(about, "args", options->args ? options->args : "");
    cJSON_AddStringToObject(about, "ready", options->ready ? options->ready : "marker");
    if (options->vms)
        cJSON_AddNumberToObject(about, "vms", options->vms);
    if (options->url)
        cJSON_AddStringToObject(about, "url", options->url);
    if (options->twins != TWINS_NONE)
        cJSON_AddStringToObject(about, "compare", options->twins == TWINS_AB ? "ab" : "aa");
    cJSON_AddStringToObject(about, "machine", options->machine.type);
    cJSON_AddNumberToObject(about, "memory_mib", options->machine.memory_mib);
    cJSON_AddNumberToObject(about, "vcpus", options->machine.vcpus);
    cJSON_AddStringToObject(about, "pin", options->machine.pin ? options->machine.pin : "off");
    cJSON_AddStringToObject(about, "net_backend", options->machine.vhost ? "vhost" : "qemu");
    cJSON_AddBoolToObject(about, "icount", options->machine.icount);
    cJSON_AddStringToObject(about, "accel_asked", choices[options->accel]);
    cJSON_AddStringToObject(about, "accel", "none");
    cJSON_AddStringToObject(about, "accel_reason", "no virtual machine was started");
    cJSON_AddBoolToObject(about, "judged", plan_is_judged(plan));
    cJSON_AddBoolToObject(about, "complete", false);
    add_order(about, plan);
}

/* What the payloads were made of, where the data directory tells. */
static void add_built(cJSON *document, const struct plan *plan)
{
    char path[PATH_MAX];
    struct file file;

    snprintf(path, sizeof path, "%s/built.json", plan->options.datadir);
    if (file_read(path, &file, NULL) == 0) {
        cJSON *built = cJSON_Parse(file.data);

        if (cJSON_IsObject(built))
            cJSON_AddItemToObject(document, "built", built);
        else
            cJSON_Delete(built);
    }
    file_free(&file);
}

cJSON *record_begin(const struct plan *plan, const cJSON *host)
{
    cJSON *document = plan->noise ? cJSON_Duplicate(plan->noise, true) : cJSON_CreateObject();

    cJSON_AddStringToObject(document, "schema", "tare/1");
    add_about(document, plan);
    cJSON_AddItemToObject(document, "host",
                          host ? cJSON_Duplicate(host, true) : cJSON_CreateObject());
    add_targets(document, plan);
    add_payloads(document, plan);
    add_skipped(document, plan);
    add_built(document, plan);
    cJSON_AddArrayToObject(document, "metrics");
    cJSON_AddArrayToObject(document, "ratios");
    cJSON_AddArrayToObject(document, "warnings");
    for (unsigned t = 0; t < plan->target_count; t++)
        if (plan->targets[t].absent)
            results_warn(document, "dropped", "kernels/README.md says what a target needs",
                         "target %s was left out: %s", plan->targets[t].name,
                         plan->targets[t].absent);
    return document;
}

cJSON *record_accel(enum accel accel, const char *reason)
{
    cJSON *line = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(line, "accel");

    cJSON_AddStringToObject(object, "accel", accel == ACCEL_KVM ? "kvm" : "tcg");
    cJSON_AddStringToObject(object, "reason", reason);
    return line;
}

cJSON *record_dropped(const char *target, const char *reason)
{
    cJSON *line = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(line, "dropped");

    cJSON_AddStringToObject(object, "target", target);
    cJSON_AddStringToObject(object, "reason", reason);
    return line;
}

cJSON *record_stopped(unsigned rounds, const char *ended)
{
    cJSON *line = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(line, "stopped");

    cJSON_AddNumberToObject(object, "rounds", rounds);
    cJSON_AddStringToObject(object, "ended", ended);
    return line;
}

static void add_signature(cJSON *object, const struct machine *machine)
{
    char *text = machine_signature(machine), hash[SHA256_HEX];

    if (!text)
        return;
    sha256_hex(text, strlen(text), hash);
    cJSON_AddStringToObject(object, "machine_sha256", hash);
    free(text);
}

cJSON *record_launch(const struct run *run, const struct planned *planned, unsigned program,
                     const struct boot_report *report)
{
    const struct plan *plan = run->plan;
    const struct target *target = &plan->targets[planned->target];
    cJSON *line = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(line, "launch"), *argv;

    cJSON_AddStringToObject(object, "target", target->name);
    cJSON_AddStringToObject(object, "scenario", plan->scenarios[planned->scenario]->name);
    cJSON_AddStringToObject(object, "payload",
                            plan->programs[planned->scenario][program].about.payload);
    if (target->driver->uses_machine) {
        struct machine machine = target_machine(target, &run->machine);

        add_signature(object, &machine);
        cJSON_AddStringToObject(object, "cmdline", report->cmdline ? report->cmdline : "");
        cJSON_AddStringToObject(object, "xml", report->xml ? report->xml : "");
    }
    argv = cJSON_AddArrayToObject(object, "argv");
    for (size_t at = 0; at < report->argv_len; at += strlen(report->argv + at) + 1)
        cJSON_AddItemToArray(argv, cJSON_CreateString(report->argv + at));
    return line;
}

/* The end of a console as printable ASCII: what a guest wrote must not break the JSON. */
static void add_evidence(cJSON *sample, const char *console)
{
    size_t length = strlen(console);
    char text[4 * EVIDENCE_MAX + 1], *out = text;

    if (length == 0)
        return;
    for (const char *c = length > EVIDENCE_MAX ? console + length - EVIDENCE_MAX : console; *c; c++)
        out += sprintf(out, isprint((unsigned char)*c) || *c == '\n' ? "%c" : "\\x%02x",
                       (unsigned char)*c);
    cJSON_AddStringToObject(sample, "console", text);
}

static void add_kept(cJSON *sample, const cJSON *kept)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, kept)
        cJSON_AddItemToObject(sample, item->string, cJSON_Duplicate(item, true));
}

cJSON *record_trial(const struct plan *plan, unsigned order, double t,
                    const struct trial_report *report)
{
    const struct planned *planned = &plan->trials[order];
    cJSON *line = cJSON_CreateObject(), *object = cJSON_AddObjectToObject(line, "trial"), *list;

    cJSON_AddStringToObject(object, "target", plan->targets[planned->target].name);
    cJSON_AddStringToObject(object, "scenario", plan->scenarios[planned->scenario]->name);
    cJSON_AddNumberToObject(object, "order", order);
    cJSON_AddNumberToObject(object, "repetition", planned->repetition);
    cJSON_AddNumberToObject(object, "t", t);
    list = cJSON_AddArrayToObject(object, "samples");
    for (unsigned i = 0; i < report->count; i++) {
        const struct outcome *outcome = &report->outcomes[i];
        cJSON *sample;

        if (!outcome->recorded && !outcome->failure)
            continue;
        sample = cJSON_CreateObject();
        cJSON_AddStringToObject(sample, "metric", outcome->metric->name);
        if (outcome->recorded)
            cJSON_AddNumberToObject(sample, "value", outcome->value);
        else
            cJSON_AddStringToObject(sample, "error", outcome->failure);
        if (outcome->note)
            cJSON_AddStringToObject(sample, "note", outcome->note);
        if (outcome->console)
            add_evidence(sample, outcome->console);
        if (report->bad_markers)
            cJSON_AddNumberToObject(sample, "bad_markers", report->bad_markers);
        add_kept(sample, outcome->kept);
        cJSON_AddItemToArray(list, sample);
    }
    return line;
}
