/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From options to a run with everything read and checked, before anything is started. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "bench/plan/grub.h"
#include "bench/plan/plan.h"
#include "bench/result/twins.h"

#define MEMORY_MIN_MIB 2
#define HOST_RESERVE_MIB 256 /* what the host keeps for itself and QEMU */

/* Whether it has a metric that can be measured in virtual time, or none is asked for. */
static bool can_count(const struct plan *plan, const struct scenario *scenario)
{
    const struct metric *metric = scenario->metrics;

    while (metric->name && metric->needs != NEEDS_ICOUNT && !metric->counted)
        metric++;
    return metric->name || !plan->options.machine.icount;
}

static void take_scenario(struct plan *plan, const struct scenario *scenario)
{
    plan->scenarios[plan->all_count++] = scenario;
}

static int add_scenario(struct plan *plan, const char *name, struct error *error)
{
    const struct scenario *scenario = scenario_find(name);

    if (!scenario || scenario->hidden)
        return fail(error, EINVAL, "--scenario: \"%s\": unknown; see tare list", name);
    if (!can_count(plan, scenario))
        return fail(error, EINVAL,
                    "--icount: scenario %s measures nothing in virtual time; leave it out", name);
    if (plan->all_count == PLAN_NAMES_MAX)
        return fail(error, EINVAL, "--scenario: more than %d", PLAN_NAMES_MAX);
    for (unsigned i = 0; i < plan->all_count; i++)
        if (plan->scenarios[i] == scenario)
            return fail(error, EINVAL, "--scenario: \"%s\": named twice", name);
    take_scenario(plan, scenario);
    return 0;
}

/* Whether the target at the end is in already. */
static bool is_known(const struct plan *plan)
{
    const char *name = plan->targets[plan->target_count - 1].name;

    for (unsigned i = 0; i + 1 < plan->target_count; i++)
        if (strcmp(plan->targets[i].name, name) == 0)
            return true;
    return false;
}

static int add_target(struct plan *plan, const char *name, struct error *error)
{
    struct target *target = &plan->targets[plan->target_count];
    int status;

    if (plan->target_count == PLAN_NAMES_MAX)
        return fail(error, EINVAL, "--target: more than %d", PLAN_NAMES_MAX);
    status = target_read(plan->options.datadir, &plan->options.images, name, target, error);
    plan->target_count++;
    if (status == 0 && plan->by && target->driver->uses_machine && !strchr(name, ':'))
        status = target_run_by(target, plan->by, error);
    if (status < 0 || !is_known(plan))
        return status;
    if (!plan->by || target->driver->uses_machine)
        return fail(error, EINVAL, "--target: \"%s\": named twice", target->name);
    target_free(&plan->targets[--plan->target_count]); /* a process; another driver had it added */
    return 0;
}

/* Call `add` for each word of a comma-separated list. */
static int each_word(const char *list, struct plan *plan,
                     int (*add)(struct plan *plan, const char *name, struct error *error),
                     struct error *error)
{
    char *copy = strdup(list), *rest = NULL;
    int status = copy ? 0 : fail(error, ENOMEM, "out of memory");

    for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && status == 0;
         word = strtok_r(NULL, ",", &rest))
        status = add(plan, word, error);
    free(copy);
    return status;
}

static int all_scenarios(struct plan *plan, struct error *error)
{
    int status = 0;

    for (const struct scenario *const *scenario = scenarios; *scenario && status == 0; scenario++)
        if (!(*scenario)->hidden && can_count(plan, *scenario))
            status = add_scenario(plan, (*scenario)->name, error);
    return status;
}

/* The scenarios that are asked for, and behind them those that tare asks for itself. */
static int add_scenarios(struct plan *plan, struct error *error)
{
    const char *names = plan->options.scenarios;
    int status = strcmp(names, "all") == 0 ? all_scenarios(plan, error)
                                           : each_word(names, plan, add_scenario, error);

    plan->scenario_count = plan->all_count;
    for (const struct scenario *const *scenario = scenarios; *scenario && status == 0; scenario++)
        if ((*scenario)->hidden)
            take_scenario(plan, *scenario);
    return status;
}

