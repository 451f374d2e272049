/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Staging: the files of every launch, written from memory into the sandbox. What
 * is booted is therefore what was read, checked and hashed, even when the
 * originals change or lie where the sandbox cannot see.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/run/run.h"
#include "bench/measure/sandbox.h"

#define STAGE SANDBOX_DIR "/stage"
#define GUESTS SANDBOX_DIR "/guest"

/* What stands in file names for a program: its scenario and its place there. */
struct purpose {
    char text[64];
};

static struct purpose purpose_of(const struct run *run, const struct planned *planned,
                                 unsigned program)
{
    struct purpose purpose = {.text = "probe"};

    if (!planned->probe)
        snprintf(purpose.text, sizeof purpose.text, "%s%u", run->scenarios[planned->scenario]->name,
                 program);
    return purpose;
}

/* Stage what `target` boots with `payload`, under the name `purpose`. */
static int stage_initrd(const struct target *target, const struct payload *payload,
                        struct purpose purpose, struct error *error)
{
    const struct file *parts[1 + RUN_NAMES_MAX] = {&payload->archive};
    char path[256];

    for (size_t i = 0; i < target->extra_count; i++)
        parts[1 + i] = &target->extras[i];
    snprintf(path, sizeof path, STAGE "/%s.%s.initrd", target->name, purpose.text);
    return file_write(path, parts, 1 + target->extra_count, 0600, error);
}

static int stage_target(const struct run *run, const struct target *target, struct error *error)
{
    const struct file *kernel = &target->kernel;
    char path[256];
    int status;

    if (!target->driver->is_vm)
        return 0;
    snprintf(path, sizeof path, STAGE "/%s.kernel", target->name);
    status = file_write(path, &kernel, 1, 0600, error);
    if (status == 0)
        status = stage_initrd(target, &run->probe,
                              purpose_of(run, &(struct planned){.probe = true}, 0), error);
    for (unsigned s = 0; s < run->scenario_count; s++)
        for (unsigned p = 0; p < run->program_counts[s] && status == 0; p++)
            status = stage_initrd(target, &run->programs[s][p].payload,
                                  purpose_of(run, &(struct planned){.scenario = s}, p), error);
    return status;
}

/* The programs as files, for processes. */
static int stage_programs(const struct run *run, unsigned scenario, struct error *error)
{
    int status = 0;

    for (unsigned p = 0; p < run->program_counts[scenario] && status == 0; p++) {
        const struct file *program = &run->programs[scenario][p].payload.program;
        char path[256];

        snprintf(path, sizeof path, STAGE "/%s.program",
                 purpose_of(run, &(struct planned){.scenario = scenario}, p).text);
        status = file_write(path, &program, 1, 0700, error);
    }
    return status;
}

static int stage_plugin(struct run *run, struct error *error)
{
    const struct file *plugin = &run->plugin;

    run->options.machine.plugin = STAGE "/halts.so";
    return file_write(run->options.machine.plugin, &plugin, 1, 0700, error);
}

int stage_all(struct run *run, struct error *error)
{
    int status = 0;

    if (mkdir(STAGE, 0700) < 0 || mkdir(GUESTS, 0700) < 0)
        return fail(error, errno, "%s: %s", STAGE, strerror(errno));
    for (unsigned t = 0; t < run->target_count && status == 0; t++)
        status = stage_target(run, &run->targets[t], error);
    for (unsigned s = 0; s < run->scenario_count && status == 0; s++)
        status = stage_programs(run, s, error);
    if (status == 0 && run->options.machine.icount)
        status = stage_plugin(run, error);
    return status;
}

static char *format(const char *pattern, const char *first, const char *second)
{
    char *text;

    return asprintf(&text, pattern, first, second) < 0 ? NULL : text;
}

/* Fill in the network: what the program asks for, where the target can give it. */
static void plan_network(const struct target *target, const struct program *program,
                         struct launch *launch)
{
    launch->network = program->network && target_has_network(target);
    launch->port = launch->network ? program->port : 0;
    launch->netns = -1;
}

int stage_launch(const struct run *run, const struct planned *planned, unsigned program,
                 const char *name, struct launch *launch, struct error *error)
{
    static const struct arguments none = {.argv = {(char *)PAYLOAD_PROGRAM}};
    static const struct program probe = {.payload = NULL};
    const struct arguments *arguments = planned->probe ? &none : &run->arguments;
    const struct target *target = &run->targets[planned->target];
    struct purpose purpose = purpose_of(run, planned, program);
    bool vm = target->driver->is_vm;

    *launch = (struct launch){
        .name = name,
        .machine = &run->options.machine,
        .kernel = vm ? format(STAGE "/%s.kernel", target->name, "") : NULL,
        .initrd = vm ? format(STAGE "/%s.%s.initrd", target->name, purpose.text) : NULL,
        .program = format(STAGE "/%s.program", purpose.text, ""),
        .argv = arguments->argv,
        .script = target->script,
        .workdir = GUESTS,
    };
    plan_network(target, planned->probe ? &probe : &run->programs[planned->scenario][program].about,
                 launch);
    launch->cmdline = target_cmdline(target, PAYLOAD_PROGRAM, arguments->text, launch);
    if ((vm && (!launch->kernel || !launch->initrd)) || !launch->cmdline || !launch->program) {
        stage_launch_free(launch);
        return fail(error, ENOMEM, "out of memory");
    }
    return 0;
}

void stage_launch_free(struct launch *launch)
{
    free((char *)launch->kernel);
    free((char *)launch->initrd);
    free((char *)launch->cmdline);
    free((char *)launch->program);
    *launch = (struct launch){0};
}
