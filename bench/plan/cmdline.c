/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates of command lines: the one function that expands them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/target.h"
#include "drivers/machine.h"

enum word {
    WORD_PAYLOAD,
    WORD_ARGS,
    WORD_NETWORK,
    WORD_DISKS,
    WORD_IP,
    WORD_PREFIX,
    WORD_NETMASK,
    WORD_GATEWAY,
    WORD_MAC,
    WORD_TAP,
    WORD_MEMORY,
    WORD_IMAGE,
    WORD_TSC_KHZ,
    WORD_REP_GOOD,
    WORDS
};

const char *const target_words[] = {
    [WORD_PAYLOAD] = "{payload}",
    [WORD_ARGS] = "{args}",
    [WORD_NETWORK] = "{network}",
    [WORD_DISKS] = "{disks}",
    [WORD_IP] = "{ip}",
    [WORD_PREFIX] = "{prefix}",
    [WORD_NETMASK] = "{netmask}",
    [WORD_GATEWAY] = "{gateway}",
    [WORD_MAC] = "{mac}",
    [WORD_TAP] = "{tap}",
    [WORD_MEMORY] = "{memory}",
    [WORD_IMAGE] = "{image}",
    [WORD_TSC_KHZ] = "{tsc_khz}",
    [WORD_REP_GOOD] = "{rep_good}",
    NULL,
};

/* The length of the word in braces at `text`, known or not; 0: there is none. */
static size_t word_length(const char *text)
{
    size_t length = 1;

    if (*text != '{')
        return 0;
    while (islower((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length > 1 && text[length] == '}' ? length + 1 : 0;
}

static int find_word(const char *text, size_t length)
{
    for (int i = 0; i < WORDS; i++)
        if (strlen(target_words[i]) == length && strncmp(text, target_words[i], length) == 0)
            return i;
    return -1;
}

int target_check_template(const char *template, struct error *error)
{
    while (*template) {
        size_t length = word_length(template);

        if (strncmp(template, "{{", 2) == 0)
            length = 2;
        else if (length > 0 && find_word(template, length) < 0)
            return fail(error, EINVAL,
                        "\"%.*s\": is no word that tare replaces; docs/adding-a-kernel.md lists "
                        "them, and {{ stands for a brace",
                        (int)length, template);
        template += length ? length : 1;
    }
    return 0;
}

static void expand(const char *template, const char *const values[WORDS], FILE *out)
{
    char before = ' ';

    while (*template) {
        size_t length = word_length(template);
        int word = length ? find_word(template, length) : -1;

        if (word >= 0) {
            fputs(values[word], out);
            template += length;
            template += !*values[word] && before == ' ' && *template == ' ';
            continue;
        }
        template += strncmp(template, "{{", 2) == 0;
        before = *template;
        fputc(*template ++, out);
    }
}

/* Linux's syntax: admin-guide/nfs/nfsroot */
static void say_network(const struct launch *launch, char *text, size_t size)
{
    char nic[64];

    *text = '\0';
    machine_nic(launch, nic, sizeof nic);
    if (launch->network)
        snprintf(text, size, "%s%sip=%s::" NETWORK_HOST ":" NETWORK_MASK "::eth0:off", nic,
                 *nic ? " " : "", launch->instance.address);
}

char *target_expand(const char *template, const char *program, const char *arguments,
                    const struct launch *launch)
{
    const struct machine *machine = launch->machine;
    const unsigned char *mac = launch->instance.mac;
    bool slow_rep = machine->accel == ACCEL_TCG && !machine->icount;
    char khz[16], network[128], disks[160], prefix[8], memory[16], hardware[18], *text = NULL;
    const char *const values[WORDS] = {
        [WORD_PAYLOAD] = program,
        [WORD_ARGS] = arguments,
        [WORD_NETWORK] = network,
        [WORD_DISKS] = disks,
        [WORD_IP] = launch->instance.address,
        [WORD_PREFIX] = prefix,
        [WORD_NETMASK] = NETWORK_MASK,
        [WORD_GATEWAY] = NETWORK_HOST,
        [WORD_MAC] = hardware,
        [WORD_TAP] = launch->instance.interface,
        [WORD_MEMORY] = memory,
        [WORD_IMAGE] = launch->kernel ? launch->kernel : "",
        [WORD_TSC_KHZ] = khz,
        [WORD_REP_GOOD] = slow_rep ? ",rep_good" : "",
    };
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    say_network(launch, network, sizeof network);
    machine_disks(launch, disks, sizeof disks);
    snprintf(khz, sizeof khz, "%u", machine->tsc_khz);
    snprintf(prefix, sizeof prefix, "%d", NETWORK_PREFIX);
    snprintf(memory, sizeof memory, "%u", machine_memory_kib(launch) / 1024);
    snprintf(hardware, sizeof hardware, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
             mac[3], mac[4], mac[5]);
    expand(template, values, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

char *target_cmdline(const struct target *target, const char *program, const char *arguments,
                     const struct launch *launch)
{
    bool with_tcg = launch->machine->accel == ACCEL_TCG && *target->cmdline_tcg;
    char *all, *text = NULL;

    if (asprintf(&all, "%s%s%s", with_tcg ? target->cmdline_tcg : "", with_tcg ? " " : "",
                 target->cmdline) < 0)
        return NULL;
    text = target_expand(all, program, arguments, launch);
    free(all);
    return text;
}