/* Whether "all" does without it. */
static bool leaves_out(struct plan *plan, const struct target *target)
{
    size_t used = strlen(plan->left_out);

    if (!target->absent)
        return false;
    snprintf(plan->left_out + used, sizeof plan->left_out - used, "%s%s", used ? ", " : "",
             target->name);
    return true;
}

static int all_targets(struct plan *plan, struct error *error)
{
    char **names = target_names(plan->options.datadir, true, error);
    int status = names ? 0 : -ENOENT;

    for (char **name = names; name && *name; name++) {
        if (status == 0) {
            status = add_target(plan, *name, error);
            if (status == 0 && leaves_out(plan, &plan->targets[plan->target_count - 1]))
                target_free(&plan->targets[--plan->target_count]);
        }
        free(*name);
    }
    free(names);
    return status;
}

/* The user's program, for which --ready also says whether it needs the network. */
static int read_user_payload(struct plan *plan, unsigned index, struct error *error)
{
    const struct plan_options *options = &plan->options;
    struct planned_program *program = plan->programs[index];
    int status;

    if (!plan->scenarios[index]->takes_payload)
        return fail(error, EINVAL,
                    "--payload: scenario %s measures its own program and takes no other; "
                    "use --scenario boot",
                    plan->scenarios[index]->name);
    if (plan->scenarios[index]->sends_requests && plan->ready.kind != READY_TCP)
        return fail(error, EINVAL,
                    "--payload: scenario %s sends requests to the program; say where it listens "
                    "with --ready tcp:PORT",
                    plan->scenarios[index]->name);
    program->about = (struct program){.payload = options->payload,
                                      .network = ready_by_network(&plan->ready),
                                      .port = plan->ready.port};
    program->arguments = &plan->arguments;
    program->ready = &plan->ready;
    plan->program_counts[index] = 1;
    status = payload_wrap(options->payload, &program->payload, error);
    if (status < 0)
        error_prefix(error, "--payload");
    return status;
}

/* The programs of scenario `index`, which take no arguments and say by markers when they are
 * ready. */
static int read_own_payloads(struct plan *plan, unsigned index, struct error *error)
{
    const struct program *about = plan->scenarios[index]->programs;
    int status = 0;

    for (; about->payload && status == 0; about++) {
        struct planned_program *program = &plan->programs[index][plan->program_counts[index]++];

        program->about = *about;
        program->arguments = &arguments_none;
        program->ready = &ready_by_marker;
        status = payload_read(plan->options.datadir, about->payload, &program->payload, error);
    }
    return status;
}

static int read_payloads(struct plan *plan, struct error *error)
{
    int status = 0;

    for (unsigned i = 0; i < plan->all_count && status == 0; i++)
        status = plan->options.payload && !plan->scenarios[i]->hidden
                     ? read_user_payload(plan, i, error)
                     : read_own_payloads(plan, i, error);
    return status;
}

/* A path as it stands in the first line of a request. */
static int check_url(struct plan *plan, struct error *error)
{
    const char *url = plan->options.url;
    struct error why = {0};

    if (!url)
        return 0;
    if (plan_check_path(url, &why) < 0)
        return fail(error, EINVAL, "--url: \"%s\" %s", url, why.text);
    for (unsigned i = 0; i < plan->scenario_count; i++)
        if (plan->scenarios[i]->sends_requests)
            return 0;
    return fail(error, EINVAL,
                "--url: no scenario of this run sends requests; use --scenario latency");
}

/* What is said about the user's program: its arguments and when it is ready. */
static int read_rules(struct plan *plan, struct error *error)
{
    const struct plan_options *options = &plan->options;
    int status = arguments_parse(options->args ? options->args : "", &plan->arguments, error);

    if (status == 0)
        status = ready_parse(options->ready ? options->ready : "marker", &plan->ready, error);
    if (status == 0 && options->machine.icount && plan->ready.kind != READY_MARKER)
        status = fail(error, EINVAL,
                      "--ready %s: cannot go with --icount, whose virtual time is read from a "
                      "marker; use --ready marker",
                      options->ready);
    return status;
}

