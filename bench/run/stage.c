/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "bench/measure/sandbox.h"
#include "bench/run/stage.h"

#define STAGE SANDBOX_DIR "/stage"
#define GUESTS SANDBOX_DIR "/guest"

/* What stands in file names for a program: its scenario and its place there. */
struct purpose {
    char text[64];
};

static struct purpose purpose_of(const struct plan *plan, unsigned scenario, unsigned program)
{
    struct purpose purpose;

    snprintf(purpose.text, sizeof purpose.text, "%s%u", plan->scenarios[scenario]->name, program);
    return purpose;
}

/* Stage what `target` boots with `payload`, under the name `purpose`. */
static int stage_initrd(const struct target *target, const struct payload *payload,
                        struct purpose purpose, struct error *error)
{
    const struct file *parts[1 + EXTRAS_MAX];
    size_t count = 0;
    char path[256];

    if (target->payload == PAYLOAD_INITRD)
        parts[count++] = &payload->archive;
    for (size_t i = 0; i < target->extra_count; i++)
        parts[count++] = &target->extras[i];
    snprintf(path, sizeof path, STAGE "/%s.%s.initrd", target->name, purpose.text);
    return count ? file_write(path, parts, count, 0600, error) : 0;
}

static int stage_target(const struct plan *plan, const struct target *target, struct error *error)
{
    const struct file *kernel = &target->kernel;
    char path[256];
    int status;

    if (!target->driver->uses_machine)
        return 0;
    snprintf(path, sizeof path, STAGE "/%s.kernel", target->name);
    status = file_write(path, &kernel, 1, 0600, error);
    for (unsigned s = 0; s < plan->all_count; s++)
        for (unsigned p = 0; p < plan->program_counts[s] && status == 0; p++)
            status =
                stage_initrd(target, &plan->programs[s][p].payload, purpose_of(plan, s, p), error);
    return status;
}

/* The programs as files, for processes. */
static int stage_programs(const struct plan *plan, unsigned scenario, struct error *error)
{
    int status = 0;

    for (unsigned p = 0; p < plan->program_counts[scenario] && status == 0; p++) {
        const struct file *program = &plan->programs[scenario][p].payload.program;
        char path[256];

        snprintf(path, sizeof path, STAGE "/%s.program", purpose_of(plan, scenario, p).text);
        status = file_write(path, &program, 1, 0700, error);
    }
    return status;
}

static int stage_plugin(struct run *run, struct error *error)
{
    const struct file *plugin = &run->plan->plugin;

    run->machine.plugin = STAGE "/halts.so";
    return file_write(run->machine.plugin, &plugin, 1, 0700, error);
}

/* From now on nobody can change what the result will say was booted: not even a program that runs
 * as a process and has its own file open. */
static int seal(struct error *error)
{
    if (mount(STAGE, STAGE, NULL, MS_BIND, NULL) < 0 ||
        mount(NULL, STAGE, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
        return fail(error, errno, "%s: cannot be made read-only: %s", STAGE, strerror(errno));
    return 0;
}

int stage_all(struct run *run, struct error *error)
{
    const struct plan *plan = run->plan;
    int status = 0;

    if (mkdir(STAGE, 0700) < 0 || mkdir(GUESTS, 0700) < 0)
        return fail(error, errno, "%s: %s", STAGE, strerror(errno));
    for (unsigned t = 0; t < plan->target_count && status == 0; t++)
        status = stage_target(plan, &plan->targets[t], error);
    for (unsigned s = 0; s < plan->all_count && status == 0; s++)
        status = stage_programs(plan, s, error);
    if (status == 0 && run->machine.icount)
        status = stage_plugin(run, error);
    return status < 0 ? status : seal(error);
}

__attribute__((format(printf, 1, 2))) static char *format(const char *pattern, ...)
{
    va_list arguments;
    char *text;
    int size;

    va_start(arguments, pattern);
    size = vasprintf(&text, pattern, arguments);
    va_end(arguments);
    return size < 0 ? NULL : text;
}

/* Fill in what tells this guest from others that run at once. */
static int fill_instance(const struct target *target, unsigned instance, struct launch *launch,
                         struct error *error)
{
    int status = instance_make(instance, &launch->instance, error);

    if (status < 0)
        return status;
    launch->name = instance ? format("%s.%u", target->name, instance) : format("%s", target->name);
    launch->workdir = format(GUESTS "/%u", instance);
    if (!launch->name || !launch->workdir)
        return fail(error, ENOMEM, "out of memory");
    if (mkdir(launch->workdir, 0700) < 0 && errno != EEXIST)
        return fail(error, errno, "%s: %s", launch->workdir, strerror(errno));
    return 0;
}

/* Fill in what the target boots. */
static int fill_files(const struct target *target, struct purpose purpose,
                      const struct arguments *arguments, struct launch *launch, struct error *error)
{
    bool machine = target->driver->uses_machine;
    bool initrd = machine && (target->payload == PAYLOAD_INITRD || target->extra_count > 0);

    launch->program = format(STAGE "/%s.program", purpose.text);
    launch->kernel = machine ? format(STAGE "/%s.kernel", target->name) : NULL;
    launch->initrd = initrd ? format(STAGE "/%s.%s.initrd", target->name, purpose.text) : NULL;
    launch->cmdline = target_cmdline(target, PAYLOAD_PROGRAM, arguments->text, launch);
    if (!launch->program || !launch->cmdline || (machine && !launch->kernel) ||
        (initrd && !launch->initrd))
        return fail(error, ENOMEM, "out of memory");
    return 0;
}

int stage_launch(const struct run *run, const struct planned *planned, unsigned program,
                 unsigned instance, struct launch *launch, struct error *error)
{
    const struct plan *plan = run->plan;
    const struct target *target = &plan->targets[planned->target];
    const struct planned_program *what = &plan->programs[planned->scenario][program];
    bool network = what->about.network && target_has_network(target);
    int status;

    *launch = (struct launch){
        .machine = &run->machine,
        .argv = what->arguments->argv,
        .script = target->script,
        .network = network,
        .port = network ? what->about.port : 0,
        .ping = network && what->ready->kind == READY_PING,
        .netns = -1,
        .hidden = SANDBOX_DIR,
    };
    status = fill_instance(target, instance, launch, error);
    if (status == 0)
        status = fill_files(target, purpose_of(plan, planned->scenario, program), what->arguments,
                            launch, error);
    if (status < 0)
        stage_launch_free(launch);
    return status;
}

void stage_launch_free(struct launch *launch)
{
    free((char *)launch->name);
    free((char *)launch->workdir);
    free((char *)launch->kernel);
    free((char *)launch->initrd);
    free((char *)launch->cmdline);
    free((char *)launch->program);
    *launch = (struct launch){.netns = -1};
}
