/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields of target.json but those that name files. kernels/target.schema.json and
 * docs/adding-a-kernel.md say the same to machines and people. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/plan.h"
#include "bench/plan/target_fields.h"

static const char *const fields[] = {
    "name",        "summary",      "driver",   "payload", "kernel",         "initrd",  "cmdline",
    "cmdline_tcg", "runs_program", "built_in", "in_all",  "baseline_rank",  "script",  "image",
    "boot",        "disks",        "machines", "nics",    "memory_min_mib", "address", "event_idx",
    "tender",      "vnet_hdr",     "ready",    "success", "failure",        "end",     "end_status",
    "offers",      "variants",     "$schema",  NULL,
};
static const char *const payload_ways[] = {"initrd", "baked", "none", NULL};
static const char *const boots[] = {"any", "pvh", "linux", "multiboot", "disk", "grub", NULL};

const char *const nic_names[] = {"virtio", "virtio-transitional", "vmxnet3", "e1000", "rtl8139",
                                 NULL};
const char *const offer_protocols[] = {"http", "https", "iperf2", "iperf3", "echo", "icmp", NULL};

int target_fault(const struct reading *reading, struct error *error, const char *field,
                 const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return fail(error, EINVAL, "%s: field \"%s\": %s", reading->path, field, text);
}

static const cJSON *field_of(const struct reading *reading, const char *field)
{
    return cJSON_GetObjectItemCaseSensitive(reading->json, field);
}

int target_text(const struct reading *reading, const char *field, char **out, struct error *error)
{
    const cJSON *item = field_of(reading, field);

    if (item && !cJSON_IsString(item))
        return target_fault(reading, error, field, "must be text");
    free(*out);
    *out = strdup(item ? item->valuestring : "");
    return *out ? 0 : fail(error, ENOMEM, "out of memory");
}

static int required_text(const struct reading *reading, const char *field, char **out,
                         struct error *error)
{
    if (!field_of(reading, field))
        return target_fault(reading, error, field, "missing");
    return target_text(reading, field, out, error);
}

/* Set *out, which holds the default, from the field, true or false. */
static int take_bool(const struct reading *reading, const char *field, bool *out,
                     struct error *error)
{
    const cJSON *item = field_of(reading, field);

    if (item && !cJSON_IsBool(item))
        return target_fault(reading, error, field, "must be true or false");
    if (item)
        *out = cJSON_IsTrue(item);
    return 0;
}

static bool is_count(const cJSON *item, double low, double high)
{
    return cJSON_IsNumber(item) && item->valuedouble >= low && item->valuedouble <= high &&
           item->valuedouble == (double)item->valueint;
}

static int take_rank(const struct reading *reading, struct error *error)
{
    const cJSON *item = field_of(reading, "baseline_rank");

    if (item && !is_count(item, 1, 1000))
        return target_fault(reading, error, "baseline_rank",
                            "must be a whole number from 1, the best");
    reading->target->baseline_rank = item ? (unsigned)item->valueint : 0;
    return 0;
}

const char *target_unknown(const cJSON *object, const char *const *known)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        const char *const *word = known;

        while (*word && strcmp(*word, item->string) != 0)
            word++;
        if (!*word)
            return item->string;
    }
    return NULL;
}

int target_word(const struct reading *reading, const char *field, const cJSON *item,
                const char *const *words, struct error *error)
{
    char list[256] = "";
    int index = 0;

    if (!cJSON_IsString(item))
        return target_fault(reading, error, field, "must be text");
    while (words[index] && strcmp(words[index], item->valuestring) != 0)
        index++;
    if (words[index])
        return index;
    for (int i = 0; words[i]; i++) {
        size_t used = strlen(list);

        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", words[i]);
    }
    return target_fault(reading, error, field, "\"%s\" is none of %s", item->valuestring, list);
}

/* The place of the field's word, or 0 where it is absent. */
static int take_word(const struct reading *reading, const char *field, const char *const *words,
                     struct error *error)
{
    const cJSON *item = field_of(reading, field);

    return item ? target_word(reading, field, item, words, error) : 0;
}

/* How the program reaches the kernel. */
static int take_way(const struct reading *reading, struct error *error)
{
    int way = take_word(reading, "payload", payload_ways, error);

    if (way < 0)
        return way;
    if (way == PAYLOAD_NONE && reading->target->runs_program)
        return target_fault(reading, error, "payload", "\"none\" needs \"runs_program\": false");
    reading->target->payload = (enum payload_way)way;
    return 0;
}

