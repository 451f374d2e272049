/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a target: found, read or hashed, and looked at. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/plan/grub.h"
#include "bench/plan/payload.h"
#include "bench/plan/target_fields.h"
#include "bench/plan/tender.h"

static const char *const formats[] = {"raw", "qcow2", NULL};
static const char *const buses[] = {"virtio", "ide", "sata", NULL};

/* The path that --image gives for the target, or NULL. */
static const char *named_image(const struct reading *reading)
{
    const char *name = reading->target->name;
    size_t length = strlen(name);

    for (const char *const *image = reading->images ? reading->images->named : NULL;
         image && *image; image++)
        if (strncmp(*image, name, length) == 0 && (*image)[length] == '=')
            return *image + length + 1;
    return NULL;
}

static char *join(const char *folder, size_t length, const char *name)
{
    char *path;

    return asprintf(&path, "%.*s/%s", (int)length, folder, name) < 0 ? NULL : path;
}

/* Where file `name` is to be: --image's, in the folder of images, or beside target.json. `first`:
 * it is what --image means by a file. The caller frees it. */
static char *find_file(const struct reading *reading, const char *name, bool first)
{
    const char *image = named_image(reading);
    const char *folder = reading->images ? reading->images->folder : NULL;
    const char *slash = image ? strrchr(image, '/') : NULL;
    struct stat about;
    char *path = NULL, *own;

    if (image && stat(image, &about) == 0 && S_ISDIR(about.st_mode))
        return join(image, strlen(image), name);
    if (image && first)
        return strdup(image);
    if (image)
        return slash ? join(image, (size_t)(slash - image), name) : join(".", 1, name);
    if (folder && reading->target->image &&
        (own = join(folder, strlen(folder), reading->target->name))) {
        path = join(own, strlen(own), name);
        free(own);
        if (path && access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return join(reading->path, (size_t)(strrchr(reading->path, '/') - reading->path), name);
}

/* A file of the user's images that is not there: no fault of anybody. */
static int not_found(const struct reading *reading, const char *name)
{
    struct target *target = reading->target;
    const char *dot = strchr(target->name, '.');

    if (!target->absent &&
        asprintf(&target->absent, "image not found: %s; see kernels/%.*s/README.md", name,
                 (int)(dot ? dot - target->name : (long)strlen(target->name)), target->name) < 0)
        return -ENOMEM;
    return 0;
}

/* Read file `name` of `field`. Where one of the user's images is not there, that is no failure:
 * `file` stays empty, and the target is absent. */
static int read_one(const struct reading *reading, const char *field, const char *name, bool first,
                    struct file *file, struct error *error)
{
    char *path = find_file(reading, name, first);
    int status;

    if (!path)
        return fail(error, ENOMEM, "out of memory");
    if (reading->target->image && access(path, F_OK) < 0 && errno == ENOENT)
        status = not_found(reading, name);
    else if ((status = file_read(path, file, error)) < 0)
        error_prefix(error, "%s: field \"%s\"", reading->path, field);
    free(path);
    return status;
}

/* --- the kernel */

/* Whether the kernel can be booted as the field "boot" says; else what could. */
static int check_boot(const struct file *kernel, enum boot boot, struct error *error)
{
    struct multiboot multiboot = elf_multiboot(kernel);
    struct error why = {0};
    bool bz = elf_is_linux(kernel), pvh = !bz && elf_check_kernel(kernel, &why) == 0;

    switch (boot) {
    case BOOT_LINUX:
        return bz ? 0
                  : fail(error, ENOEXEC, "%s: no Linux bzImage%s", kernel->path,
                         pvh ? ", but an ELF with a PVH entry note: \"boot\": \"pvh\"" : "");
    case BOOT_MULTIBOOT:
        if (multiboot.version != 1)
            return fail(error, ENOEXEC, "%s: no multiboot header%s", kernel->path,
                        multiboot.version == 2 ? " but multiboot 2's, which QEMU does not know: "
                                                 "\"boot\": \"grub\""
                        : pvh                  ? ", but a PVH entry note: \"boot\": \"pvh\""
                        : bz                   ? ", but it is a bzImage: \"boot\": \"linux\""
                                               : " in its first 8 KiB");
        if (multiboot.refused)
            return fail(error, ENOEXEC,
                        "%s: QEMU refuses a 64-bit ELF whose multiboot header has no addresses: "
                        "\"boot\": \"grub\"",
                        kernel->path);
        return 0;
    case BOOT_GRUB:
        return multiboot.version ? 0
                                 : fail(error, ENOEXEC, "%s: no multiboot header", kernel->path);
    default:
        if (boot == BOOT_PVH ? pvh : pvh || bz)
            return 0;
        if (multiboot.version)
            return fail(error, ENOEXEC,
                        "%s: no PVH entry note, but a multiboot header: "
                        "\"boot\": \"%s\"",
                        kernel->path,
                        multiboot.version == 2 || multiboot.refused ? "grub" : "multiboot");
        if (bz)
            return fail(error, ENOEXEC, "%s: a bzImage: \"boot\": \"linux\"", kernel->path);
        return fail(error, ENOEXEC, "%s", why.text);
    }
}

static int take_kernel(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(reading->json, "kernel");
    char *name = NULL;
    int status;

    if (target->boot == BOOT_DISK)
        return item ? target_fault(reading, error, "kernel",
                                   "\"boot\": \"disk\" has its kernel on the disk")
                    : 0;
    if (!target->driver->uses_machine && !item)
        return 0; /* a process is the payload, unless it is told otherwise */
    if (!item)
        return target_fault(reading, error, "kernel", "missing");
    status = target_text(reading, "kernel", &name, error);
    if (status == 0)
        status = read_one(reading, "kernel", name, true, &target->kernel, error);
    if (status == 0 && target->kernel.data && target->driver->uses_machine &&
        (status = check_boot(&target->kernel, target->boot, error)) < 0)
        error_prefix(error, "%s: field \"kernel\"", reading->path);
    free(name);
    return status;
}

/* --- the initrd */

/* The archives of the initrd. Where the payload comes by it, it comes first. */
static int take_initrd(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(reading->json, "initrd"), *item;
    bool with_payload = target->payload == PAYLOAD_INITRD;
    const cJSON *first = cJSON_GetArrayItem(list, 0);
    int index = 0;

    if (target->boot == BOOT_DISK && (list || with_payload))
        return target_fault(reading, error, list ? "initrd" : "payload",
                            "a disk that boots takes no initrd; \"payload\" is baked or none");
    if (!list && !with_payload)
        return 0;
    if (!cJSON_IsArray(list) ||
        (with_payload && (!cJSON_IsString(first) || strcmp(first->valuestring, "payload") != 0)))
        return target_fault(reading, error, "initrd", "must be an array%s",
                            with_payload ? " that starts with \"payload\"" : "");
    if (cJSON_GetArraySize(list) > EXTRAS_MAX + with_payload)
        return target_fault(reading, error, "initrd", "more than %d files", EXTRAS_MAX);
    target->extras = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *target->extras);
    if (!target->extras)
        return fail(error, ENOMEM, "out of memory");
    cJSON_ArrayForEach(item, list)
    {
        int status;

        if (with_payload && item == first)
            continue;
        index = with_payload ? (int)target->extra_count + 1 : (int)target->extra_count;
        if (!cJSON_IsString(item))
            return fail(error, EINVAL, "%s: field \"initrd\"[%d]: must be a file name",
                        reading->path, index);
        status = read_one(reading, "initrd", item->valuestring, false,
                          &target->extras[target->extra_count++], error);
        if (status < 0)
            return status;
    }
    return 0;
}

/* --- disks */

static uint64_t big_endian(const unsigned char *bytes, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* The size of a qcow2 image's disk (QEMU's docs/interop/qcow2.txt). One that would have QEMU open
 * other files is refused. */
static int look_into_qcow2(const unsigned char header[104], struct target_disk *disk,
                           struct error *error)
{
    const char *path = disk->file.path;
    uint64_t version = big_endian(header + 4, 4);

    if (memcmp(header, "QFI\xfb", 4) != 0 || version < 2 || version > 3)
        return fail(error, EINVAL, "%s: no qcow2 image of version 2 or 3", path);
    if (big_endian(header + 8, 8) != 0)
        return fail(error, EINVAL,
                    "%s: has a backing file; make one of both: qemu-img convert -O qcow2", path);
    if (version == 3 && (big_endian(header + 72, 8) & 4))
        return fail(error, EINVAL, "%s: keeps its data in another file; qemu-img convert", path);
    if (big_endian(header + 32, 4) != 0)
        return fail(error, EINVAL, "%s: is encrypted", path);
    disk->size = big_endian(header + 24, 8);
    return 0;
}

static int look_into(struct target_disk *disk, off_t size, struct error *error)
{
    unsigned char header[104] = {0};
    FILE *file = fopen(disk->file.path, "re");
    size_t got;

    if (!file)
        return fail(error, errno, "%s: %s", disk->file.path, strerror(errno));
    got = fread(header, 1, sizeof header, file);
    fclose(file);
    if (strcmp(disk->format, "qcow2") == 0)
        return look_into_qcow2(header, disk, error);
    if (got >= 4 && memcmp(header, "QFI\xfb", 4) == 0)
        return fail(error, EINVAL, "%s: is a qcow2 image: \"format\": \"qcow2\"", disk->file.path);
    disk->size = (uint64_t)size;
    return disk->size >= 512 ? 0 : fail(error, EINVAL, "%s: holds no sector", disk->file.path);
}

/* Hash the disk at `path`. What file it is and when it was changed is asked before, so that a write
 * meanwhile is seen. */
static int hash_disk(const char *path, struct target_disk *disk, struct error *error)
{
    struct stat about = {0};
    int status;

    stat(path, &about); /* if it fails, so does the next */
    status = file_hash(path, &disk->file, error);
    disk->device = about.st_dev;
    disk->inode = about.st_ino;
    disk->changed = about.st_mtim;
    return status == 0 ? look_into(disk, about.st_size, error) : status;
}

/* IDE is on pc, SATA on q35, virtio on all. */
static int check_bus(const struct reading *reading, enum disk_bus bus, struct error *error)
{
    const struct target *target = reading->target;
    const char *type = bus == DISK_IDE ? "pc" : "q35";

    if (bus == DISK_VIRTIO ||
        (target->machine_count == 1 && strcmp(target->machines[0], type) == 0))
        return 0;
    return target_fault(reading, error, "disks",
                        "bus %s is on machine %s only: \"machines\": [\"%s\"]", buses[bus], type,
                        type);
}

static int take_disk(const struct reading *reading, const cJSON *item, struct error *error)
{
    static const char *const known[] = {"file", "format", "bus", NULL};
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "file");
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(item, "format");
    const cJSON *bus = cJSON_GetObjectItemCaseSensitive(item, "bus");
    struct target *target = reading->target;
    struct target_disk *disk = &target->disks[target->disk_count];
    bool first = target->disk_count == 0 && target->boot == BOOT_DISK;
    const char *unknown;
    int index = 0, status;
    char *path, *real;

    if (!cJSON_IsObject(item) || !cJSON_IsString(name))
        return target_fault(reading, error, "disks", "must be an array of {\"file\": \"NAME\"}");
    unknown = target_unknown(item, known);
    if (unknown)
        return target_fault(reading, error, "disks", "\"%s\" is unknown in it", unknown);
    if (format && (index = target_word(reading, "disks", format, formats, error)) < 0)
        return index;
    disk->format = formats[index];
    index = 0;
    if (bus && (index = target_word(reading, "disks", bus, buses, error)) < 0)
        return index;
    disk->bus = (enum disk_bus)index;
    status = check_bus(reading, disk->bus, error);
    if (status < 0)
        return status;
    path = find_file(reading, name->valuestring, first);
    real = path ? realpath(path, NULL) : NULL;
    target->disk_count++;
    if (!real && errno == ENOENT && target->image)
        status = not_found(reading, name->valuestring);
    else
        status = hash_disk(real ? real : path, disk, error);
    if (status < 0)
        error_prefix(error, "%s: field \"disks\"", reading->path);
    free(path);
    free(real);
    return status;
}

