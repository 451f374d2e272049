/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/name.h"
#include "drivers/machine.h"
#include "bench/plan/payload.h"
#include "bench/plan/registry.h"
#include "bench/plan/target.h"

static const char *const fields[] = {
    "name",   "summary",     "driver",       "payload",  "kernel", "initrd",        "cmdline",
    "script", "cmdline_tcg", "runs_program", "built_in", "in_all", "baseline_rank", NULL,
};
static const char *const payload_ways[] = {"initrd", "baked", "none", NULL};

static bool is_in(const char *const *list, const char *word)
{
    for (; *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static int check_fields(const cJSON *json, const char *path, struct error *error)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json)
    {
        if (!is_in(fields, item->string))
            return fail(error, EINVAL,
                        "%s: field \"%s\": unknown; docs/adding-a-kernel.md lists the fields", path,
                        item->string);
    }
    return 0;
}

/* Copy the text field `name`; an absent one becomes "" unless it is required. */
static int take_text(const cJSON *json, const char *path, const char *name, bool required,
                     char **out, struct error *error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (!item && required)
        return fail(error, EINVAL, "%s: field \"%s\": missing", path, name);
    if (item && !cJSON_IsString(item))
        return fail(error, EINVAL, "%s: field \"%s\": must be text", path, name);
    *out = strdup(item ? item->valuestring : "");
    return *out ? 0 : fail(error, ENOMEM, "out of memory");
}

/* Set *out, which holds the default, from the field `name`, true or false. */
static int take_bool(const cJSON *json, const char *path, const char *name, bool *out,
                     struct error *error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

    if (item && !cJSON_IsBool(item))
        return fail(error, EINVAL, "%s: field \"%s\": must be true or false", path, name);
    if (item)
        *out = cJSON_IsTrue(item);
    return 0;
}

static int take_rank(const cJSON *json, const char *path, struct target *target,
                     struct error *error)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "baseline_rank");

    if (item && (!cJSON_IsNumber(item) || item->valuedouble < 1 ||
                 item->valuedouble != (double)item->valueint))
        return fail(error, EINVAL,
                    "%s: field \"baseline_rank\": must be a whole number from 1, the best", path);
    target->baseline_rank = item ? (unsigned)item->valueint : 0;
    return 0;
}

/* How the program reaches the kernel. */
static int take_way(const cJSON *json, const char *path, struct target *target, struct error *error)
{
    char *word;
    int status = take_text(json, path, "payload", false, &word, error), way = 0;

    if (status < 0)
        return status;
    while (*word && payload_ways[way] && strcmp(payload_ways[way], word) != 0)
        way++;
    if (!payload_ways[way])
        status = fail(error, EINVAL, "%s: field \"payload\": \"%s\" is none of initrd, baked, none",
                      path, word);
    else if (way == PAYLOAD_NONE && target->runs_program)
        status = fail(error, EINVAL,
                      "%s: field \"payload\": \"none\" needs \"runs_program\": false", path);
    target->payload = (enum payload_way)way;
    free(word);
    return status;
}

static int take_qualities(const cJSON *json, const char *path, struct target *target,
                          struct error *error)
{
    int status;

    target->runs_program = target->in_all = true;
    if ((status = take_bool(json, path, "runs_program", &target->runs_program, error)) < 0 ||
        (status = take_bool(json, path, "built_in", &target->built_in, error)) < 0 ||
        (status = take_bool(json, path, "in_all", &target->in_all, error)) < 0 ||
        (status = take_rank(json, path, target, error)) < 0)
        return status;
    return take_way(json, path, target, error);
}

static int read_beside(const char *path, const char *field, const char *name, struct file *file,
                       struct error *error)
{
    char *beside;
    int status;

    if (asprintf(&beside, "%.*s%s", (int)(strrchr(path, '/') + 1 - path), path, name) < 0)
        return fail(error, ENOMEM, "out of memory");
    status = file_read(beside, file, error);
    free(beside);
    if (status < 0)
        error_prefix(error, "%s: field \"%s\"", path, field);
    return status;
}

static int take_kernel(const cJSON *json, const char *path, struct target *target,
                       struct error *error)
{
    char *name = NULL;
    int status = take_text(json, path, "kernel", true, &name, error);

