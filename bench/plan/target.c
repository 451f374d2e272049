/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which targets there are, and what they run on; target_fields.c reads what they declare. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/name.h"
#include "bench/plan/registry.h"
#include "bench/plan/target.h"
#include "bench/plan/target_fields.h"
#include "drivers/machine.h"

#define TARGET_JSON "target.json"

/* Where a target.json is, and which of its variants is meant. */
struct place {
    char *path;
    char *name;    /* the target's, with the variant */
    char *variant; /* or NULL */
};

static void place_free(struct place *place)
{
    free(place->path);
    free(place->name);
    free(place->variant);
}

/* FOLDER/target.json or FOLDER/target.json.VARIANT: the target is called as its folder. */
static int place_path(const char *path, struct place *place, struct error *error)
{
    const char *file = strrchr(path, '/') + 1, *rest = file + strlen(TARGET_JSON);
    char *folder;

    if (strncmp(file, TARGET_JSON, strlen(TARGET_JSON)) != 0 || (*rest && *rest != '.'))
        return fail(error, EINVAL, "target \"%s\": a path must end with /" TARGET_JSON, path);
    place->path = strndup(path, (size_t)(file - path) + strlen(TARGET_JSON));
    folder = place->path ? realpath(place->path, NULL) : NULL;
    if (!folder)
        return fail(error, errno, "target \"%s\": %s", path, strerror(errno));
    *strrchr(folder, '/') = '\0';
    if (asprintf(&place->name, "%s%s", basename(folder), rest) < 0)
        place->name = NULL;
    free(folder);
    place->variant = *rest ? strdup(rest + 1) : NULL;
    if (!place->name || (*rest && !place->variant))
        return fail(error, ENOMEM, "out of memory");
    return name_is_valid(place->name) ? 0
                                      : fail(error, EINVAL,
                                             "target \"%s\": its folder and variant make \"%s\", "
                                             "which is no name: " NAME_RULE,
                                             path, place->name);
}

/* NAME or NAME.VARIANT, of which a folder called so goes first. */
static int place_name(const char *datadir, const char *name, struct place *place,
                      struct error *error)
{
    const char *dot = strrchr(name, '.');

    if (!name_is_valid(name))
        return fail(error, EINVAL, "target \"%s\": is no name: " NAME_RULE, name);
    place->name = strdup(name);
    if (!place->name || asprintf(&place->path, "%s/kernels/%s/" TARGET_JSON, datadir, name) < 0) {
        place->path = NULL;
        return fail(error, ENOMEM, "out of memory");
    }
    if (access(place->path, F_OK) < 0 && dot) {
        char *base;

        if (asprintf(&base, "%s/kernels/%.*s/" TARGET_JSON, datadir, (int)(dot - name), name) < 0)
            return fail(error, ENOMEM, "out of memory");
        if (access(base, F_OK) == 0) {
            free(place->path);
            place->path = base;
            place->variant = strdup(dot + 1);
            return 0;
        }
        free(base);
    }
    return access(place->path, F_OK) == 0
               ? 0
               : fail(error, ENOENT, "target \"%s\": unknown (no %s); see tare list", name,
                      place->path);
}

static int read_place(const struct place *place, const struct images *images, struct target *target,
                      struct error *error)
{
    cJSON *json;
    int status = target_parse_file(place->path, &json, error);

    if (status == 0)
        status =
            target_fields(json, place->path, place->name, place->variant, images, target, error);
    cJSON_Delete(json);
    return status;
}

int target_run_by(struct target *target, const struct driver *driver, struct error *error)
{
    char *name, *asked;

    if (!target->driver->uses_machine || !driver || !driver->uses_machine)
        return fail(error, EINVAL, "target \"%s\": %s", target->name,
                    target->driver->uses_machine ? "no driver of that name runs VMs; see tare list"
                                                 : "is no VM, so no other driver can run it");
    if (target->driver == driver)
        return 0;
    if (asprintf(&name, "%s:%s", target->name, driver->name) < 0)
        return fail(error, ENOMEM, "out of memory");
    free(target->name);
    target->name = name;
    if (!name_is_valid(name))
        return fail(error, EINVAL, "target \"%s\": is no name: " NAME_RULE, name);
    if (asprintf(&asked, "%s:%s", target->asked, driver->name) < 0)
        return fail(error, ENOMEM, "out of memory");
    free(target->asked);
    target->asked = asked;
    target->driver = driver;
    return 0;
}

int target_read(const char *datadir, const struct images *images, const char *name,
                struct target *target, struct error *error)
{
    char *copy = strdup(name), *driver;
    struct place place = {0};
    int status;

    *target = (struct target){0};
    if (!copy)
        return fail(error, ENOMEM, "out of memory");
    driver = strrchr(copy, ':');
    if (driver && strchr(driver, '/'))
        driver = NULL;
    if (driver)
        *driver++ = '\0';
    status = strchr(copy, '/') ? place_path(copy, &place, error)
                               : place_name(datadir, copy, &place, error);
    if (status == 0)
        status = read_place(&place, images, target, error);
    target->asked = copy;
    if (status == 0 && driver)
        status = target_run_by(target, driver_find(driver), error);
    place_free(&place);
    return status;
}

