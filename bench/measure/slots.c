/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/clock.h"
#include "bench/measure/caller.h"
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
    return caller_open(&slots->caller, error);
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
    watch_init(&slot->watch, slots->setup->ready);
    watches[slots->count] = &slot->watch;
    list[slots->count++] = slot;
    return 0;
}

/* --- calls into the driver, in the caller's thread */

struct subject {
    const struct trial_setup *setup;
    struct slot *slot;
    pid_t pid; /* the guest's process; 0 before it is created */
};

static int create(void *data, struct error *error)
{
    const struct subject *subject = data;
    struct slot *slot = subject->slot;
    int status;

    slot->watch.stamps[EVENT_CREATE] = clock_now();
    status =
        subject->setup->driver->create(subject->setup->context, &slot->launch, &slot->guest, error);
    slot->has_guest = status == 0;
    slot->watch.stamps[EVENT_EXEC] = slot->guest.execed;
    return status;
}

static int resume(void *data, struct error *error)
{
    const struct subject *subject = data;

    /* The guest can mark before the driver returns. */
    subject->slot->watch.stamps[EVENT_RESUME] = clock_now();
    return subject->setup->driver->resume(subject->setup->context, &subject->slot->guest, error);
}

static int destroy(void *data, struct error *error)
{
    const struct subject *subject = data;

    (void)error;
    subject->setup->driver->destroy(subject->setup->context, &subject->slot->guest);
    return 0;
}

/* What a driver waits for is the guest's process. While it is created only the driver knows it. */
static void cut_create(void *data)
{
    const struct subject *subject = data;

    if (subject->setup->driver->give_up)
        subject->setup->driver->give_up(subject->setup->context);
}

static void cut_other(void *data)
{
    const struct subject *subject = data;

    if (subject->pid > 0)
        kill(subject->pid, SIGKILL);
}

static int call(struct slots *slots, struct slot *slot, const char *name,
                int (*work)(void *data, struct error *error), struct error *error)
{
    struct subject subject = {slots->setup, slot, slot->guest.pid};
    const struct call call = {
        .name = name,
        .work = work,
        .cut = work == create ? cut_create : cut_other,
        .data = &subject,
        .seconds = DRIVER_S,
    };
    int status = caller_do(slots->caller, &call, slots->watches, slots->count, error);

    if (status == -ECANCELED && work != destroy)
        slots->broken = status;
    return status;
}

/* --- */

/* Take the descriptions out of the guest before destroy frees them. */
static void take_evidence(struct slots *slots, struct slot *slot)
{
    struct boot_report *boot = &slots->report->boots[slot->program];

    slots->report->bad_markers += slot->watch.bad_markers;
    if (boot->booted)
        return; /* it would tell the same again */
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

static void end_guest(struct slots *slots, struct slot *slot)
{
    struct error ignored = {0};

    if (!slot->has_guest)
        return;
    pulse_guest(slots->pulse, slot->launch.instance.number, 0);
    take_evidence(slots, slot);
    watch_close(&slot->watch);
    if (slot->memory_fd >= 0)
        close(slot->memory_fd);
    slot->memory_fd = -1;
    call(slots, slot, "the end of the guest", destroy, &ignored);
    disconnect(slots->setup, slot);
    slot->has_guest = false;
}

void slots_close(struct slots *slots)
{
    for (unsigned i = 0; i < slots->count; i++)
        end_guest(slots, slots->list[i]); /* while the others are watched */
    for (unsigned i = 0; i < slots->count; i++)
        free(slots->list[i]);
    free(slots->list);
    free(slots->watches);
    caller_close(slots->caller);
}

/* What the guest will be started and connected by. If that fails, it is tare's failure, not the
 * guest's. */
static int prepare(struct slots *slots, unsigned number, struct error *error)
{
    const struct trial_setup *setup = slots->setup;
    struct slot *slot = slots->list[number];
    int status = setup->launch(setup->data, slot->program, number, &slot->launch, error);

    if (status < 0)
        return status;
    slot->launch.memory_kib = slots->memory_kib;
    status = network_attach(setup->driver, &slot->launch, error);
    if (status == 0 && (slot->launch.port || slot->launch.ping))
        status = probe_open(&slot->launch.instance, slot->launch.port, &slot->probe, error);
    if (status < 0)
        disconnect(setup, slot);
    return status;
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

int slots_boot(struct slots *slots, unsigned number, unsigned program, struct error *error)
{
    const struct trial_setup *setup = slots->setup;
    struct slot *slot = slots->list[number];
    int status;

    end_guest(slots, slot);
    slot->program = program;
    watch_init(&slot->watch, setup->ready);
    guest_init(&slot->guest);
    slots->broken = status = prepare(slots, number, error);
    if (status < 0)
        return status;
    status = call(slots, slot, "the creation of the guest", create, error);
    if (status == 0) {
        if (setup->scenario->weighs && setup->driver->uses_machine)
            slot->memory_fd = memory_file(slot->guest.pid);
        watch_open(&slot->watch, &slot->guest, slot->probe);
        watch_read(&slot->watch, clock_now()); /* there can be nothing yet: check_start() */
        if (slot->probe && ready_by_network(setup->ready))
            probe_start(slot->probe);
        status = call(slots, slot, "the start of the guest", resume, error);
    }
    if (status == 0)
        status = check_start(slot, error);
    if (status == 0)
        pulse_guest(slots->pulse, number, slot->guest.pid);
    if (status < 0 && slot->has_guest)
        end_guest(slots, slot);
    else if (status < 0)
        disconnect(setup, slot);
    return status;
}
