/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/memory.h"
#include "bench/measure/network.h"
#include "bench/measure/pulse.h"
#include "bench/measure/slots.h"

const char *const event_names[EVENT_COUNT] = {
    [EVENT_CREATE] = "create",           [EVENT_EXEC] = "QEMU's exec",
    [EVENT_RESUME] = "resume",           [EVENT_KERNEL] = "kernel entry",
    [EVENT_MAIN] = "payload main",       [EVENT_READY] = "payload ready",
    [EVENT_REPLY] = "reply on the wire", [EVENT_EXIT] = "payload exit",
    [EVENT_END] = "end of payload",      [EVENT_GONE] = "end of guest",
};

int slots_open(struct slots *slots, const struct trial_setup *setup, struct trial_report *report,
               struct error *error)
{
    *slots = (struct slots){.setup = setup, .report = report};
    slots->callers = calloc(1, sizeof *slots->callers);
    if (!slots->callers)
        return fail(error, ENOMEM, "out of memory");
    slots->caller_count = 1;
    return caller_open(&slots->callers[0], error);
}

void slots_break(struct slots *slots, int status)
{
    if (slots->broken == 0)
        slots->broken = status;
}

int slots_add(struct slots *slots, struct error *error)
{
    struct slot **list = realloc(slots->list, (slots->count + 1) * sizeof *list);
    struct watch **watches = realloc(slots->watches, (slots->count + 1) * sizeof *watches);
    struct slot *slot = calloc(1, sizeof *slot);

    slots->list = list ? list : slots->list;
    slots->watches = watches ? watches : slots->watches;
    if (!list || !watches || !slot) {
        free(slot);
        return fail(error, ENOMEM, "out of memory");
    }
    slot->memory_fd = -1;
    slot->caller = slots->callers[0];
    watch_init(&slot->watch, slots->setup->ready);
    watches[slots->count] = &slot->watch;
    list[slots->count++] = slot;
    return 0;
}

/* --- calls into the driver, in the caller's thread */

static int create(void *data, struct error *error)
{
    const struct errand *errand = data;
    const struct trial_setup *setup = errand->slots->setup;
    struct slot *slot = errand->slot;
    int status;

    slot->watch.stamps[EVENT_CREATE] = clock_now();
    status = setup->driver->create(setup->context, &slot->launch, &slot->guest, error);
    slot->has_guest = status == 0;
    slot->watch.stamps[EVENT_EXEC] = slot->guest.execed;
    return status;
}

/* Whether the guest may end QEMU before the driver's call has returned, which then fails. */
static bool has_left(const struct errand *errand)
{
    const struct rules *rules = errand->slots->setup->rules;
    struct pollfd end = {.fd = errand->slot->guest.exit_fd, .events = POLLIN};

    return rules && rules->end == END_DEBUG_EXIT && poll(&end, 1, 1000) == 1;
}

static int resume(void *data, struct error *error)
{
    const struct errand *errand = data;
    const struct trial_setup *setup = errand->slots->setup;
    struct error why = {0};
    int status;

    /* The guest can mark before the driver returns. */
    errand->slot->watch.stamps[EVENT_RESUME] = clock_now();
    status = setup->driver->resume(setup->context, &errand->slot->guest, &why);
    return status == 0 || has_left(errand) ? 0 : fail(error, -status, "%s", why.text);
}

static int destroy(void *data, struct error *error)
{
    const struct errand *errand = data;
    const struct trial_setup *setup = errand->slots->setup;

    (void)error;
    setup->driver->destroy(setup->context, &errand->slot->guest);
    return 0;
}

/* What a driver waits for is the guest's process. While it is created only the driver knows it. */
static void cut_create(void *data)
{
    const struct errand *errand = data;
    const struct trial_setup *setup = errand->slots->setup;

    if (setup->driver->give_up)
        setup->driver->give_up(setup->context, &errand->slot->guest);
}

static void cut_other(void *data)
{
    const struct errand *errand = data;

    if (errand->pid > 0)
        kill(errand->pid, SIGKILL);
}

static int ask(struct errand *errand, int step)
{
    static const struct call calls[] = {
        [ERRAND_CREATE] = {.name = "the creation of the guest", .work = create, .cut = cut_create},
        [ERRAND_START] = {.name = "the start of the guest", .work = resume, .cut = cut_other},
        [ERRAND_DESTROY] = {.name = "the end of the guest", .work = destroy, .cut = cut_other},
    };

    errand->step = step;
    errand->pid = errand->slot->guest.pid;
    errand->call = calls[step];
    errand->call.data = errand;
    errand->call.seconds = DRIVER_S;
    return 1;
}

/* --- */

/* Take the descriptions out of the guest before destroy frees them: of the first, in the run's
 * machine. Those beside it have other names and addresses, and a search boots with other sizes of
 * memory. */
static void take_evidence(struct slots *slots, struct slot *slot)
{
    struct boot_report *boot = &slots->report->boots[slot->program];

    slots->report->bad_markers += slot->watch.bad_markers;
    if (boot->booted || slot != slots->list[0] || slot->launch.memory_kib)
        return;
    *boot = (struct boot_report){
        .booted = true,
        .cmdline = slot->launch.cmdline ? strdup(slot->launch.cmdline) : NULL,
        .xml = slot->guest.xml,
        .argv = slot->guest.argv,
        .argv_len = slot->guest.argv_len,
    };
    slot->guest.xml = slot->guest.argv = NULL;
}

static void disconnect(const struct trial_setup *setup, struct slot *slot)
{
    probe_close(slot->probe);
    slot->probe = NULL;
    network_detach(&slot->launch);
    setup->launch_free(&slot->launch);
}