/* Whether every target passes the arguments on, as they are. */
static int check_arguments(struct plan *plan, struct error *error)
{
    for (unsigned t = 0; t < plan->target_count; t++) {
        const struct target *target = &plan->targets[t];

        if (*plan->arguments.text && target->driver->uses_machine && target->runs_program &&
            !target->absent && !strstr(target->cmdline, "{args}"))
            return fail(error, EINVAL,
                        "--args: target %s: the field \"cmdline\" of its target.json has no {args}",
                        target->name);
        if (target->boot == BOOT_GRUB && !target->absent && !grub_passes(plan->arguments.text))
            return fail(error, EINVAL, "--args: target %s: " GRUB_RULE, target->name);
    }
    return 0;
}

/* Whether every target but the floor, which runs no program, can be asked by --ready. */
static int check_network(struct plan *plan, struct error *error)
{
    for (unsigned t = 0; t < plan->target_count; t++) {
        const struct target *target = &plan->targets[t];

        if (ready_by_network(&plan->ready) && target->runs_program && !target->absent &&
            !target_has_network(target))
            return fail(error, EINVAL,
                        "--ready %s: target %s has no network: %s; leave the target out",
                        plan->ready.kind == READY_TCP ? "tcp" : "ping", target->name,
                        target->driver->has_tap
                            ? "the field \"cmdline\" of its target.json has no {network}"
                            : "its driver connects none");
    }
    return 0;
}

/* The largest archive that any scenario boots. */
static size_t largest_payload(const struct plan *plan)
{
    size_t largest = 0;

    for (unsigned s = 0; s < plan->all_count; s++)
        for (unsigned p = 0; p < plan->program_counts[s]; p++)
            if (plan->programs[s][p].payload.archive.size > largest)
                largest = plan->programs[s][p].payload.archive.size;
    return largest;
}

