/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From options to a run with everything read and checked, before anything is started. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "bench/result/twins.h"
#include "bench/run/run.h"

#define PROBE_PAYLOAD "noop"
#define MEMORY_MIN_MIB 2
#define HOST_RESERVE_MIB 256 /* what the host keeps for itself and QEMU */

/* Whether it has a metric of virtual time, or none is asked for. */
static bool can_count(const struct run *run, const struct scenario *scenario)
{
    const struct metric *metric = scenario->metrics;

    while (metric->name && metric->needs != NEEDS_ICOUNT)
        metric++;
    return metric->name || !run->options.machine.icount;
}

static int add_scenario(struct run *run, const char *name, struct error *error)
{
    const struct scenario *scenario = scenario_find(name);

    if (!scenario)
        return fail(error, EINVAL, "--scenario: \"%s\": unknown; see tare list", name);
    if (!can_count(run, scenario))
        return fail(error, EINVAL,
                    "--icount: scenario %s measures nothing in virtual time; leave it out", name);
    if (run->scenario_count == RUN_NAMES_MAX)
        return fail(error, EINVAL, "--scenario: more than %d", RUN_NAMES_MAX);
    for (unsigned i = 0; i < run->scenario_count; i++)
        if (run->scenarios[i] == scenario)
            return fail(error, EINVAL, "--scenario: \"%s\": named twice", name);
    run->scenarios[run->scenario_count++] = scenario;
    return 0;
}

static int add_target(struct run *run, const char *name, struct error *error)
{
    if (run->target_count == RUN_NAMES_MAX)
        return fail(error, EINVAL, "--target: more than %d", RUN_NAMES_MAX);
    for (unsigned i = 0; i < run->target_count; i++)
        if (strcmp(run->targets[i].name, name) == 0)
            return fail(error, EINVAL, "--target: \"%s\": named twice", name);
    return target_read(run->options.datadir, name, &run->targets[run->target_count++], error);
}

/* Call `add` for each word of a comma-separated list. */
static int each_word(const char *list, struct run *run,
                     int (*add)(struct run *run, const char *name, struct error *error),
                     struct error *error)
{
    char *copy = strdup(list), *rest = NULL;
    int status = copy ? 0 : fail(error, ENOMEM, "out of memory");

    for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status == 0;
         word = strtok_r(NULL, ",", &rest))
        status = add(run, word, error);
    free(copy);
    return status;
}

static int all_scenarios(struct run *run, struct error *error)
{
    int status = 0;

    for (const struct scenario *const *scenario = scenarios; *scenario && status == 0; scenario++)
        if (can_count(run, *scenario))
            status = add_scenario(run, (*scenario)->name, error);
    return status;
}

static int all_targets(struct run *run, struct error *error)
{
    char **names = target_names(run->options.datadir, error);
    int status = names ? 0 : -ENOENT;

    for (char **name = names; name && *name; name++) {
        if (status == 0) {
            status = add_target(run, *name, error);
            if (status == 0 && strcmp(run->targets[run->target_count - 1].role, "test") == 0)
                target_free(&run->targets[--run->target_count]);
        }
        free(*name);
    }
    free(names);
    return status;
}

/* The user's program, for which --ready also says whether it needs the network. */
static int read_user_payload(struct run *run, unsigned index, struct error *error)
{
    const struct run_options *options = &run->options;
    struct run_program *program = run->programs[index];
    int status;

    if (!run->scenarios[index]->takes_payload)
        return fail(error, EINVAL,
                    "--payload: scenario %s measures its own program and takes no other; "
                    "use --scenario boot",
                    run->scenarios[index]->name);
    program->about = (struct program){.payload = options->payload,
                                      .network = run->ready.kind == READY_TCP,
                                      .port = run->ready.port};
    run->program_counts[index] = 1;
    status = payload_wrap(options->payload, &program->payload, error);
    if (status < 0)
        error_prefix(error, "--payload");
    return status;
}

static int read_payloads_of(struct run *run, unsigned index, struct error *error)
{
    const struct program *about = run->scenarios[index]->programs;
    int status = 0;

    if (run->options.payload)
        return read_user_payload(run, index, error);
    for (; about->payload && status == 0; about++) {
        struct run_program *program = &run->programs[index][run->program_counts[index]++];

        program->about = *about;
        status = payload_read(run->options.datadir, about->payload, &program->payload, error);
    }
    return status;
}

static int read_payloads(struct run *run, struct error *error)
{
    int status = payload_read(run->options.datadir, PROBE_PAYLOAD, &run->probe, error);

    for (unsigned i = 0; i < run->scenario_count && status == 0; i++)
        status = read_payloads_of(run, i, error);
    return status;
}

/* What is said about the user's program: its arguments and when it is ready. */
static int read_rules(struct run *run, struct error *error)
{
    const struct run_options *options = &run->options;
    int status = arguments_parse(options->args ? options->args : "", &run->arguments, error);

    if (status == 0)
        status = ready_parse(options->ready ? options->ready : "marker", &run->ready, error);
    if (status == 0 && options->machine.icount && run->ready.kind != READY_MARKER)
        status = fail(error, EINVAL,
                      "--ready %s: cannot go with --icount, whose virtual time is read from a "
                      "marker; use --ready marker",
                      options->ready);
    return status;
}

