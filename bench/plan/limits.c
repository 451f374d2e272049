/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What options may say, whoever says it: the command line, or the journal of a cut run. */
#include <errno.h>
#include <string.h>

#include "bench/plan/plan.h"
#include "bench/result/until.h"

#define PATH_LENGTH_MAX 255

const char *const machine_types[] = {"microvm", "q35", "pc", NULL};
const struct machine machine_usual = {.type = "microvm", .memory_mib = 256, .vcpus = 1};

/* Take a CPU's number off *text. */
static bool take_cpu(const char **text)
{
    size_t digits = strspn(*text, "0123456789");

    *text += digits;
    return digits > 0 && digits <= 4;
}

bool pin_is_list(const char *text)
{
    do {
        if (!take_cpu(&text))
            return false;
        if (*text == '-') {
            text++;
            if (!take_cpu(&text))
                return false;
        }
    } while (*text++ == ',');
    return text[-1] == '\0';
}

int plan_check_path(const char *path, struct error *error)
{
    if (*path != '/' || strlen(path) > PATH_LENGTH_MAX)
        return fail(error, EINVAL, "must be a path, as /index.html, of %d bytes at most",
                    PATH_LENGTH_MAX);
    for (; *path; path++)
        if (*path <= ' ' || *path > '~')
            return fail(error, EINVAL, "holds a byte that must be written as %%XX");
    return 0;
}

static int check_number(const char *option, uint64_t value, uint64_t low, uint64_t high,
                        struct error *error)
{
    if (value >= low && value <= high)
        return 0;
    return fail(error, EINVAL, "--%s: %llu is not from %llu to %llu", option,
                (unsigned long long)value, (unsigned long long)low, (unsigned long long)high);
}

static int check_machine(const struct plan_options *options, struct error *error)
{
    const struct machine *machine = &options->machine;
    const char *const *type = machine_types;

    while (*type && strcmp(*type, machine->type) != 0)
        type++;
    if (!*type)
        return fail(error, EINVAL, "--machine: \"%s\" is none of the choices", machine->type);
    if (machine->pin && !pin_is_list(machine->pin))
        return fail(error, EINVAL, "--pin: \"%s\" is no list of CPUs as 0,2-3", machine->pin);
    if (machine->vhost && (machine->icount || options->accel == CHOOSE_TCG))
        return fail(error, EINVAL, "--net-backend vhost needs KVM");
    if (machine->icount && options->accel == CHOOSE_KVM)
        return fail(error, EINVAL,
                    "--icount counts TCG's instructions; it cannot go with "
                    "--accel kvm");
    if (machine->icount && machine->vcpus > 1)
        return fail(error, EINVAL, "--icount needs --vcpus 1");
    return 0;
}

static int check_until(const struct plan_options *options, struct error *error)
{
    if (options->until == 0)
        return options->minutes == 0 ? 0 : fail(error, EINVAL, "--minutes needs --until");
    if (!(options->until > 0 && options->until <= 100))
        return fail(error, EINVAL, "--until: %g %% is not more than 0 and up to 100",
                    options->until);
    if (!(options->minutes >= 0 && options->minutes <= MINUTES_MAX))
        return fail(error, EINVAL, "--minutes: %g is not from 0 to %d", options->minutes,
                    MINUTES_MAX);
    if (options->machine.icount)
        return fail(error, EINVAL, "--until: with --icount one repetition tells all");
    if (options->twins == TWINS_AA || options->noise)
        return fail(error, EINVAL,
                    "--until: --aa and --noise need to know how many repetitions there will be");
    if (options->repeat < UNTIL_FIRST)
        return fail(error, EINVAL, "--until needs --repeat %d or more: it looks first then",
                    UNTIL_FIRST);
    return 0;
}

int plan_check_options(const struct plan_options *options, struct error *error)
{
    const struct machine *machine = &options->machine;
    int status = check_number("repeat", options->repeat, 1, REPEAT_MAX, error);

    if (status == 0)
        status = check_number("warmup", options->warmup, 0, WARMUP_MAX, error);
    if (status == 0)
        status = check_number("seed", options->seed, 0, SEED_MAX, error);
    if (status == 0)
        status = check_number("vms", options->vms, 0, VMS_MAX, error);
    if (status == 0)
        status = check_number("memory", machine->memory_mib, 1, MEMORY_MIB_MAX, error);
    if (status == 0)
        status = check_number("vcpus", machine->vcpus, 1, VCPUS_MAX, error);
    if (status == 0)
        status = check_until(options, error);
    return status == 0 ? check_machine(options, error) : status;
}