    if (status == 0)
        status = read_beside(path, "kernel", name, &target->kernel, error);
    if (status == 0) {
        status = elf_check_kernel(&target->kernel, error);
        if (status < 0)
            error_prefix(error, "%s: field \"kernel\"", path);
    }
    free(name);
    return status;
}

/* The archives of the initrd. Where the payload comes by it, it comes first. */
static int take_initrd(const cJSON *json, const char *path, struct target *target,
                       struct error *error)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "initrd"), *item;
    bool with_payload = target->payload == PAYLOAD_INITRD;
    const cJSON *first = cJSON_GetArrayItem(list, 0);
    int index = 0;

    if (!list && !with_payload)
        return 0;
    if (!cJSON_IsArray(list) ||
        (with_payload && (!cJSON_IsString(first) || strcmp(first->valuestring, "payload") != 0)))
        return fail(error, EINVAL, "%s: field \"initrd\": must be an array%s", path,
                    with_payload ? " that starts with \"payload\"" : "");
    if (cJSON_GetArraySize(list) > EXTRAS_MAX + with_payload)
        return fail(error, EINVAL, "%s: field \"initrd\": more than %d files", path, EXTRAS_MAX);
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
            return fail(error, EINVAL, "%s: field \"initrd\"[%d]: must be a file name", path,
                        index);
        status = read_beside(path, "initrd", item->valuestring,
                             &target->extras[target->extra_count++], error);
        if (status < 0)
            return status;
    }
    return 0;
}

static int take_script(const cJSON *json, const char *path, struct target *target,
                       struct error *error)
{
    const cJSON *script = cJSON_GetObjectItemCaseSensitive(json, "script");

    if (!script)
        return fail(error, EINVAL, "%s: field \"script\": missing; the null driver plays it", path);
    target->script = cJSON_PrintUnformatted(script);
    return target->script ? 0 : fail(error, ENOMEM, "out of memory");
}

static int parse(const cJSON *json, const char *path, const char *name, struct target *target,
                 struct error *error)
{
    char *driver = NULL;
    int status = 0;

    if (!cJSON_IsObject(json))
        return fail(error, EINVAL, "%s: not a JSON object", path);
    if ((status = check_fields(json, path, error)) < 0 ||
        (status = take_text(json, path, "name", true, &target->name, error)) < 0 ||
        (status = take_text(json, path, "summary", true, &target->summary, error)) < 0 ||
        (status = take_qualities(json, path, target, error)) < 0 ||
        (status = take_text(json, path, "cmdline", false, &target->cmdline, error)) < 0 ||
        (status = take_text(json, path, "cmdline_tcg", false, &target->cmdline_tcg, error)) < 0 ||
        (status = take_text(json, path, "driver", true, &driver, error)) < 0)
        return status;
    target->driver = driver_find(driver);
    if (!target->driver)
        status = fail(error, EINVAL, "%s: field \"driver\": no driver \"%s\"; see tare list", path,
                      driver);
    else if (strcmp(target->name, name) != 0)
        status = fail(error, EINVAL, "%s: field \"name\": \"%s\" differs from its folder's", path,
                      target->name);
    else if (target->driver->uses_machine && (status = take_kernel(json, path, target, error)) == 0)
        status = take_initrd(json, path, target, error);
    else if (target->driver->plays_script)
        status = take_script(json, path, target, error);
    free(driver);
    return status;
}

static int read_folder(const char *datadir, const char *name, struct target *target,
                       struct error *error)
{
    struct file file;
    cJSON *json;
    char *path;
    int status;

    if (!name_is_valid(name))
        return fail(error, EINVAL, "target \"%s\": is no name: " NAME_RULE, name);
    if (asprintf(&path, "%s/kernels/%s/target.json", datadir, name) < 0)
        return fail(error, ENOMEM, "out of memory");
    if (access(path, F_OK) < 0) {
        status = fail(error, ENOENT, "target \"%s\": unknown (no %s); see tare list", name, path);
        free(path);
        return status;
    }
    status = file_read(path, &file, error);
    if (status == 0) {
        json = cJSON_ParseWithLength(file.data, file.size);
        if (json) {
            status = parse(json, path, name, target, error);
        } else {
            const char *at = cJSON_GetErrorPtr();
            int line = 1;

            for (const char *c = file.data; at && c < at && *c; c++)
                line += *c == '\n';
            status = fail(error, EINVAL, "%s:%d: not valid JSON near \"%.20s\"", path, line,
                          at ? at : "");
        }
        cJSON_Delete(json);
    }
    file_free(&file);
    free(path);
    return status;
}