static int take_qualities(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;
    bool event_idx = true, vnet_hdr = true, in_all; /* the last is target_names()' */
    int status;

    target->runs_program = true;
    if ((status = take_bool(reading, "runs_program", &target->runs_program, error)) < 0 ||
        (status = take_bool(reading, "built_in", &target->built_in, error)) < 0 ||
        (status = take_bool(reading, "in_all", &in_all, error)) < 0 ||
        (status = take_bool(reading, "image", &target->image, error)) < 0 ||
        (status = take_bool(reading, "event_idx", &event_idx, error)) < 0 ||
        (status = take_bool(reading, "vnet_hdr", &vnet_hdr, error)) < 0 ||
        (status = take_rank(reading, error)) < 0)
        return status;
    target->no_event_idx = !event_idx;
    target->no_vnet_hdr = !vnet_hdr;
    return take_way(reading, error);
}

/* Call `take` for each element of the array in `field`, of which there are `least` to `most`. */
static int take_list(const struct reading *reading, const char *field, unsigned least,
                     unsigned most,
                     int (*take)(const struct reading *reading, const char *field,
                                 const cJSON *item, struct error *error),
                     struct error *error)
{
    const cJSON *list = field_of(reading, field), *item;
    int status = 0;

    if (!list)
        return 0;
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) < (int)least ||
        cJSON_GetArraySize(list) > (int)most)
        return target_fault(reading, error, field, "must be an array of %u to %u", least, most);
    cJSON_ArrayForEach(item, list)
    {
        if (status == 0)
            status = take(reading, field, item, error);
    }
    return status;
}

static int take_machine(const struct reading *reading, const char *field, const cJSON *item,
                        struct error *error)
{
    struct target *target = reading->target;
    int type = target_word(reading, field, item, machine_types, error);

    for (unsigned i = 0; i < target->machine_count && type >= 0; i++)
        if (target->machines[i] == machine_types[type])
            return target_fault(reading, error, field, "\"%s\" stands there twice",
                                item->valuestring);
    if (type >= 0)
        target->machines[target->machine_count++] = machine_types[type];
    return type < 0 ? type : 0;
}

static int take_nic(const struct reading *reading, const char *field, const cJSON *item,
                    struct error *error)
{
    struct target *target = reading->target;
    int nic = target_word(reading, field, item, nic_names, error);

    for (unsigned i = 0; i < target->nic_count && nic >= 0; i++)
        if (target->nics[i] == (enum nic)nic)
            return target_fault(reading, error, field, "\"%s\" stands there twice",
                                item->valuestring);
    if (nic >= 0)
        target->nics[target->nic_count++] = (enum nic)nic;
    return nic < 0 ? nic : 0;
}

/* Of PCI there is nothing on microvm. An empty list is no NIC, and then nothing is asked over it.
 */
static int check_nics(const struct reading *reading, struct error *error)
{
    struct target *target = reading->target;
    bool virtio = target->nic_count == 0, microvm = target->machine_count == 0;

    target->no_nic = virtio && field_of(reading, "nics");
    if (target->no_nic && (ready_by_network(&target->rules.ready) || target->offer_count > 0))
        return target_fault(reading, error, "nics",
                            "none, but \"ready\" or \"offers\" needs the network");
    for (unsigned i = 0; i < target->nic_count; i++)
        virtio |= target->nics[i] == NIC_VIRTIO;
    for (unsigned i = 0; i < target->machine_count; i++)
        microvm |= strcmp(target->machines[i], "microvm") == 0;
    if (!virtio && microvm)
        return target_fault(reading, error, "nics",
                            "microvm has no PCI, where these could be; add \"machines\": [\"pc\"] "
                            "or \"virtio\"");
    return 0;
}

static int take_memory(const struct reading *reading, struct error *error)
{
    const cJSON *item = field_of(reading, "memory_min_mib");

    if (item && !is_count(item, 1, MEMORY_MIB_MAX))
        return target_fault(reading, error, "memory_min_mib",
                            "must be a whole number of MiB, at least 1");
    reading->target->memory_min = item ? (unsigned)item->valueint : 0;
    return 0;
}