int errand_end(struct errand *errand, struct slots *slots, unsigned number)
{
    struct slot *slot = slots->list[number];

    *errand = (struct errand){.slots = slots, .slot = slot};
    if (!slot->has_guest)
        return 0;
    pulse_guest(slots->pulse, number, 0);
    take_evidence(slots, slot);
    watch_close(&slot->watch);
    if (slot->memory_fd >= 0)
        close(slot->memory_fd);
    slot->memory_fd = -1;
    return ask(errand, ERRAND_DESTROY);
}

int slots_prepare(struct slots *slots, unsigned number, unsigned program, struct error *error)
{
    const struct trial_setup *setup = slots->setup;
    struct slot *slot = slots->list[number];
    int status;

    slot->program = program;
    watch_init(&slot->watch, setup->ready);
    slot->watch.rules = setup->rules;
    guest_init(&slot->guest);
    slot->launch = (struct launch){.memory_kib = slots->memory_kib, .netns = -1};
    status = setup->launch(setup->data, program, number, &slot->launch, error);
    if (status < 0)
        return status;
    status = network_attach(setup->driver, &slot->launch, error);
    if (status == 0 && (slot->launch.port || slot->launch.ping))
        status = probe_open(&slot->launch.instance, slot->launch.port, &slot->probe, error);
    if (status < 0)
        disconnect(setup, slot);
    slot->prepared = status == 0;
    return status;
}

void slots_unprepare(struct slots *slots, unsigned number)
{
    struct slot *slot = slots->list[number];

    if (slot->prepared)
        disconnect(slots->setup, slot);
    slot->prepared = false;
}

/* Nothing that the guest does can come before its start. */
static int check_start(const struct slot *slot, struct error *error)
{
    const int64_t *stamps = slot->watch.stamps;

    for (int i = EVENT_RESUME + 1; i < EVENT_COUNT; i++)
        if (stamps[i] >= 0 && stamps[i] < stamps[EVENT_RESUME])
            return fail(error, EBADMSG, "out of order: %s came %g ms before the guest was started",
                        event_names[i], (double)(stamps[EVENT_RESUME] - stamps[i]) / 1e6);
    return 0;
}

int errand_boot(struct errand *errand, struct slots *slots, unsigned number, unsigned program,
                struct error *error)
{
    struct slot *slot = slots->list[number];
    int status = slot->prepared ? 0 : slots_prepare(slots, number, program, error);

    *errand = (struct errand){.slots = slots, .slot = slot};
    slot->prepared = false;
    return status < 0 ? status : ask(errand, ERRAND_CREATE);
}

static int after_create(struct errand *errand)
{
    const struct trial_setup *setup = errand->slots->setup;
    struct slot *slot = errand->slot;

    if (setup->scenario->weighs && setup->driver->uses_machine)
        slot->memory_fd = memory_file(slot->guest.pid);
    watch_open(&slot->watch, &slot->guest, slot->probe);
    watch_read(&slot->watch, clock_now()); /* there can be nothing yet: check_start() */
    if (slot->probe && ready_by_network(setup->ready))
        probe_start(slot->probe);
    return ask(errand, ERRAND_START);
}

/* Whatever it was, the guest is no more. */
static int after_end(struct errand *errand)
{
    disconnect(errand->slots->setup, errand->slot);
    errand->slot->has_guest = false;
    return errand->status;
}

int errand_next(struct errand *errand, int status, const struct error *why)
{
    struct slots *slots = errand->slots;
    struct slot *slot = errand->slot;
    struct errand end;

    if (errand->step == ERRAND_DESTROY)
        return after_end(errand);
    if (status < 0)
        errand->error = *why;
    if (status == -ECANCELED)
        slots_break(slots, status);
    if (status == 0 && errand->step == ERRAND_CREATE)
        return after_create(errand);
    if (status == 0)
        status = check_start(slot, &errand->error);
    if (status == 0) {
        pulse_guest(slots->pulse, slot->launch.instance.number, slot->guest.pid);
        return 0;
    }
    errand->status = status;
    if (errand_end(&end, slots, slot->launch.instance.number) == 0)
        return after_end(errand);
    return ask(errand, ERRAND_DESTROY);
}

/* --- one errand at a time */

static int run(struct errand *errand, int more, struct error *error)
{
    struct slots *slots = errand->slots;

    while (more > 0) {
        struct error why = {0};
        int status =
            caller_do(errand->slot->caller, &errand->call, slots->watches, slots->count, &why);

        more = errand_next(errand, status, &why);
    }
    return more < 0 ? fail(error, -more, "%s", errand->error.text) : 0;
}

static void end_guest(struct slots *slots, unsigned number)
{
    struct errand errand;

    run(&errand, errand_end(&errand, slots, number), NULL);
}

int slots_boot(struct slots *slots, unsigned number, unsigned program, struct error *error)
{
    struct errand errand;
    int more;

    end_guest(slots, number);
    slots->list[number]->caller = slots->callers[0];
    more = errand_boot(&errand, slots, number, program, error);
    if (more < 0)
        slots_break(slots, more);
    return more < 0 ? more : run(&errand, more, error);
}

void slots_close(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++)
        end_guest(slots, i); /* while the others are watched */
    for (unsigned i = 0; i < slots->count; i++)
        free(slots->list[i]);
    for (unsigned i = 0; i < slots->caller_count; i++)
        caller_close(slots->callers[i]);
    free(slots->list);
    free(slots->watches);
    free(slots->callers);
}
