/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tare target: what a target.json says, what is wrong with it, and what became of it once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/advice.h"
#include "bench/base/escape.h"
#include "bench/base/json.h"
#include "bench/command.h"
#include "bench/options.h"
#include "bench/plan/target.h"
#include "bench/plan/target_fields.h"
#include "bench/progress.h"
#include "bench/result/results.h"
#include "bench/run/session.h"
#include "drivers/instance.h"

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
    char text[128];

    print_line("starts", boots[target->boot]);
    target_difference(target, &machine_usual, text, sizeof text);
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

/* The path as target_read() takes it, which tells a path from a name by its slash. What is no file
 * is a target that comes with tare, as `tare run` names it. */
static char *as_path(const char *named)
{
    int length = (int)strcspn(named, ".");
    char *path;
    int status;

    if (strchr(named, '/'))
        status = asprintf(&path, "%s", named);
    else if (strncmp(named, "target.json", strlen("target.json")) == 0)
        status = asprintf(&path, "./%s", named);
    else
        status = asprintf(&path, "%s/kernels/%.*s/target.json%s", datadir, length, named,
                          named + length);
    return status < 0 ? NULL : path;
}

static int check_all(const char *path, const struct images *images)
{
    const cJSON *variant;
    struct error error = {0};
    cJSON *json;
    int status, result = 0;

    if (strstr(path, "/target.json.")) /* one variant is named */
        return check_one(path, images);
    status = target_parse_file(path, &json, &error);
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

/* Of the metric, its sample. */
static const cJSON *sample_of(const cJSON *document, const char *metric, const char *target)
{
    return cJSON_GetArrayItem(
        json_field(results_series(document, "boot", metric, target), "samples"), 0);
}

static void print_console(const char *console)
{
    puts("console, its end:");
    while (*console) {
        size_t length = strcspn(console, "\n");
        char line[1200];

        snprintf(line, sizeof line, "%.*s", (int)length, console);
        fputs("  | ", stdout);
        escape_print(line, stdout);
        putchar('\n');
        console += length + (console[length] == '\n');
    }
}

static void print_phases(const cJSON *document, const char *target)
{
    static const char *const metrics[][2] = {{"create", "the VM was there after"},
                                             {"app", "then it was ready after"},
                                             {"reply", "the first reply came after"}};

    puts("phases:");
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        const cJSON *sample = sample_of(document, metrics[i][0], target);

        if (json_field(sample, "value"))
            printf("  %-28s %.1f ms\n", metrics[i][1], json_number(sample, "value"));
    }
}

/* Say how the one boot of `target` went, and what to change. */
static int report(const cJSON *document, const struct target *target)
{
    const cJSON *sample = sample_of(document, "create", target->name);
    const cJSON *seen = json_field(sample, "tried"), *address;
    struct tried tried = {
        .failure = json_text(sample, "error"),
        .console = json_text(sample, "console"),
        .watched = json_field(seen, "frames") != NULL,
        .frames = (unsigned)json_number(seen, "frames"),
        .answers = (unsigned)json_number(seen, "answers"),
        .alive = cJSON_IsTrue(json_field(seen, "alive")),
        .speaks = "",
    };
    struct advice list[ADVICE_MAX];
    struct instance instance = {0};
    const char *own = *target->address ? target->address : instance.address;
    unsigned count;

    instance_make(0, &instance, NULL);
    cJSON_ArrayForEach(address, json_field(seen, "addresses"))
    {
        if (cJSON_IsString(address) && strcmp(address->valuestring, own) != 0)
            tried.speaks = address->valuestring;
    }
    print_console(tried.console);
    print_phases(document, target->name);
    printf("%s", *tried.failure ? "FAILED: " : "well: ready, and ended as it says");
    escape_print(tried.failure, stdout);
    putchar('\n');
    count = advise(target, &tried, list);
    for (unsigned i = 0; i < count; i++)
        print_line("advice", list[i].text);
    return *tried.failure || count ? EXIT_FAILED : 0;
}

/* Boot the target once, with enough memory. */
static int try_one(const char *name, const struct images *images)
{
    struct plan_options options = {
        .datadir = datadir,
        .scenarios = "boot",
        .targets = name,
        .images = *images,
        .repeat = 1,
        .seed = 1,
        .profile = PROFILE_QUICK,
        .trying = true,
        .unjudged = true,
        .machine = machine_usual,
    };
    struct error error = {0};
    struct target target;
    cJSON *document = NULL;
    int status = target_read(datadir, images, name, &target, &error), result = 0;

    if (status == 0 && target.memory_min > options.machine.memory_mib)
        options.machine.memory_mib = target.memory_min;
    if (status == 0) {
        explain(&target);
        fflush(stdout);
        status = session_run(&options, NULL, progress_print, &document, &error);
        progress_end();
    }
    if (status == 0)
        result = report(document, &target);
    else
        result = complain(status, &error);
    cJSON_Delete(document);
    target_free(&target);
    return result;
}

int command_target(int argc, char **argv)
{
    const struct images images = {.folder = options_images()};
    struct error error = {0};
    char *path;
    int result;

    (void)argc;
    if (strcmp(argv[1], "check") != 0 && strcmp(argv[1], "try") != 0)
        return complain(fail(&error, EINVAL, "target %s: there is check and try", argv[1]), &error);
    path = as_path(argv[2]);
    result = !path                           ? EXIT_FAILED
             : strcmp(argv[1], "check") == 0 ? check_all(path, &images)
                                             : try_one(path, &images);
    free(path);
    return result;
}