static int take_disks(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(reading->json, "disks"), *item;
    int most = DISKS_MAX - (target->boot == BOOT_GRUB), status = 0;

    if (!list)
        return target->boot == BOOT_DISK
                   ? target_fault(reading, error, "disks", "missing: what is to be booted")
                   : 0;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < 1 || cJSON_GetArraySize(list) > most)
        return target_fault(reading, error, "disks", "must be an array of 1 to %d", most);
    cJSON_ArrayForEach(item, list)
    {
        if (status == 0)
            status = take_disk(reading, item, error);
    }
    return status;
}

/* microvm's firmware boots no disk. */
static int check_machines(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;

    if (target->boot != BOOT_DISK && target->boot != BOOT_GRUB)
        return 0;
    if (target->machine_count == 0) {
        target->machines[target->machine_count++] = "pc";
        target->machines[target->machine_count++] = "q35";
    }
    for (unsigned i = 0; i < target->machine_count; i++)
        if (strcmp(target->machines[i], "microvm") == 0)
            return target_fault(reading, error, "machines", "microvm boots from no disk");
    return 0;
}

static int take_grub(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;
    int status;

    if (target->boot != BOOT_GRUB || target->absent)
        return 0;
    if (!grub_passes(target->cmdline))
        return target_fault(reading, error, "cmdline", GRUB_RULE);
    status = grub_make(&target->grub, error);
    if (status != -ENOENT)
        return status;
    target->absent = strdup("GRUB is not installed: apt-get install grub-common grub-pc-bin");
    return target->absent ? 0 : -ENOMEM;
}