/* The image's own address must be one of the harness's network, and not the harness's. */
static int take_address(const struct reading *reading, struct error *error)
{
    struct in_addr address, host, mask;
    int status = target_text(reading, "address", &reading->target->address, error);
    const char *text = reading->target->address;

    if (status < 0 || !*text)
        return status;
    inet_pton(AF_INET, NETWORK_HOST, &host);
    inet_pton(AF_INET, NETWORK_MASK, &mask);
    if (inet_pton(AF_INET, text, &address) != 1)
        return target_fault(reading, error, "address", "\"%s\" is no IPv4 address", text);
    if ((address.s_addr & mask.s_addr) != (host.s_addr & mask.s_addr) ||
        address.s_addr == host.s_addr || (address.s_addr & ~mask.s_addr) == 0 ||
        (address.s_addr | mask.s_addr) == UINT32_MAX)
        return target_fault(reading, error, "address",
                            "%s is not reached from " NETWORK_HOST "/%d; build the image for "
                            "another one",
                            text, NETWORK_PREFIX);
    return 0;
}

static int take_template(const struct reading *reading, const char *field, char **out,
                         struct error *error)
{
    struct error why = {0};
    int status = target_text(reading, field, out, error);

    if (status == 0 && target_check_template(*out, &why) < 0)
        return target_fault(reading, error, field, "%s", why.text);
    return status;
}

static int take_tender_word(const struct reading *reading, const char *field, const cJSON *item,
                            struct error *error)
{
    char **end = reading->target->tender;
    struct error why = {0};

    while (*end)
        end++;
    if (!cJSON_IsString(item))
        return target_fault(reading, error, field, "must be an array of text");
    if (target_check_template(item->valuestring, &why) < 0)
        return target_fault(reading, error, field, "%s", why.text);
    *end = strdup(item->valuestring);
    return *end ? 0 : fail(error, ENOMEM, "out of memory");
}

static int take_pattern(const struct reading *reading, const char *field, struct pattern *pattern,
                        struct error *error)
{
    const cJSON *item = field_of(reading, field);
    struct error why = {0};

    if (!item)
        return 0;
    if (!cJSON_IsString(item))
        return target_fault(reading, error, field, "must be text");
    if (pattern_parse(item->valuestring, pattern, &why) < 0)
        return target_fault(reading, error, field, "\"%s\": %s", item->valuestring, why.text);
    return 0;
}

static int take_ready(const struct reading *reading, struct error *error)
{
    const cJSON *item = field_of(reading, "ready");
    struct error why = {0};

    if (item && !cJSON_IsString(item))
        return target_fault(reading, error, "ready", "must be text");
    if (ready_parse(item ? item->valuestring : "marker", &reading->target->rules.ready, &why) < 0)
        return target_fault(reading, error, "ready", "%s", why.text + strlen("--ready "));
    return 0;
}

/* How the guest ends, if all is well. */
static int take_end(const struct reading *reading, struct error *error)
{
    struct rules *rules = &reading->target->rules;
    const cJSON *item = field_of(reading, "end_status");
    int end = take_word(reading, "end", ending_names, error);
    bool process = !reading->target->driver->uses_machine;

    if (end < 0)
        return end;
    rules->end = (enum ending)end;
    if (item && !is_count(item, 0, 255))
        return target_fault(reading, error, "end_status", "must be a whole number from 0 to 255");
    if (item && end != END_DEBUG_EXIT && end != END_EXIT)
        return target_fault(reading, error, "end_status",
                            "is for \"end\": \"debug-exit\" or \"exit\"");
    rules->status = item ? (unsigned)item->valueint : 0;
    if (end == END_DEBUG_EXIT && rules->status % 2 == 0)
        return target_fault(reading, error, "end_status",
                            "isa-debug-exit makes 2v + 1 of what the guest writes: an odd number");
    if ((end == END_EXIT && !process) ||
        (process && end != END_MARKER && end != END_EXIT && end != END_NEVER &&
         !reading->target->driver->plays_script))
        return target_fault(reading, error, "end", "\"%s\" is not how driver %s ends",
                            ending_names[end], reading->target->driver->name);
    if (end == END_HALT && !rules->success.text)
        return target_fault(reading, error, "end",
                            "of one that halts only its console tells how it went: add "
                            "\"success\"");
    if (end != END_MARKER && rules->ready.kind == READY_MARKER)
        return target_fault(reading, error, "end",
                            "one that writes no markers needs \"ready\", too");
    return 0;
}

