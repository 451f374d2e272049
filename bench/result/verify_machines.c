/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether all targets had the same machine and the same files, as the launches tell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/json.h"
#include "bench/result/results.h"
#include "bench/result/verify_checks.h"

/* Delete from `text` every stretch from `open` to `close`; the first goes to *kept, if wanted. */
static void cut(char *text, const char *open, const char *close, char **kept)
{
    char *at = text, *end;

    while ((at = strstr(at, open)) && (end = strstr(at, close))) {
        end += strlen(close);
        if (kept && !*kept)
            *kept = strndup(at, (size_t)(end - at));
        memmove(at, end, strlen(end) + 1);
    }
}

static void squeeze(char *text)
{
    char *out = text;

    for (; *text; text++)
        if (!strchr(" \t\r\n", *text))
            *out++ = *text;
    *out = '\0';
}

/* A launch's domain with what is the target's own left out, and without its NIC, which stands
 * apart; free both. */
struct domain {
    const char *target, *scenario, *payload;
    char *rest, *nic; /* nic: NULL without */
};

static int read_domain(const cJSON *target, const cJSON *launch, struct domain *domain)
{
    static const char *const own[][2] = {
        {"<name>", "</name>"},
        {"<uuid>", "</uuid>"},
        {"<kernel>", "</kernel>"},
        {"<initrd>", "</initrd>"},
        {"<cmdline>", "</cmdline>"},
        {"<label>", "</label>"},
        {"<imagelabel>", "</imagelabel>"},
        {"<alias ", "/>"},
    };
    char *id;

    *domain = (struct domain){.target = json_text(target, "name"),
                              .scenario = json_text(launch, "scenario"),
                              .payload = json_text(launch, "payload"),
                              .rest = strdup(json_text(launch, "xml"))};
    if (!domain->rest)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        cut(domain->rest, own[i][0], own[i][1], NULL);
    cut(domain->rest, "<interface ", "</interface>", &domain->nic);
    id = strstr(domain->rest, " id='");
    if (id && id < strchr(domain->rest, '>')) { /* libvirt counts its domains */
        char *end = strchr(id + 5, '\'');

        if (end)
            memmove(id, end + 1, strlen(end + 1) + 1);
    }
    squeeze(domain->rest);
    if (domain->nic)
        squeeze(domain->nic);
    return 0;
}

/* Compare two that booted the same, or cannot: false. */
static bool check_equal(const struct domain *a, const struct domain *b, struct verify *verify)
{
    if (strcmp(a->scenario, b->scenario) != 0 || strcmp(a->payload, b->payload) != 0 ||
        !a->nic != !b->nic)
        return false;
    if (strcmp(a->rest, b->rest) != 0)
        verify_fault(verify, "launches: %s of %s and %s: their domains differ", a->scenario,
                     a->target, b->target);
    if (a->nic && strcmp(a->nic, b->nic) != 0)
        verify_fault(verify, "launches: %s of %s and %s: their NICs differ", a->scenario, a->target,
                     b->target);
    return true;
}

/* What stands in `xml` between `open` and `close`, up to a size; "" without. */
static void between(const char *xml, const char *open, const char *close, char *out, size_t size)
{
    const char *at = strstr(xml, open), *end;

    at = at ? at + strlen(open) : "";
    end = strstr(at, close);
    snprintf(out, size, "%.*s", end ? (int)(end - at) : 0, at);
}

/* Undo XML's escapes, in place. */
static void unescape(char *text)
{
    static const char *const words[][2] = {
        {"&lt;", "<"}, {"&gt;", ">"}, {"&apos;", "'"}, {"&quot;", "\""}, {"&amp;", "&"}};
    char *out = text;

    while (*text) {
        size_t i = 0, count = sizeof words / sizeof *words;

        while (i < count && strncmp(text, words[i][0], strlen(words[i][0])) != 0)
            i++;
        *out++ = i < count ? words[i][1][0] : *text;
        text += i < count ? strlen(words[i][0]) : 1;
    }
    *out = '\0';
}

static bool is_of_type(const char *type, const char *machine)
{
    static const char *const versioned[][2] = {{"q35", "pc-q35-"}, {"pc", "pc-i440fx-"}};

    for (size_t i = 0; i < 2; i++)
        if (strcmp(type, versioned[i][0]) == 0 &&
            strncmp(machine, versioned[i][1], strlen(versioned[i][1])) == 0)
            return true;
    return strcmp(type, machine) == 0;
}

