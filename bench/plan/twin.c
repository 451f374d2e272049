/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Twins: a target once more under its name with "-b". The two differ in one file, or in nothing. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/name.h"
#include "bench/plan/plan.h"

/* Let the JSON text in `file` be what the null driver plays. */
static int take_script(struct target *target, const struct file *file, struct error *error)
{
    cJSON *script = cJSON_ParseWithLength(file->data, file->size);
    char *text = cJSON_IsArray(script) ? cJSON_PrintUnformatted(script) : NULL;

    cJSON_Delete(script);
    if (!text)
        return fail(error, EINVAL, "%s: not a script of the null driver (a JSON array)",
                    file->path);
    free(target->script);
    target->script = text;
    return 0;
}

/* Let `target` run the kernel at `path`, or where it is a script, that one. */
static int take_build(struct target *target, const char *path, struct error *error)
{
    struct file file = {0};
    int status;

    if (!target->driver->uses_machine && !target->script)
        return fail(error, EINVAL, "target %s has no kernel to replace",
                    target->twin_of ? target->twin_of : target->name);
    status = file_read(path, &file, error);
    if (status == 0)
        status = target->driver->uses_machine ? elf_check_kernel(&file, error)
                                              : take_script(target, &file, error);
    if (status < 0) {
        file_free(&file);
        return status;
    }
    file_free(&target->kernel);
    target->kernel = file;
    return 0;
}

/* Append the twin of target `index`, still equal to it. */
static int add_twin(struct plan *plan, unsigned index, struct error *error)
{
    const struct target *original = &plan->targets[index];
    struct target *twin = &plan->targets[plan->target_count];
    char *name;
    int status;

    if (plan->target_count == PLAN_NAMES_MAX)
        return fail(error, EINVAL, "--target: more than %d, twins included", PLAN_NAMES_MAX);
    if (asprintf(&name, "%s-b", original->name) < 0)
        return fail(error, ENOMEM, "out of memory");
    if (!name_is_valid(name)) {
        free(name);
        return fail(error, EINVAL, "target %s: the name of its twin, with \"-b\", is too long",
                    original->name);
    }
    for (unsigned t = 0; t < plan->target_count; t++)
        if (strcmp(plan->targets[t].name, name) == 0) {
            free(name);
            return fail(error, EINVAL, "--target: \"%s-b\": is what the twin of %s is called",
                        original->name, original->name);
        }
    plan->target_count++;
    status =
        target_read(plan->options.datadir, &plan->options.images, original->asked, twin, error);
    if (status < 0) {
        free(name);
        return status;
    }
    twin->twin_of = twin->name;
    twin->name = name;
    return 0;
}

/* Which target is compared with another build of itself. */
static int find_original(const struct plan *plan, unsigned *index, struct error *error)
{
    const char *name = plan->options.twin_of;

    *index = 0;
    if (!name && plan->target_count != 1)
        return fail(error, EINVAL,
                    "--ab: compares two builds of one target, and %u are chosen; remedy: --target "
                    "NAME",
                    plan->target_count);
    while (name && *index < plan->target_count && strcmp(plan->targets[*index].name, name) != 0)
        ++*index;
    if (*index == plan->target_count)
        return fail(error, EINVAL, "--ab: target %s is not in the run", name);
    return 0;
}

static int add_ab(struct plan *plan, struct error *error)
{
    const struct plan_options *options = &plan->options;
    unsigned index;
    int status = find_original(plan, &index, error);

    if (status == 0)
        status = add_twin(plan, index, error);
    if (status == 0 && options->builds[0])
        status = take_build(&plan->targets[index], options->builds[0], error);
    if (status == 0)
        status = take_build(&plan->targets[plan->target_count - 1], options->builds[1], error);
    return status;
}

static int add_aa(struct plan *plan, struct error *error)
{
    unsigned count = plan->target_count;
    int status = 0;

    for (unsigned t = 0; t < count && status == 0; t++) {
        status = add_twin(plan, t, error);
        if (status == 0 && strcmp(plan->targets[t].kernel.sha256,
                                  plan->targets[plan->target_count - 1].kernel.sha256) != 0)
            status = fail(error, ESTALE, "%s: changed while it was read; try again",
                          plan->targets[t].kernel.path);
    }
    return status;
}

int plan_add_twins(struct plan *plan, struct error *error)
{
    switch (plan->options.twins) {
    case TWINS_AB:
        return add_ab(plan, error);
    case TWINS_AA:
        return add_aa(plan, error);
    default:
        return 0;
    }
}