static int take_rules(const struct reading *reading, struct error *error)
{
    struct rules *rules = &reading->target->rules;
    int status = take_ready(reading, error);

    if (status == 0)
        status = take_pattern(reading, "success", &rules->success, error);
    if (status == 0)
        status = take_pattern(reading, "failure", &rules->failure, error);
    return status == 0 ? take_end(reading, error) : status;
}

static int take_offer(const struct reading *reading, const char *field, const cJSON *item,
                      struct error *error)
{
    static const char *const known[] = {"protocol", "port", "path", "udp", "connections", NULL};
    const cJSON *protocol = cJSON_GetObjectItemCaseSensitive(item, "protocol");
    const cJSON *port = cJSON_GetObjectItemCaseSensitive(item, "port");
    const cJSON *path = cJSON_GetObjectItemCaseSensitive(item, "path");
    const cJSON *udp = cJSON_GetObjectItemCaseSensitive(item, "udp");
    const cJSON *connections = cJSON_GetObjectItemCaseSensitive(item, "connections");
    struct offer *offer = &reading->target->offers[reading->target->offer_count];
    const char *unknown;
    struct error why = {0};
    int index;

    if (!cJSON_IsObject(item) || !protocol)
        return target_fault(reading, error, field, "must be an array of {\"protocol\": ...}");
    unknown = target_unknown(item, known);
    if (unknown)
        return target_fault(reading, error, field, "\"%s\" is unknown in it", unknown);
    index = target_word(reading, field, protocol, offer_protocols, error);
    if (index < 0)
        return index;
    if (strcmp(offer_protocols[index], "icmp") == 0 ? port != NULL : !is_count(port, 1, UINT16_MAX))
        return target_fault(reading, error, field, "%s %s", offer_protocols[index],
                            port ? "has no such port" : "needs \"port\", 1 to 65535");
    if (path && (!cJSON_IsString(path) || strncmp(offer_protocols[index], "http", 4) != 0))
        return target_fault(reading, error, field, "\"path\" must be text, of http");
    if (path && plan_check_path(path->valuestring, &why) < 0)
        return target_fault(reading, error, field, "\"path\" %s", why.text);
    if (udp && (!cJSON_IsBool(udp) || strncmp(offer_protocols[index], "iperf", 5) != 0))
        return target_fault(reading, error, field, "\"udp\" must be true or false, of iperf");
    if (connections && !is_count(connections, 1, 1000000))
        return target_fault(reading, error, field, "\"connections\" must be a number from 1");
    *offer = (struct offer){
        .protocol = strdup(offer_protocols[index]),
        .path = strdup(path                                              ? path->valuestring
                       : strncmp(offer_protocols[index], "http", 4) == 0 ? "/"
                                                                         : ""),
        .port = port ? (uint16_t)port->valueint : 0,
        .udp = cJSON_IsTrue(udp),
        .connections = connections ? (unsigned)connections->valueint : 0,
    };
    reading->target->offer_count++;
    return offer->protocol && offer->path ? 0 : fail(error, ENOMEM, "out of memory");
}

static int take_script(const struct reading *reading, struct error *error)
{
    const cJSON *script = field_of(reading, "script");

    if (!script)
        return target_fault(reading, error, "script", "missing; the null driver plays it");
    reading->target->script = cJSON_PrintUnformatted(script);
    return reading->target->script ? 0 : fail(error, ENOMEM, "out of memory");
}

static int take_driver(const struct reading *reading, struct error *error)
{
    char *name = NULL;
    int status = required_text(reading, "driver", &name, error);

    if (status == 0 && !(reading->target->driver = driver_find(name)))
        status = target_fault(reading, error, "driver", "no driver \"%s\"; see tare list", name);
    free(name);
    return status;
}

static int take_name(const struct reading *reading, const char *name, struct error *error)
{
    struct target *target = reading->target;
    int status = required_text(reading, "name", &target->name, error);
    size_t length;

    if (status < 0)
        return status;
    length = strlen(target->name);
    /* Of a variant it is followed by a dot and the variant's. */
    if (strncmp(target->name, name, length) != 0 || (name[length] && name[length] != '.'))
        return target_fault(reading, error, "name", "\"%s\" differs from its folder's",
                            target->name);
    free(target->name);
    target->name = strdup(name);
    return target->name ? 0 : fail(error, ENOMEM, "out of memory");
}

