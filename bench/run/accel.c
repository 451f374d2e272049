/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "bench/measure/kvm.h"
#include "bench/run/accel.h"
#include "bench/run/attempt.h"
#include "bench/run/journal.h"
#include "bench/run/record.h"

/* Whether target `index` boots under KVM: 0, -ECANCELED, or another errno with the reason. */
static int try_target(struct run *run, unsigned index, struct error *why)
{
    const struct plan *plan = run->plan;
    struct planned planned = {.target = index, .scenario = plan->scenario_count};
    struct trial_report report;
    int status;

    while (plan->scenarios[planned.scenario] != &scenario_kvm)
        planned.scenario++;
    status = attempt_trial(run, &planned, &report);
    *why = report.error;
    trial_report_free(&report);
    return status < 0 ? status : *why->text ? -EIO : 0;
}

/* --accel kvm: targets that KVM refuses are left out, with the reason in the result. */
static int drop_refused(struct run *run, struct error *error)
{
    struct error first = {0};
    unsigned kept = 0, vms = 0;

    for (unsigned t = 0; t < run->plan->target_count; t++) {
        struct error why = {0};
        int status;

        if (!run->plan->targets[t].driver->needs_accel)
            continue;
        vms++;
        if (run->dropped[t] ||
            target_is_foreign(&run->plan->targets[t])) { /* asks in its own way */
            kept += !run->dropped[t];
            continue;
        }
        status = try_target(run, t, &why);
        if (status == -ECANCELED)
            return status;
        kept += status == 0;
        if (status == 0)
            continue;
        run->dropped[t] = true;
        if (!*first.text)
            first = why;
        status = journal_append(run->journal_fd,
                                record_dropped(run->plan->targets[t].name, why.text), error);
        if (status < 0)
            return status;
    }
    if (vms > 0 && kept == 0)
        return fail(error, ENOTSUP,
                    "--accel kvm: KVM boots none of the targets on this host; the first: %.300s; "
                    "remedy: --accel tcg",
                    first.text);
    return 0;
}

static int try_all(struct run *run, char *reason, size_t size)
{
    for (unsigned t = 0; t < run->plan->target_count; t++) {
        const struct target *target = &run->plan->targets[t];
        struct error why = {0};
        int status;

        if (!target->driver->needs_accel || !target->built_in || run->dropped[t])
            continue;
        status = try_target(run, t, &why);
        if (status == -ECANCELED)
            return status;
        if (status < 0) {
            snprintf(reason, size, "KVM refused target %s: %.300s", target->name, why.text);
            run->machine.accel = ACCEL_TCG;
            return 0;
        }
    }
    snprintf(reason, size, "KVM booted every built-in target of the run");
    return 0;
}

int accel_decide(struct run *run, char *reason, size_t size, struct error *error)
{
    struct machine *machine = &run->machine;
    char proof[256];
    bool proven;

    if (run->plan->options.accel == CHOOSE_TCG || machine->icount) {
        machine->accel = ACCEL_TCG;
        snprintf(reason, size, machine->icount ? "--icount needs TCG" : "--accel tcg");
        return 0;
    }
    proven = kvm_prove(proof, sizeof proof) == 0;
    machine->accel = proven ? ACCEL_KVM : ACCEL_TCG;
    if (run->plan->options.accel == CHOOSE_KVM) {
        if (!proven)
            return fail(error, ENOTSUP, "--accel kvm: no KVM here: %s; remedy: --accel tcg", proof);
        snprintf(reason, size, "--accel kvm; %s", proof);
        return drop_refused(run, error);
    }
    if (proven)
        return try_all(run, reason, size);
    snprintf(reason, size, "no KVM: %s", proof);
    return 0;
}