/* The domain is the machine that the run names. */
static void check_domain(const cJSON *about, const cJSON *of, const char *xml,
                         struct verify *verify)
{
    const char *target = json_text(of, "name"), *type = json_text(about, "machine");
    char text[256], tag[512];
    bool pinned = strcmp(json_text(about, "pin"), "off") != 0;
    bool kvm = strcmp(json_text(about, "accel"), "kvm") == 0;

    between(xml, "<domain type='", "'", text, sizeof text);
    if (strcmp(text, kvm ? "kvm" : "qemu") != 0)
        verify_fault(verify, "launches: %s: its domain is of type %s, the run's accelerator %s",
                     target, text, json_text(about, "accel"));
    between(xml, "<memory unit='KiB'>", "<", text, sizeof text);
    if (strtod(text, NULL) != 1024 * json_number(about, "memory_mib"))
        verify_fault(verify, "launches: %s: has %s KiB of memory, the run %.0f MiB", target, text,
                     json_number(about, "memory_mib"));
    between(xml, "<vcpu ", "</vcpu>", tag, sizeof tag);
    if (!strchr(tag, '>') || strtod(strchr(tag, '>') + 1, NULL) != json_number(about, "vcpus"))
        verify_fault(verify, "launches: %s: has not the run's %.0f vCPUs", target,
                     json_number(about, "vcpus"));
    if ((strstr(tag, "cpuset=") != NULL) != pinned)
        verify_fault(verify, "launches: %s: is %spinned, the run is not so", target,
                     pinned ? "not " : "");
    between(xml, " machine='", "'", text, sizeof text);
    if (*json_text(of, "differs"))
        type = json_text(of, "machine");
    if (!is_of_type(type, text))
        verify_fault(verify, "launches: %s: its machine is a %s, not a %s", target, text, type);
    if ((strstr(xml, "'-icount'") != NULL) != cJSON_IsTrue(json_field(about, "icount")))
        verify_fault(verify, "launches: %s: counts instructions, or not, unlike the run", target);
}

static const char *argument_after(const cJSON *argv, const char *name)
{
    const cJSON *argument;

    cJSON_ArrayForEach(argument, argv)
    {
        if (cJSON_IsString(argument) && strcmp(argument->valuestring, name) == 0)
            return argument->next && cJSON_IsString(argument->next) ? argument->next->valuestring
                                                                    : "";
    }
    return "";
}

/* What the launch says three times is the same. */
static void check_words(const char *target, const cJSON *launch, struct verify *verify)
{
    const char *xml = json_text(launch, "xml"), *cmdline = json_text(launch, "cmdline");
    const cJSON *argv = json_field(launch, "argv");
    size_t length = strlen(target), size = strlen(xml) + 1;
    char *text = malloc(size), name[128];

    between(xml, "<name>", "</name>", name, sizeof name);
    if (*xml && (strncmp(name, target, length) != 0 || (name[length] && name[length] != '.')))
        verify_fault(verify, "launches: %s: its domain is called %s", target, name);
    if (text) {
        between(xml, "<cmdline>", "</cmdline>", text, size);
        unescape(text);
        if (*xml && strcmp(text, cmdline) != 0)
            verify_fault(verify, "launches: %s: the command line is not the domain's", target);
    }
    free(text);
    if (cJSON_GetArraySize(argv) > 0 && strcmp(argument_after(argv, "-append"), cmdline) != 0)
        verify_fault(verify, "launches: %s: the command line is not QEMU's", target);
}

static const cJSON *find_payload(const cJSON *document, const cJSON *launch)
{
    const cJSON *payload;

    cJSON_ArrayForEach(payload, json_field(document, "payloads"))
    {
        if (strcmp(json_text(payload, "scenario"), json_text(launch, "scenario")) == 0 &&
            strcmp(json_text(payload, "payload"), json_text(launch, "payload")) == 0)
            return payload;
    }
    return NULL;
}

static bool is_vm(const cJSON *target)
{
    const char *driver = json_text(target, "driver");

    return strcmp(driver, "process") != 0 && strcmp(driver, "null") != 0;
}

/* Every target with a value was launched with what the run has. */
static void check_launched(const cJSON *document, const cJSON *target, struct verify *verify)
{
    const char *name = json_text(target, "name");
    const cJSON *launches = json_field(target, "launches"), *series, *launch;

    cJSON_ArrayForEach(series, json_field(document, "metrics"))
    {
        const char *scenario = json_text(series, "scenario");

        if (strcmp(json_text(series, "target"), name) == 0 &&
            json_number(json_field(series, "summary"), "n") > 0 &&
            !json_find(launches, "scenario", scenario))
            verify_fault(verify, "%s.%s of %s: has values, but was never launched", scenario,
                         json_text(series, "metric"), name);
    }
    cJSON_ArrayForEach(launch, launches)
    {
        if (!find_payload(document, launch))
            verify_fault(verify, "launches: %s: %s is no payload of %s", name,
                         json_text(launch, "payload"), json_text(launch, "scenario"));
        if (is_vm(target))
            check_words(name, launch, verify);
        if (*json_text(launch, "xml"))
            check_domain(json_field(document, "run"), target, json_text(launch, "xml"), verify);
    }
}

