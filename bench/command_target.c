/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tare target: what a target.json says, and what is wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/escape.h"
#include "bench/command.h"
#include "bench/options.h"
#include "bench/plan/target.h"
#include "bench/plan/target_fields.h"

static const char *const boots[] = {
    [BOOT_ANY] = "its kernel, by PVH or Linux's protocol",
    [BOOT_PVH] = "its kernel, by PVH",
    [BOOT_LINUX] = "its kernel, by Linux's protocol",
    [BOOT_MULTIBOOT] = "its kernel, by multiboot",
    [BOOT_DISK] = "its first disk, by the firmware",
    [BOOT_GRUB] = "its kernel, by GRUB from a disk that tare makes",
};

static const char *const endings[] = {
    [END_MARKER] = "with the status in its marker",
    [END_POWER_OFF] = "by power-off or reset",
    [END_DEBUG_EXIT] = "by isa-debug-exit, QEMU with status %u",
    [END_EXIT] = "with status %u",
    [END_HALT] = "not by itself: it halts, and tare ends it",
    [END_NEVER] = "not by itself: it serves, and tare ends it",
};

static void print_line(const char *what, const char *text)
{
    printf("  %-10s ", what);
    escape_print(text, stdout);
    putchar('\n');
}

static void print_file(const char *what, const struct file *file)
{
    char text[600];

    snprintf(text, sizeof text, "%s, %zu bytes, SHA-256 %.12s...", file->path, file->size,
             file->sha256);
    print_line(what, text);
}

static void print_machine(const struct target *target)
{
    const struct machine usual = {.type = "microvm"};
    char text[128];

    print_line("starts", boots[target->boot]);
    target_difference(target, &usual, text, sizeof text);
    print_line("machine", *text ? text : "the one of every target");
    if (target->memory_min) {
        snprintf(text, sizeof text, "at least %u MiB", target->memory_min);
        print_line("memory", text);
    }
    print_line("network", target_has_network(target)
                              ? *target->address ? target->address : "it is told its address"
                              : "none: nothing in \"cmdline\" tells it its address");
}

static void print_rules(const struct target *target)
{
    const struct rules *rules = &target->rules;
    char text[512];

    if (!target_is_foreign(target)) {
        print_line("ready", "when the payload writes its marker");
        return;
    }
    if (rules->ready.kind == READY_TCP)
        snprintf(text, sizeof text, "when TCP port %u accepts a connection", rules->ready.port);
    else
        snprintf(text, sizeof text, "%s",
                 rules->ready.kind == READY_PING ? "when it answers a ping"
                                                 : "when a line of its console matches");
    print_line("ready", text);
    if (rules->success.text)
        print_line("success", rules->success.text);
    if (rules->failure.text)
        print_line("failure", rules->failure.text);
    snprintf(text, sizeof text, endings[rules->end], rules->status);
    print_line("ends", text);
    for (unsigned i = 0; i < target->offer_count; i++) {
        const struct offer *offer = &target->offers[i];

        snprintf(text, sizeof text, "%s", offer->protocol);
        if (offer->port)
            snprintf(text, sizeof text, "%s on port %u%s", offer->protocol, offer->port,
                     offer->udp ? ", also by UDP" : "");
        print_line("offers", text);
    }
}

static void explain(const struct target *target)
{
    escape_print(target->name, stdout);
    fputs(": ", stdout);
    escape_print(target->summary, stdout);
    putchar('\n');
    print_line("driver", target->driver->summary);
    if (target->kernel.path)
        print_file("kernel", &target->kernel);
    for (unsigned i = 0; i < target->disk_count; i++)
        if (target->disks[i].file.path)
            print_file("disk", &target->disks[i].file);
    if (target->driver->uses_machine)
        print_machine(target);
    if (*target->cmdline)
        print_line("cmdline", target->cmdline);
    print_rules(target);
    if (target->absent)
        print_line("left out", target->absent);
}

/* Explain the target that `name` names, the path of a target.json. */
static int check_one(const char *name, const struct images *images)
{
    struct error error = {0};
    struct target target;
    int status = target_read(datadir, images, name, &target, &error), result = 0;

    if (status == 0)
        explain(&target);
    else
        result = complain(status, &error);
    target_free(&target);
    return result;
}

/* The path as target_read() takes it, which tells a path from a name by its slash. */
static char *with_slash(const char *path)
{
    char *copy;

    return asprintf(&copy, "%s%s", strchr(path, '/') ? "" : "./", path) < 0 ? NULL : copy;
}

static int check_all(const char *path, const struct images *images)
{
    const cJSON *variant;
    struct error error = {0};
    cJSON *json;
    int status = target_parse_file(path, &json, &error), result = 0;

    if (status < 0)
        return complain(status, &error);
    variant = cJSON_GetObjectItemCaseSensitive(json, "variants");
    variant = cJSON_IsObject(variant) ? variant->child : NULL;
    if (!variant)
        result = check_one(path, images);
    for (; variant; variant = variant->next) {
        char *name;
        int one;

        if (asprintf(&name, "%s.%s", path, variant->string) < 0)
            break;
        one = check_one(name, images);
        result = one ? one : result;
        free(name);
    }
    cJSON_Delete(json);
    return result;
}

int command_target(int argc, char **argv)
{
    const struct images images = {.folder = options_images()};
    struct error error = {0};
    char *path;
    int result;

    (void)argc;
    if (strcmp(argv[1], "check") != 0)
        return complain(fail(&error, EINVAL, "target \"%s\": there is check", argv[1]), &error);
    path = with_slash(argv[2]);
    result = path ? check_all(path, &images) : EXIT_FAILED;
    free(path);
    return result;
}