static int take_all(const struct reading *reading, const char *name, struct error *error)
{
    struct target *target = reading->target;
    int status;

    if ((status = take_name(reading, name, error)) < 0 ||
        (status = required_text(reading, "summary", &target->summary, error)) < 0 ||
        (status = take_qualities(reading, error)) < 0 ||
        (status = take_template(reading, "cmdline", &target->cmdline, error)) < 0 ||
        (status = take_template(reading, "cmdline_tcg", &target->cmdline_tcg, error)) < 0 ||
        (status = take_driver(reading, error)) < 0 ||
        (status = take_list(reading, "machines", 1, MACHINES_MAX, take_machine, error)) < 0 ||
        (status = take_list(reading, "nics", 0, NICS_MAX, take_nic, error)) < 0 ||
        (status = take_list(reading, "tender", 1, TENDER_MAX, take_tender_word, error)) < 0 ||
        (status = take_memory(reading, error)) < 0 || (status = take_address(reading, error)) < 0 ||
        (status = take_rules(reading, error)) < 0 ||
        (status = take_list(reading, "offers", 1, OFFERS_MAX, take_offer, error)) < 0)
        return status;
    status = take_word(reading, "boot", boots, error);
    if (status < 0)
        return status;
    target->boot = (enum boot)status;
    status =
        target->driver->plays_script ? take_script(reading, error) : target_files(reading, error);
    return status == 0 && target->driver->uses_machine ? check_nics(reading, error) : status;
}

static int check_fields(const cJSON *json, const char *path, struct error *error)
{
    const char *unknown = target_unknown(json, fields);

    return unknown ? fail(error, EINVAL,
                          "%s: field \"%s\": unknown; docs/adding-a-kernel.md lists the fields",
                          path, unknown)
                   : 0;
}

/* The fields of all variants with those of `variant` in their place. */
static int merge(const cJSON *json, const char *path, const char *variant, cJSON **merged,
                 struct error *error)
{
    const cJSON *variants = cJSON_GetObjectItemCaseSensitive(json, "variants"), *own, *item;

    *merged = NULL;
    if (variants && !cJSON_IsObject(variants))
        return fail(error, EINVAL, "%s: field \"variants\": must be an object", path);
    if (!variant && variants && variants->child)
        return fail(error, EINVAL, "%s: has variants, of which one must be named, as .%s", path,
                    variants->child->string);
    own = variant ? cJSON_GetObjectItemCaseSensitive(variants, variant) : NULL;
    if (variant && !cJSON_IsObject(own))
        return fail(error, variants && !own ? ENOENT : EINVAL,
                    "%s: field \"variants\": there is no object \"%s\" in it", path, variant);
    *merged = cJSON_Duplicate(json, true);
    cJSON_DeleteItemFromObjectCaseSensitive(*merged, "variants");
    cJSON_ArrayForEach(item, own)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(*merged, item->string);
        cJSON_AddItemToObject(*merged, item->string, cJSON_Duplicate(item, true));
    }
    return *merged ? 0 : fail(error, ENOMEM, "out of memory");
}

int target_parse_file(const char *path, cJSON **json, struct error *error)
{
    struct file file;
    int status = file_read(path, &file, error);

    *json = NULL;
    if (status == 0) {
        *json = cJSON_ParseWithLength(file.data, file.size);
        if (!*json) {
            const char *at = cJSON_GetErrorPtr();
            int line = 1;

            for (const char *c = file.data; at && c < at && *c; c++)
                line += *c == '\n';
            status = fail(error, EINVAL, "%s:%d: not valid JSON near \"%.20s\"", path, line,
                          at ? at : "");
        }
    }
    file_free(&file);
    return status;
}

int target_fields(const cJSON *json, const char *path, const char *name, const char *variant,
                  const struct images *images, struct target *target, struct error *error)
{
    struct reading reading = {.path = path, .images = images, .target = target};
    cJSON *merged = NULL;
    int status;

    if (!cJSON_IsObject(json))
        return fail(error, EINVAL, "%s: not a JSON object", path);
    status = merge(json, path, variant, &merged, error);
    if (status == 0)
        status = check_fields(merged, path, error);
    reading.json = merged;
    target->source = strdup(path);
    if (status == 0)
        status = take_all(&reading, name, error);
    cJSON_Delete(merged);
    return status;
}
