/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/measure/caller.h"
#include "bench/measure/sandbox.h"
#include "bench/plan/part.h"
#include "bench/plan/tender.h"
#include "bench/run/attempt.h"
#include "bench/run/stage.h"

/* What open and close are about. */
struct opening {
    const struct driver *driver;
    const char *workdir;
    void **context;
};

static int open_it(void *data, struct error *error)
{
    const struct opening *opening = data;

    return opening->driver->open(opening->workdir, opening->context, error);
}

static int close_it(void *data, struct error *error)
{
    const struct opening *opening = data;

    (void)error;
    opening->driver->close(*opening->context);
    return 0;
}

/* They may block, as every call into a driver. */
static int call(const char *name, int (*work)(void *data, struct error *error),
                struct opening *opening, struct error *error)
{
    const struct call call = {.name = name, .work = work, .data = opening, .seconds = DRIVER_S};
    struct caller *caller;
    int status = caller_open(&caller, error);

    if (status < 0)
        return status;
    status = caller_do(caller, &call, NULL, 0, error);
    caller_close(caller);
    return status;
}

/* The number of `target`'s driver in drivers[], opened. */
static int open_driver(struct run *run, const struct target *target, struct error *error)
{
    int index = 0;

    while (drivers[index] != target->driver)
        index++;
    if (!run->opened[index] && target->driver->open) {
        char workdir[64];
        struct opening opening = {target->driver, workdir, &run->contexts[index]};
        int status;

        snprintf(workdir, sizeof workdir, SANDBOX_DIR "/%s", target->driver->name);
        if (mkdir(workdir, 0700) < 0)
            return fail(error, errno, "%s: %s", workdir, strerror(errno));
        status = call("opening the driver", open_it, &opening, error);
        if (status < 0)
            return status;
    }
    run->opened[index] = true;
    return index;
}

void attempt_close(struct run *run)
{
    for (int i = 0; drivers[i]; i++) {
        struct opening opening = {drivers[i], NULL, &run->contexts[i]};
        struct error ignored = {0};

        if (run->opened[i] && drivers[i]->close)
            call("closing the driver", close_it, &opening, &ignored);
    }
}

/* What a launch is made from. */
struct source {
    const struct run *run;
    const struct planned *planned;
    const struct machine *machine; /* the target's */
};

static int launch(const void *data, unsigned program, unsigned instance, struct launch *launch,
                  struct error *error)
{
    const struct source *source = data;

    return stage_launch(source->run, source->planned, program, source->machine, instance, launch,
                        error);
}

static bool is_probed(const struct plan *plan, const struct planned *planned)
{
    const struct target *target = &plan->targets[planned->target];
    bool probed = false;

    if (target_is_foreign(target))
        return ready_by_network(&target->rules.ready);
    for (unsigned p = 0; p < plan->program_counts[planned->scenario]; p++)
        probed |= plan->programs[planned->scenario][p].about.port != 0 ||
                  plan->programs[planned->scenario][p].ready->kind == READY_PING;
    return probed && target_has_network(target);
}

/* When the guest counts as started. */
static const struct ready *ready_of(const struct plan *plan, const struct planned *planned)
{
    const struct target *target = &plan->targets[planned->target];

    if (target_is_foreign(target))
        return &target->rules.ready;
    return target->runs_program ? plan->programs[planned->scenario]->ready : &ready_by_marker;
}

int attempt_trial(struct run *run, const struct planned *planned, struct trial_report *report)
{
    const struct plan *plan = run->plan;
    const struct target *target = &plan->targets[planned->target];
    struct machine machine = target_machine(target, &run->machine);
    struct source source = {run, planned, &machine};
    char label[128];
    struct trial_setup setup = {
        .scenario = plan->scenarios[planned->scenario],
        .driver = target->driver,
        .machine = &machine,
        .ready = ready_of(plan, planned),
        .rules = &target->rules,
        .profile = plan->options.profile,
        .label = label,
        .pcap_dir = plan->pcap_dir,
        .vms = plan->options.vms,
        .url = plan->options.url ? plan->options.url : "/",
        .offers = target->offers,
        .offer_count = target_is_foreign(target) ? target->offer_count : 0,
        .offer = part_offer(plan->scenarios[planned->scenario], target),
        .users_program = plan->options.payload != NULL || target_is_foreign(target),
        .runs_program = target->runs_program,
        .trying = plan->options.trying,
        .memory_step_kib = target->driver->uses_machine       ? 1
                           : tender_takes(target, "{memory}") ? 1024
                                                              : 0,
        .probed = is_probed(plan, planned),
        .launch = launch,
        .launch_free = stage_launch_free,
        .data = &source,
    };
    int driver;

    *report = (struct trial_report){0};
    snprintf(label, sizeof label, "%s-%s-%u", setup.scenario->name, target->name,
             planned->repetition);
    driver = open_driver(run, target, &report->error);
    if (driver < 0)
        return driver;
    setup.context = run->contexts[driver];
    return trial_run(&setup, report);
}
