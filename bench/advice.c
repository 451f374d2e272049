/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/advice.h"

struct advices {
    struct advice *list;
    unsigned count;
};

__attribute__((format(printf, 2, 3))) static void say(struct advices *all, const char *format, ...)
{
    va_list arguments;

    if (all->count == ADVICE_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(all->list[all->count].text, sizeof all->list->text, format, arguments);
    va_end(arguments);
    all->count++;
}

static bool holds(const char *text, const char *expression)
{
    regex_t regex;
    bool found;

    if (regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
        return false;
    found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

/* It ended as target.json does not say. */
static void advise_end(const struct tried *tried, struct advices *all)
{
    const char *at = strstr(tried->failure, "with status ");
    unsigned status = 0;

    if (at && sscanf(at, "with status %u", &status) == 1) {
        if (status == 0)
            say(all,
                "it ended with status 0: \"end\": \"power-off\", with a \"success\" that tells "
                "it from a failure");
        else if (status % 2 == 1)
            say(all, "it ended with status %u: \"end\": \"debug-exit\", \"end_status\": %u", status,
                status);
        else
            say(all,
                "it ended with status %u, as no VM does that ends by itself: QEMU failed, or "
                "it is a process: \"end\": \"exit\", \"end_status\": %u",
                status, status);
    }
    if (strstr(tried->failure, "no end of guest"))
        say(all, "it did its work and is still there: \"end\": \"halt\" with \"success\", or "
                 "\"never\" if it serves");
    if (strstr(tried->failure, "line of success") || strstr(tried->failure, "\"success\""))
        say(all, "it did not say what \"success\" waits for: compare it with the console");
}

static void advise_network(const struct target *target, const struct tried *tried, bool ready,
                           struct advices *all)
{
    if (!tried->watched || !tried->alive || tried->answers > 0)
        return;
    if (*tried->speaks)
        say(all,
            "it speaks as %s: its address is in the image: \"address\": \"%s\", if that is in "
            "10.0.0.0/16, or build it for another",
            tried->speaks, tried->speaks);
    else if (tried->frames == 0)
        say(all,
            "not one frame came from it: it has no driver for this NIC; another of \"nics\": "
            "virtio-transitional, vmxnet3, e1000, rtl8139%s; or it has no address: it must be "
            "built to %s",
            target->machine_count ? "" : ", and of \"machines\": pc, q35",
            *target->address ? "have its own" : "take that from \"cmdline\"");
    else if (!target->no_event_idx)
        say(all, "it %s: deaf, as drivers are that ignore event indexes: \"event_idx\": false",
            ready && ready_by_network(&target->rules.ready) ? "answered at first and no longer"
                                                            : "sends and does not answer");
}

static void advise_start(const struct target *target, const struct tried *tried,
                         struct advices *all)
{
    if (holds(tried->console, "(out of|not enough|no|low|insufficient) (free )?memory|oom|"
                              "alloc[a-z]* (has )?fail|cannot allocate"))
        say(all, "it says that memory is short: more of it, and \"memory_min_mib\"");
    if (!strstr(tried->failure, "before payload ready") &&
        !strstr(tried->failure, "no payload ready"))
        return;
    if (!*tried->console && tried->frames == 0)
        say(all, "it said nothing: another \"boot\" or another of \"machines\", more memory, or a "
                 "console that is not COM1");
    else if (target->rules.ready.kind == READY_CONSOLE)
        say(all, "no line was what \"ready\" waits for: compare it with the console");
}

unsigned advise(const struct target *target, const struct tried *tried,
                struct advice list[ADVICE_MAX])
{
    struct advices all = {list, 0};
    bool ready = !*tried->failure;

    advise_start(target, tried, &all);
    advise_end(tried, &all);
    advise_network(target, tried, ready, &all);
    if (strncmp(tried->failure, "the console said", 16) == 0)
        say(&all, "\"failure\" matched: if that line is none, change the pattern");
    return all.count;
}
