/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/measure/sandbox.h"
#include "bench/plan/grub.h"
#include "bench/plan/tender.h"
#include "bench/run/overlay.h"
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

static void disk_path(const struct target *target, unsigned index, char *path, size_t size)
{
    snprintf(path, size, STAGE "/%s.disk%u", target->name, index);
}

/* What GRUB loads, QEMU does not. */
static void drop_kernel(struct launch *launch)
{
    free((char *)launch->kernel);
    free((char *)launch->initrd);
    free((char *)launch->cmdline);
    launch->kernel = launch->initrd = launch->cmdline = NULL;
}

/* Put the disk where a launch finds it: mounted, for it may be too large for memory. It must be the
 * file that was hashed. Its place was made before what is staged was sealed. */
static int mount_disk(const struct target *target, unsigned index, struct error *error)
{
    const struct target_disk *disk = &target->disks[index];
    int tree = sandbox_borrow(disk->file.path, error);
    struct stat about;
    char path[256];
    int status = 0;

    if (tree < 0)
        return tree;
    disk_path(target, index, path, sizeof path);
    if (fstat(tree, &about) < 0 || about.st_dev != disk->device || about.st_ino != disk->inode ||
        about.st_mtim.tv_sec != disk->changed.tv_sec ||
        about.st_mtim.tv_nsec != disk->changed.tv_nsec)
        status = fail(error, ESTALE, "%s: changed while tare read it; try again", disk->file.path);
    else if (move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        status = fail(error, errno, "%s: %s", path, strerror(errno));
    close(tree);
    return status;
}

static int mount_disks(const struct plan *plan, struct error *error)
{
    int status = 0;

    for (unsigned t = 0; t < plan->target_count; t++)
        for (unsigned d = 0;
             !plan->targets[t].absent && d < plan->targets[t].disk_count && status == 0; d++)
            status = mount_disk(&plan->targets[t], d, error);
    return status;
}

static int stage_target(const struct plan *plan, const struct target *target, struct error *error)
{
    const struct file *kernel = &target->kernel, *tender = &target->tender_file;
    char path[256];
    int status = 0;

    if (target->absent)
        return 0;
    snprintf(path, sizeof path, STAGE "/%s.kernel", target->name);
    if (kernel->data)
        status = file_write(path, &kernel, 1, 0700, error);
    for (unsigned d = 0; d < target->disk_count && status == 0; d++) {
        disk_path(target, d, path, sizeof path);
        status = file_write(path, NULL, 0, 0600, error);
    }
    snprintf(path, sizeof path, STAGE "/%s.tender", target->name);
    if (status == 0 && target->tender[0])
        status = file_write(path, &tender, 1, 0700, error);
    if (!target->driver->uses_machine)
        return status;
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
    if (status == 0)
        status = seal(error);
    return status < 0 ? status : mount_disks(plan, error);
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
    if (*target->address && instance > 0)
        return fail(error, ENOTSUP, "target %s: its image has one address, for one guest at a time",
                    target->name);
    if (*target->address)
        snprintf(launch->instance.address, sizeof launch->instance.address, "%s", target->address);
    launch->name = instance ? format("%s.%u", target->name, instance) : format("%s", target->name);
    launch->workdir = format(GUESTS "/%u", instance);
    if (!launch->name || !launch->workdir)
        return fail(error, ENOMEM, "out of memory");
    if (mkdir(launch->workdir, 0700) < 0 && errno != EEXIST)
        return fail(error, errno, "%s: %s", launch->workdir, strerror(errno));
    return 0;
}

/* One more disk, its overlay empty. */
static int add_disk(struct launch *launch, enum disk_bus bus, const char *base,
                    const char *base_format, uint64_t size, struct error *error)
{
    struct disk *disk = &launch->disks[launch->disk_count];

    *disk = (struct disk){.bus = bus,
                          .overlay = format("%s/disk%u", launch->workdir, launch->disk_count),
                          .base = format("%s", base),
                          .base_format = base_format};
    launch->disk_count++;
    return disk->overlay && disk->base
               ? overlay_write(disk->overlay, disk->base, base_format, size, error)
               : fail(error, ENOMEM, "out of memory");
}

/* The disk with GRUB, which takes kernel and initrd in; from there they come. */
static int add_grub(const struct target *target, struct launch *launch, struct error *error)
{
    unsigned version = elf_multiboot(&target->kernel).version;
    char path[256];
    uint64_t size;
    int status;

    snprintf(path, sizeof path, "%s/grub", launch->workdir);
    status = grub_write(path, &target->grub, &target->kernel, version, launch->initrd,
                        launch->cmdline, &size, error);
    return status < 0 ? status : add_disk(launch, DISK_VIRTIO, path, "raw", size, error);
}

static int fill_disks(const struct target *target, struct launch *launch, struct error *error)
{
    int status = target->boot == BOOT_GRUB ? add_grub(target, launch, error) : 0;

    for (unsigned i = 0; i < target->disk_count && status == 0; i++) {
        const struct target_disk *from = &target->disks[i];
        char path[256];

        disk_path(target, i, path, sizeof path);
        status = add_disk(launch, from->bus, path, from->format, from->size, error);
    }
    if (target->boot == BOOT_GRUB)
        drop_kernel(launch);
    return status;
}

/* Fill in what the target boots. */
static int fill_files(const struct target *target, struct purpose purpose,
                      const struct arguments *arguments, struct launch *launch, struct error *error)
{
    bool machine = target->driver->uses_machine;
    bool initrd = machine && (target->payload == PAYLOAD_INITRD || target->extra_count > 0);

    launch->program = format(STAGE "/%s.program", purpose.text);
    launch->kernel = target->kernel.data ? format(STAGE "/%s.kernel", target->name) : NULL;
    launch->initrd = initrd ? format(STAGE "/%s.%s.initrd", target->name, purpose.text) : NULL;
    launch->cmdline = target_cmdline(target, PAYLOAD_PROGRAM, arguments->text, launch);
    if (!launch->program || !launch->cmdline || (target->kernel.data && !launch->kernel) ||
        (initrd && !launch->initrd))
        return fail(error, ENOMEM, "out of memory");
    return 0;
}

#define SHOWN_IMAGE "image"
#define SHOWN_PAYLOAD "payload"

/* Have the tender be the process, in place of the program, which it may run. */
static int fill_tender(const struct target *target, const struct arguments *arguments,
                       struct launch *launch, struct error *error)
{
    struct shown *shown = launch->shown;

    if (launch->kernel)
        *shown++ = (struct shown){launch->kernel, SHOWN_IMAGE};
    if (tender_takes(target, "{payload}")) {
        launch->payload = launch->program;
        *shown++ = (struct shown){launch->payload, SHOWN_PAYLOAD};
    } else {
        free((char *)launch->program);
    }
    launch->program = format(STAGE "/%s.tender", target->name);
    if (tender_takes(target, "{tap}"))
        launch->asked = target->no_vnet_hdr ? TAP_PLAIN : TAP_VNET_HDR;
    launch->argv = tender_argv(target, launch, launch->kernel ? SANDBOX_DIR "/" SHOWN_IMAGE : "",
                               SANDBOX_DIR "/" SHOWN_PAYLOAD, arguments);
    launch->tended = true; /* argv is its own */
    return launch->program && launch->argv ? 0 : fail(error, ENOMEM, "out of memory");
}

int stage_launch(const struct run *run, const struct planned *planned, unsigned program,
                 const struct machine *machine, unsigned instance, struct launch *launch,
                 struct error *error)
{
    const struct plan *plan = run->plan;
    const struct target *target = &plan->targets[planned->target];
    const struct planned_program *what = &plan->programs[planned->scenario][program];
    bool foreign = target_is_foreign(target);
    const struct ready *ready = foreign ? &target->rules.ready : what->ready;
    bool network = (what->about.network || foreign) && target_has_network(target);
    int status;

    *launch = (struct launch){
        .machine = machine,
        .memory_kib = launch->memory_kib,
        .argv = what->arguments->argv,
        .script = target->script,
        .network = network,
        .port = !network  ? 0
                : foreign ? ready->port
                          : what->about.port,
        .ping = network && ready->kind == READY_PING,
        .netns = -1,
        .hidden = SANDBOX_DIR,
    };
    status = fill_instance(target, instance, launch, error);
    if (status == 0)
        status = fill_files(target, purpose_of(plan, planned->scenario, program), what->arguments,
                            launch, error);
    if (status == 0 && target->tender[0])
        status = fill_tender(target, what->arguments, launch, error);
    if (status == 0)
        status = fill_disks(target, launch, error);
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
    free((char *)launch->payload);
    if (launch->tended)
        tender_argv_free((char **)launch->argv);
    for (unsigned i = 0; i < launch->disk_count; i++) {
        free((char *)launch->disks[i].overlay);
        free((char *)launch->disks[i].base);
    }
    *launch = (struct launch){.netns = -1};
}