static int check_memory(struct plan *plan, struct error *error)
{
    unsigned asked = plan->options.machine.memory_mib;
    struct sysinfo host;

    sysinfo(&host);
    if (asked < MEMORY_MIN_MIB)
        return fail(error, EINVAL, "--memory: %u MiB is less than a VM can have (%d)", asked,
                    MEMORY_MIN_MIB);
    if (asked + (uint64_t)HOST_RESERVE_MIB > (uint64_t)host.totalram * host.mem_unit >> 20)
        return fail(error, EINVAL, "--memory: %u MiB is more than this host can give (%llu MiB)",
                    asked, (unsigned long long)host.totalram * host.mem_unit >> 20);
    for (unsigned t = 0; t < plan->target_count; t++) {
        const struct target *target = &plan->targets[t];
        size_t need = target->kernel.size + largest_payload(plan);

        if (!target->driver->uses_machine || target->absent || target->payload != PAYLOAD_INITRD)
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

static int read_plugin(struct plan *plan, struct error *error)
{
    char path[4096];

    if (!plan->options.machine.icount)
        return 0;
    snprintf(path, sizeof path, "%s/halts.so", plan->options.datadir);
    return file_read(path, &plan->plugin, error);
}

static int read_noise(struct plan *plan, struct error *error)
{
    const struct plan_options *options = &plan->options;
    int status;

    if (!options->noise)
        return 0;
    status = twins_read_noise(options->noise, options->repeat, options->seed, &plan->noise, error);
    if (status < 0)
        error_prefix(error, "--noise");
    return status;
}

/* Opened here, because nobody can find it from inside the sandbox. */
static int open_pcap_dir(struct plan *plan, struct error *error)
{
    const char *path = plan->options.keep_pcap;
    int fd;

    if (!path)
        return 0;
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return fail(error, errno, "--keep-pcap: %s: %s", path, strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(error, errno, "--keep-pcap: %s: %s", path, strerror(errno));
    plan->pcap_dir = fd;
    return 0;
}

static int add_named(struct plan *plan, struct error *error)
{
    const char *names = plan->options.targets;

    return strcmp(names, "all") == 0 ? all_targets(plan, error)
                                     : each_word(names, plan, add_target, error);
}

/* The targets once more, for the driver `name`. */
static int add_by_driver(struct plan *plan, const char *name, struct error *error)
{
    plan->by = driver_find(name);
    if (!plan->by || !plan->by->uses_machine)
        return fail(error, EINVAL, "--driver: \"%s\": runs no VMs; see tare list", name);
    return add_named(plan, error);
}

static int add_targets(struct plan *plan, struct error *error)
{
    const char *names = plan->options.drivers;

    return names ? each_word(names, plan, add_by_driver, error) : add_named(plan, error);
}

/* Whether target `name`, NAME or NAME:DRIVER, is called as the text from `from` to `end`. */
static bool is_called(const char *name, const char *from, const char *end)
{
    size_t length = (size_t)(end - from);

    return strncmp(name, from, length) == 0 && (!name[length] || name[length] == ':');
}

/* Whether each --image is for a target of the run. */
static int check_images(struct plan *plan, struct error *error)
{
    for (const char *const *image = plan->options.images.named; image && *image; image++) {
        const char *end = strchr(*image, '=');
        unsigned t = 0;

        if (!end || end == *image || !end[1])
            return fail(error, EINVAL, "--image: \"%s\" is not NAME=PATH", *image);
        while (t < plan->target_count && !is_called(plan->targets[t].name, *image, end))
            t++;
        if (t == plan->target_count)
            return fail(error, EINVAL, "--image: \"%s\": no target of this run is called so",
                        *image);
    }
    return 0;
}

/* Targets of others that this run cannot have. */
static int leave_unfit(struct plan *plan, struct error *error)
{
    for (unsigned t = 0; t < plan->target_count; t++) {
        struct target *target = &plan->targets[t];
        unsigned given = plan->options.machine.memory_mib;
        int done = 0;

        if (target->absent)
            continue;
        if (target->driver->uses_machine && target->memory_min > given)
            done = asprintf(&target->absent, "needs %u MiB, and the run gives %u: --memory %u",
                            target->memory_min, given, target->memory_min);
        else if (plan->options.machine.icount && target_is_foreign(target))
            done =
                asprintf(&target->absent, "writes no markers, from which --icount reads the time");
        else if (plan->options.payload && target_is_foreign(target))
            done = asprintf(&target->absent, "has its own program, and runs no --payload");
        if (done < 0)
            return fail(error, ENOMEM, "out of memory");
    }
    return 0;
}

static int check_names(struct plan *plan, struct error *error)
{
    unsigned absent = 0;

    for (unsigned t = 0; t < plan->target_count; t++)
        absent += plan->targets[t].absent != NULL;
    if (plan->target_count > 0 && absent == plan->target_count)
        return fail(error, ENOENT, "target %s: %s", plan->targets[0].name, plan->targets[0].absent);
    if (plan->scenario_count > 0 && plan->target_count > 0)
        return 0;
    return fail(error, EINVAL, "%s: names nothing",
                plan->scenario_count == 0 ? "--scenario" : "--target");
}

int plan_prepare(const struct plan_options *options, struct plan *plan, struct error *error)
{
    static int (*const steps[])(struct plan * plan, struct error * error) = {
        add_scenarios, check_url,    read_rules,     read_payloads, add_targets, check_images,
        leave_unfit,   check_names,  plan_add_twins, read_noise,    read_plugin, check_arguments,
        check_network, check_memory, open_pcap_dir,  plan_order,
    };
    int status = plan_check_options(options, error);

    *plan = (struct plan){.options = *options};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == 0; i++)
        status = steps[i](plan, error);
    return status;
}

void plan_free(struct plan *plan)
{
    for (unsigned s = 0; s < plan->all_count; s++)
        for (unsigned p = 0; p < plan->program_counts[s]; p++)
            payload_free(&plan->programs[s][p].payload);
    ready_free(&plan->ready);
    for (unsigned i = 0; i < plan->target_count; i++)
        target_free(&plan->targets[i]);
    file_free(&plan->plugin);
    if (plan->pcap_dir > 0)
        close(plan->pcap_dir);
    cJSON_Delete(plan->noise);
    plan->noise = NULL;
    free(plan->trials);
    plan->trials = NULL;
}

bool plan_is_judged(const struct plan *plan)
{
    bool real = false;

    for (unsigned t = 0; t < plan->target_count; t++)
        real |= !plan->targets[t].driver->plays_script;
    return real && !plan->options.machine.icount && !plan->options.unjudged;
}
