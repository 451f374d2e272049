/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/run/journal.h"
#include "bench/run/run.h"
#include "bench/measure/trial.h"

/* Where KVM works, the slowest kernel here reaches main() in well under a second; where it is only
 * half there, guests run at a hundredth of the speed in KVM's instruction emulator, or hang, and be
 * it at their end. */
#define PROBE_DEADLINE_S 5
#define PLAUSIBLE_MS 2000

static int probe(struct trial *trial, struct error *error)
{
    int status = trial_wait(trial, EVENT_MAIN, error);
    double ms;

    if (status < 0)
        return status;
    ms = (double)(trial_stamp(trial, EVENT_MAIN) - trial_stamp(trial, EVENT_RESUME)) / 1e6;
    if (ms > PLAUSIBLE_MS)
        return fail(error, ETIMEDOUT, "main() after %.0f ms: too slow to be real KVM", ms);
    return trial_wait(trial, EVENT_GONE, error);
}

static const struct metric no_metrics[] = {{.name = NULL}};

static const struct scenario probing = {
    .name = "kvm-probe",
    .metrics = no_metrics,
    .deadline_s = PROBE_DEADLINE_S,
    .measure = probe,
};

/* Whether target `index` boots under KVM: 0, -ECANCELED, or another errno with the reason. */
static int probe_target(struct run *run, unsigned index, struct error *why)
{
    struct planned planned = {.target = index, .probe = true};

    return run_probe(run, &planned, &probing, why);
}

static bool kvm_opens(char *reason, size_t size)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        snprintf(reason, size, "/dev/kvm: %s", strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

/* --accel kvm: targets that KVM refuses are left out, with the reason in the result. */
static int drop_refused(struct run *run, struct error *error)
{
    unsigned kept = 0, vms = 0;

    for (unsigned t = 0; t < run->target_count; t++) {
        struct error why = {0};
        int status;

        if (!run->targets[t].driver->is_vm)
            continue;
        vms++;
        status = probe_target(run, t, &why);
        if (status == -ECANCELED)
            return status;
        kept += status == 0;
        if (status == 0)
            continue;
        run->dropped[t] = true;
        status = journal_dropped(run->journal_fd, run->targets[t].name, why.text, error);
        if (status < 0)
            return status;
    }
    if (vms > 0 && kept == 0)
        return fail(error, ENOTSUP,
                    "--accel kvm: KVM boots none of the targets on this host; "
                    "remedy: --accel tcg, or tare doctor");
    return 0;
}

static bool is_built_in(const struct target *target)
{
    return strcmp(target->role, "foreign") != 0;
}

static int try_all(struct run *run, char *reason, size_t size)
{
    for (unsigned t = 0; t < run->target_count; t++) {
        const struct target *target = &run->targets[t];
        struct error why = {0};
        int status;

        if (!target->driver->is_vm || !is_built_in(target))
            continue;
        status = probe_target(run, t, &why);
        if (status == -ECANCELED)
            return status;
        if (status < 0) {
            snprintf(reason, size, "KVM refused target %s: %.300s", target->name, why.text);
            run->options.machine.accel = ACCEL_TCG;
            return 0;
        }
    }
    snprintf(reason, size, "KVM booted every built-in target of the run");
    return 0;
}

int accel_decide(struct run *run, char *reason, size_t size, struct error *error)
{
    struct machine *machine = &run->options.machine;

    if (run->options.accel == CHOOSE_TCG || machine->icount) {
        machine->accel = ACCEL_TCG;
        snprintf(reason, size, machine->icount ? "--icount needs TCG" : "--accel tcg");
        return 0;
    }
    machine->accel = ACCEL_KVM;
    if (run->options.accel == CHOOSE_KVM) {
        if (!kvm_opens(reason, size))
            return fail(error, ENOTSUP, "--accel kvm: %s; remedy: tare doctor", reason);
        snprintf(reason, size, "--accel kvm");
        return drop_refused(run, error);
    }
    if (kvm_opens(reason, size))
        return try_all(run, reason, size);
    machine->accel = ACCEL_TCG;
    return 0;
}