int target_run_by(struct target *target, const struct driver *driver, struct error *error)
{
    char *name;

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
    target->driver = driver;
    return 0;
}

int target_read(const char *datadir, const char *name, struct target *target, struct error *error)
{
    char *folder = strdup(name), *driver;
    int status;

    *target = (struct target){0};
    if (!folder)
        return fail(error, ENOMEM, "out of memory");
    driver = strchr(folder, ':');
    if (driver)
        *driver++ = '\0';
    status = read_folder(datadir, folder, target, error);
    if (status == 0 && driver)
        status = target_run_by(target, driver_find(driver), error);
    free(folder);
    return status;
}

void target_free(struct target *target)
{
    for (size_t i = 0; i < target->extra_count; i++)
        file_free(&target->extras[i]);
    free(target->extras);
    file_free(&target->kernel);
    free(target->name);
    free(target->twin_of);
    free(target->summary);
    free(target->cmdline);
    free(target->cmdline_tcg);
    free(target->script);
    *target = (struct target){0};
}

static int is_folder_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

char **target_names(const char *datadir, struct error *error)
{
    struct dirent **entries;
    char **names, *path;
    size_t kept = 0;
    int count;

    if (asprintf(&path, "%s/kernels", datadir) < 0) {
        fail(error, ENOMEM, "out of memory");
        return NULL;
    }
    count = scandir(path, &entries, is_folder_name, alphasort);
    if (count < 0)
        fail(error, errno, "%s: %s; build it with make", path, strerror(errno));
    free(path);
    if (count < 0)
        return NULL;
    names = calloc((size_t)count + 1, sizeof *names);
    for (int i = 0; i < count; i++) {
        if (names)
            names[kept++] = strdup(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (!names)
        fail(error, ENOMEM, "out of memory");
    return names;
}

/* Write `template` with the words in braces replaced. One that is empty and stands by itself takes
 * the space after it along, so that what is not asked for leaves no trace. */
static void expand(const char *template, const char *const (*words)[2], FILE *out)
{
    char before = ' ';

    while (*template) {
        const char *const(*word)[2] = words;

        while ((*word)[0] && strncmp(template, (*word)[0], strlen((*word)[0])) != 0)
            word++;
        if ((*word)[0]) {
            fputs((*word)[1], out);
            template += strlen((*word)[0]);
            template += !*(*word)[1] && before == ' ' && *template == ' ';
        } else {
            before = *template;
            fputc(*template ++, out);
        }
    }
}

bool target_has_network(const struct target *target)
{
    return target->driver->has_tap ? strstr(target->cmdline, "{network}") != NULL
                                   : target->driver->enters_netns;
}

char *target_cmdline(const struct target *target, const char *program, const char *arguments,
                     const struct launch *launch)
{
    const struct machine *machine = launch->machine;
    bool slow_rep = machine->accel == ACCEL_TCG && !machine->icount;
    char khz[16], network[128] = "", *text = NULL;
    const char *const words[][2] = {{"{payload}", program},
                                    {"{args}", arguments},
                                    {"{tsc_khz}", khz},
                                    {"{network}", network},
                                    {"{rep_good}", slow_rep ? ",rep_good" : ""},
                                    {NULL, NULL}};
    const char *nic = machine_nic(machine);
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    snprintf(khz, sizeof khz, "%u", machine->tsc_khz);
    if (launch->network)
        /* Linux's syntax: admin-guide/nfs/nfsroot */
        snprintf(network, sizeof network, "%s%sip=%s::" NETWORK_HOST ":" NETWORK_MASK "::eth0:off",
                 nic, *nic ? " " : "", launch->instance.address);
    if (machine->accel == ACCEL_TCG && *target->cmdline_tcg) {
        expand(target->cmdline_tcg, words, out);
        fputc(' ', out);
    }
    expand(target->cmdline, words, out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