/* What a process is started by. */
static int take_tender(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;
    char *beside;
    int status;

    if (target->driver->uses_machine)
        return target_fault(reading, error, "tender", "driver %s runs a VM", target->driver->name);
    beside = find_file(reading, target->tender[0], false);
    status = beside ? tender_read(target, beside, error) : fail(error, ENOMEM, "out of memory");
    free(beside);
    if (status == 0 && tender_takes(target, "{image}") && !target->kernel.data && !target->absent)
        status = target_fault(reading, error, "kernel", "missing; the tender asks for {image}");
    return status;
}

int target_files(const struct reading *reading, struct error *error)
{
    static const char *const of_vms[] = {"boot", "disks", "initrd", "machines", "nics", NULL};
    struct target *target = reading->target;
    int status;

    for (const char *const *field = of_vms; *field && !target->driver->uses_machine; field++)
        if (cJSON_GetObjectItemCaseSensitive(reading->json, *field))
            return target_fault(reading, error, *field, "driver %s runs no VM",
                                target->driver->name);
    status = target->driver->uses_machine ? check_machines(reading, error) : 0;
    if (status == 0)
        status = take_kernel(reading, error);
    if (status == 0 && target->tender[0])
        status = take_tender(reading, error);
    if (status == 0 && target->driver->uses_machine)
        status = take_initrd(reading, error);
    if (status == 0 && target->driver->uses_machine)
        status = take_disks(reading, error);
    if (status == 0 && target->boot == BOOT_DISK && *target->cmdline)
        status = target_fault(reading, error, "cmdline",
                              "\"boot\": \"disk\": nothing would tell it to the kernel");
    return status == 0 ? take_grub(reading, error) : status;
}
