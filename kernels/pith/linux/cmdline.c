/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linux/cmdline.h"
#include "lib/errno.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word of *rest, or NULL: Linux's next_arg(). A quote hides spaces; quotes around a whole
 * word or a whole value are taken off. */
static char *next_word(char **rest)
{
    char *word = *rest, *end, *equals = NULL;
    bool quoted = false, in_quotes = false;

    while (is_space(*word))
        word++;
    if (!*word)
        return NULL;
    if (*word == '"') {
        word++;
        quoted = in_quotes = true;
    }
    for (end = word; *end && (in_quotes || !is_space(*end)); end++) {
        if (*end == '=' && !equals)
            equals = end;
        if (*end == '"')
            in_quotes = !in_quotes;
    }
    *rest = *end ? end + 1 : end;
    *end = '\0';
    if (equals && equals[1] == '"') {
        memmove(equals + 1, equals + 2, (size_t)(end - equals - 1));
        end--;
        quoted = true;
    }
    if (quoted && end > word && end[-1] == '"')
        end[-1] = '\0';
    return word;
}

static bool starts(const char *word, const char *with)
{
    while (*with && *word == *with)
        word++, with++;
    return !*with;
}

static bool has_dot_before_equals(const char *word)
{
    for (; *word && *word != '='; word++)
        if (*word == '.')
            return true;
    return false;
}

static long add(const char **list, unsigned *count, const char *word)
{
    if (*count == CMDLINE_WORDS)
        return -E2BIG;
    list[(*count)++] = word;
    return 0;
}

/* A word before "--" that is not pith's: "console" means something to kernels only, module.option
 * to their modules. */
static long pass_on(struct cmdline *out, const char *word)
{
    if (starts(word, "console=") || has_dot_before_equals(word))
        return 0;
    if (strchr(word, '='))
        return add(out->environment, &out->environment_count, word);
    return add(out->arguments, &out->argument_count, word);
}

/* "name=" and where its value goes. */
struct option {
    const char *name;
    const char **value;
};

static bool is_option(const char *word, const struct option *options, size_t count)
{
    for (const struct option *option = options; option < options + count; option++)
        if (starts(word, option->name)) {
            *option->value = word + strlen(option->name);
            return true;
        }
    return false;
}

long cmdline_parse(char *text, struct cmdline *out)
{
    const char *init = "/init", *rdinit = NULL;
    const struct option options[] = {{"rdinit=", &rdinit},
                                     {"init=", &init},
                                     {"ip=", &out->ip},
                                     {"tsc_early_khz=", &out->tsc_khz}};
    bool ours = true;
    long status = 0;
    char *word;

    *out = (struct cmdline){.argument_count = 1, .environment_count = 2};
    out->environment[0] = "HOME=/";
    out->environment[1] = "TERM=linux";
    while (status == 0 && (word = next_word(&text))) {
        if (!ours)
            status = add(out->arguments, &out->argument_count, word);
        else if (strcmp(word, "--") == 0)
            ours = false;
        else if (is_option(word, options, sizeof options / sizeof *options))
            continue;
        else if (starts(word, "virtio_mmio.device="))
            status = add(out->devices, &out->device_count, word + 19);
        else if (strcmp(word, "quiet") == 0)
            out->quiet = true;
        else
            status = pass_on(out, word);
    }
    out->program = rdinit ? rdinit : init;
    out->arguments[0] = out->program;
    return status;
}