void target_free(struct target *target)
{
    for (size_t i = 0; i < target->extra_count; i++)
        file_free(&target->extras[i]);
    for (unsigned i = 0; i < target->disk_count; i++)
        file_free(&target->disks[i].file);
    for (unsigned i = 0; i < target->offer_count; i++) {
        free(target->offers[i].protocol);
        free(target->offers[i].path);
    }
    for (char **word = target->tender; *word; word++)
        free(*word);
    file_free(&target->tender_file);
    rules_free(&target->rules);
    free(target->extras);
    file_free(&target->kernel);
    file_free(&target->grub);
    free(target->name);
    free(target->asked);
    free(target->twin_of);
    free(target->summary);
    free(target->absent);
    free(target->source);
    free(target->address);
    free(target->cmdline);
    free(target->cmdline_tcg);
    free(target->script);
    *target = (struct target){0};
}

static int is_folder_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A list of names that grows. */
struct names {
    char **list;
    size_t count;
};

static int add_name(struct names *names, const char *name, const char *variant)
{
    char **longer = realloc(names->list, (names->count + 2) * sizeof *longer), *full;

    if (!longer)
        return -ENOMEM;
    names->list = longer;
    longer[names->count] = NULL;
    if (asprintf(&full, "%s%s%s", name, variant ? "." : "", variant ? variant : "") < 0)
        return -ENOMEM;
    longer[names->count++] = full;
    longer[names->count] = NULL;
    return 0;
}

/* The target of a folder, or its variants. One that cannot be read is named, too: who reads it
 * tells why. */
static int add_folder(struct names *names, const char *folder, const char *name, bool all)
{
    const cJSON *variant, *in_all, *own;
    cJSON *json;
    char *path;
    int status = 0;

    if (asprintf(&path, "%s/%s/" TARGET_JSON, folder, name) < 0)
        return -ENOMEM;
    target_parse_file(path, &json, NULL);
    free(path);
    variant = cJSON_GetObjectItemCaseSensitive(json, "variants");
    variant = cJSON_IsObject(variant) ? variant->child : NULL;
    in_all = cJSON_GetObjectItemCaseSensitive(json, "in_all");
    if (!variant && !(all && cJSON_IsFalse(in_all)))
        status = add_name(names, name, NULL);
    for (; variant && status == 0; variant = variant->next) {
        own = cJSON_GetObjectItemCaseSensitive(variant, "in_all");
        if (!(all && cJSON_IsFalse(own ? own : in_all)))
            status = add_name(names, name, variant->string);
    }
    cJSON_Delete(json);
    return status;
}

char **target_names(const char *datadir, bool all, struct error *error)
{
    struct names names = {calloc(1, sizeof *names.list), 0};
    int status = names.list ? 0 : -ENOMEM, count = -1;
    struct dirent **entries;
    char *path = NULL;

    if (status == 0 && asprintf(&path, "%s/kernels", datadir) < 0)
        status = -ENOMEM;
    else if (status == 0 && (count = scandir(path, &entries, is_folder_name, alphasort)) < 0)
        status = fail(error, errno, "%s: %s; build it with make", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        if (status == 0)
            status = add_folder(&names, path, entries[i]->d_name, all);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    free(path);
    if (status == 0)
        return names.list;
    fail(error, -status, "out of memory");
    for (char **name = names.list; name && *name; name++)
        free(*name);
    free(names.list);
    return NULL;
}

bool target_has_network(const struct target *target)
{
    if (!target->driver->has_tap)
        return target->driver->enters_netns;
    if (target->no_nic)
        return false;
    return strstr(target->cmdline, "{network}") || strstr(target->cmdline, "{ip}") ||
           (target->address && *target->address);
}

bool target_is_foreign(const struct target *target)
{
    return target->rules.ready.kind != READY_MARKER;
}

static bool runs_on(const struct target *target, const char *type)
{
    for (unsigned i = 0; i < target->machine_count; i++)
        if (strcmp(target->machines[i], type) == 0)
            return true;
    return target->machine_count == 0;
}

static bool drives(const struct target *target, enum nic nic)
{
    for (unsigned i = 0; i < target->nic_count; i++)
        if (target->nics[i] == nic)
            return true;
    return target->nic_count == 0;
}

struct machine target_machine(const struct target *target, const struct machine *machine)
{
    struct machine own = *machine;

    if (!runs_on(target, own.type))
        own.type = target->machines[0];
    if (!drives(target, own.nic))
        own.nic = target->nics[0];
    if (machine_nic_is_plain(&own))
        own.nic = machine->nic;
    own.no_nic = target->no_nic;
    own.no_event_idx = target->no_event_idx;
    own.debug_exit = target->rules.end == END_DEBUG_EXIT;
    return own;
}

__attribute__((format(printf, 3, 4))) static void add_words(char *text, size_t size,
                                                            const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;

    if (used > 0 && used + 2 < size)
        used = (size_t)(stpcpy(text + used, "; ") - text);
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

void target_difference(const struct target *target, const struct machine *machine, char *text,
                       size_t size)
{
    struct machine own = target_machine(target, machine);
    unsigned disks = target->disk_count + (target->boot == BOOT_GRUB);

    *text = '\0';
    if (!target->driver->uses_machine)
        return;
    if (strcmp(machine->type, own.type) != 0)
        add_words(text, size, "machine %s", own.type);
    if (machine->nic != own.nic)
        add_words(text, size, "NIC %s", nic_names[own.nic]);
    if (own.no_nic)
        add_words(text, size, "no NIC");
    if (own.no_event_idx)
        add_words(text, size, "NIC without event_idx");
    if (own.debug_exit)
        add_words(text, size, "isa-debug-exit");
    if (disks > 0)
        add_words(text, size, "%u disk%s", disks, disks > 1 ? "s" : "");
}