/* A path stands for the same bytes wherever it is named. */
static void check_file(const cJSON *one, const cJSON *other, struct verify *verify)
{
    const char *path = json_text(one, "path");

    if (!*path || strcmp(path, json_text(other, "path")) != 0 ||
        (strcmp(json_text(one, "sha256"), json_text(other, "sha256")) == 0 &&
         json_number(one, "bytes") == json_number(other, "bytes")))
        return;
    verify_fault(verify, "%s: is not the same bytes for all", path);
}

static void check_files(const cJSON *document, struct verify *verify)
{
    const cJSON *targets = json_field(document, "targets"), *one, *other, *file;
    bool alike = strcmp(json_text(json_field(document, "run"), "compare"), "aa") == 0;
    const cJSON *payloads = json_field(document, "payloads");

    cJSON_ArrayForEach(one, targets)
    {
        const cJSON *a = results_target(document, json_text(one, "twin_of"));
        const cJSON *kernel = json_field(one, "kernel");

        if (alike && a &&
            strcmp(json_text(json_field(a, "kernel"), "sha256"), json_text(kernel, "sha256")) != 0)
            verify_fault(verify, "targets: %s: is not what %s is", json_text(one, "name"),
                         json_text(a, "name"));
        cJSON_ArrayForEach(other, targets)
        {
            const cJSON *theirs = json_field(other, "initrd")->child;

            check_file(kernel, json_field(other, "kernel"), verify);
            check_file(json_field(one, "tender"), json_field(other, "tender"), verify);
            check_file(json_field(one, "loader"), json_field(other, "loader"), verify);
            if (!a || strcmp(json_text(other, "name"), json_text(a, "name")) != 0)
                continue;
            cJSON_ArrayForEach(file, json_field(one, "initrd"))
            {
                check_file(file, theirs, verify);
                theirs = theirs ? theirs->next : NULL;
            }
        }
    }
    cJSON_ArrayForEach(one, payloads)
    {
        cJSON_ArrayForEach(other, payloads) check_file(one, other, verify);
    }
}

/* One hash of the machine for all launches of VMs, and equal domains. */
static int check_machines(const cJSON *document, struct domain *domains, struct verify *verify)
{
    const cJSON *target, *launch;
    const char *hash = NULL;
    size_t count = 0;
    int status = 0;

    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        cJSON_ArrayForEach(launch, json_field(target, "launches"))
        {
            const char *theirs = json_text(launch, "machine_sha256");

            if (!is_vm(target) || status < 0)
                continue;
            if (*json_text(target, "differs")) {
                if (!*theirs)
                    verify_fault(verify, "launches: %s: nothing tells its machine",
                                 json_text(target, "name"));
                continue; /* it says that its machine is not that of the others */
            }
            hash = hash ? hash : theirs;
            if (!*theirs || strcmp(hash, theirs) != 0)
                verify_fault(verify, "launches: %s: its machine is not that of the others",
                             json_text(target, "name"));
            if (!*json_text(launch, "xml"))
                continue;
            status = read_domain(target, launch, &domains[count]);
            for (size_t i = 0; i < count && status == 0; i++)
                if (check_equal(&domains[i], &domains[count], verify))
                    break;
            count++;
        }
    }
    return status;
}

int verify_machines(const cJSON *document, struct verify *verify)
{
    const cJSON *target;
    struct domain *domains;
    size_t room = 1;
    int status;

    cJSON_ArrayForEach(target, json_field(document, "targets")) room +=
        (size_t)cJSON_GetArraySize(json_field(target, "launches"));
    domains = calloc(room, sizeof *domains);
    status = domains ? check_machines(document, domains, verify) : -ENOMEM;
    for (size_t i = 0; domains && i < room; i++) {
        free(domains[i].rest);
        free(domains[i].nic);
    }
    free(domains);
    if (status == 0)
        check_files(document, verify);
    cJSON_ArrayForEach(target, json_field(document, "targets"))
    {
        if (status == 0)
            check_launched(document, target, verify);
    }
    return status;
}