/* Whether every target passes the arguments on. */
static int check_arguments(const struct run *run, struct error *error)
{
    for (unsigned t = 0; t < run->target_count; t++) {
        const struct target *target = &run->targets[t];

        if (*run->arguments.text && target->driver->is_vm && strcmp(target->role, "floor") != 0 &&
            !strstr(target->cmdline, "{args}"))
            return fail(error, EINVAL,
                        "--args: target %s: the field \"cmdline\" of its target.json has no {args}",
                        target->name);
    }
    return 0;
}

/* Whether every target but the floor, which runs no program, can be asked by --ready tcp. */
static int check_network(const struct run *run, struct error *error)
{
    for (unsigned t = 0; t < run->target_count; t++) {
        const struct target *target = &run->targets[t];

        if (run->ready.kind == READY_TCP && strcmp(target->role, "floor") != 0 &&
            !target_has_network(target))
            return fail(
                error, EINVAL, "--ready tcp: target %s has no network: %s; leave the target out",
                target->name,
                target->driver->is_vm ? "the field \"cmdline\" of its target.json has no {network}"
                                      : "its driver connects none");
    }
    return 0;
}

/* The largest archive that any scenario boots. */
static size_t largest_payload(const struct run *run)
{
    size_t largest = 0;

    for (unsigned s = 0; s < run->scenario_count; s++)
        for (unsigned p = 0; p < run->program_counts[s]; p++)
            if (run->programs[s][p].payload.archive.size > largest)
                largest = run->programs[s][p].payload.archive.size;
    return largest;
}

static int check_memory(const struct run *run, struct error *error)
{
    unsigned asked = run->options.machine.memory_mib;
    struct sysinfo host;

    sysinfo(&host);
    if (asked < MEMORY_MIN_MIB)
        return fail(error, EINVAL, "--memory: %u MiB is less than a VM can have (%d)", asked,
                    MEMORY_MIN_MIB);
    if (asked + (uint64_t)HOST_RESERVE_MIB > (uint64_t)host.totalram * host.mem_unit >> 20)
        return fail(error, EINVAL, "--memory: %u MiB is more than this host can give (%llu MiB)",
                    asked, (unsigned long long)host.totalram * host.mem_unit >> 20);
    for (unsigned t = 0; t < run->target_count; t++) {
        const struct target *target = &run->targets[t];
        size_t need = target->kernel.size + largest_payload(run);

        if (!target->driver->is_vm)
            continue;
        for (size_t i = 0; i < target->extra_count; i++)
            need += target->extras[i].size;
        if (need >> 20 >= asked)
            return fail(error, EINVAL,
                        "--memory: %u MiB cannot hold target %s, whose kernel and initrd alone "
                        "take %zu MiB",
                        asked, target->name, (need >> 20) + 1);
    }
    return 0;
}

static int read_plugin(struct run *run, struct error *error)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/halts.so", run->options.datadir);
    return file_read(path, &run->plugin, error);
}

static int read_noise(struct run *run, struct error *error)
{
    const struct run_options *options = &run->options;
    int status;

    if (!options->noise)
        return 0;
    status = compare_read_noise(options->noise, options->repeat, options->seed, &run->noise, error);
    if (status < 0)
        error_prefix(error, "--noise");
    return status;
}

int run_prepare(const struct run_options *options, struct run *run, struct error *error)
{
    int status;

    *run = (struct run){.options = *options, .journal_fd = -1};
    status = strcmp(options->scenarios, "all") == 0
                 ? all_scenarios(run, error)
                 : each_word(options->scenarios, run, add_scenario, error);
    if (status == 0)
        status = read_rules(run, error);
    if (status == 0)
        status = read_payloads(run, error);
    if (status == 0)
        status = strcmp(options->targets, "all") == 0
                     ? all_targets(run, error)
                     : each_word(options->targets, run, add_target, error);
    if (status == 0 && (run->scenario_count == 0 || run->target_count == 0))
        status = fail(error, EINVAL, "%s: names nothing",
                      run->scenario_count == 0 ? "--scenario" : "--target");
    if (status == 0)
        status = twins_add(run, error);
    if (status == 0)
        status = read_noise(run, error);
    if (status == 0)
        status = check_arguments(run, error);
    if (status == 0)
        status = check_network(run, error);
    if (status == 0)
        status = check_memory(run, error);
    if (status == 0 && options->machine.icount)
        status = read_plugin(run, error);
    return status < 0 ? status : plan_make(run, error);
}

void run_free(struct run *run)
{
    for (unsigned s = 0; s < run->scenario_count; s++)
        for (unsigned p = 0; p < run->program_counts[s]; p++)
            payload_free(&run->programs[s][p].payload);
    payload_free(&run->probe);
    ready_free(&run->ready);
    for (unsigned i = 0; i < run->target_count; i++)
        target_free(&run->targets[i]);
    file_free(&run->plugin);
    cJSON_Delete(run->noise);
    run->noise = NULL;
    free(run->plan);
    free(run->done);
    run->plan = NULL;
    run->done = NULL;
}
